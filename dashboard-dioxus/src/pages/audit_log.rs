//! What was done in a factory, or to the server itself, and by whom.

mod export;
mod filter_bar;
mod list;
#[cfg(test)]
mod tests;

use crate::api::operation::{AuditFilter, Caller, audit_log};
use crate::components::guarded::Guarded;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::route::{AccessAddress, OF_SERVER};
use crate::words::audit_log as words;
use dioxus::prelude::*;
use filter_bar::FilterBar;
use list::AuditList;

/// The entries that the address names, the latest first.
#[component]
pub(crate) fn AuditLog(address: ReadSignal<AccessAddress>) -> Element {
    let context = use_page_context();
    let permits = move |me: Caller| {
        me.is_operator || context.factory_window().is_some_and(|choice| me.is_admin(&choice.factory_id))
    };
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {words::NOTE} }
        }
        Guarded { permits, needed: words::FOR_ADMIN,
            FilterBar { address }
            AuditList { address }
        }
    }
}

/// What is asked, none as long as it is not known of which factory.
fn variables(
    factory_id: Option<String>,
    address: &AccessAddress,
    first: i64,
    after: Option<String>,
) -> Option<audit_log::Variables> {
    let factory_id = if address.about == OF_SERVER { None } else { Some(factory_id?) };
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let filter = AuditFilter {
        actions: text(&address.action).map(|action| vec![action]),
        principal: text(&address.by),
        from: None,
        to: None,
    };
    Some(audit_log::Variables { factory_id, filter: Some(filter), first, after })
}
