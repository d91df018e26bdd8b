//! Who may do what in a factory: people with their roles, and the tokens of devices and programs; and the logs of what was done, and
//! of who looked at whom.

mod action;
mod confirm;
mod fresh;
mod grant_form;
mod issued;
mod people;
mod person;
#[cfg(test)]
mod tests;
mod token;
mod token_form;
mod tokens;

use crate::components::guarded::Guarded;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::pages::access_log::AccessLog;
use crate::pages::audit_log::AuditLog;
use crate::route::{ACCESS_LOG, AUDIT_LOG, AccessAddress};
use crate::words::access as words;
use dioxus::prelude::*;
use people::People;
use tokens::Tokens;

/// The page that the address names.
#[component]
pub(crate) fn Access(address: ReadSignal<AccessAddress>) -> Element {
    match &*address.read().page {
        AUDIT_LOG => rsx! { AuditLog { address } },
        ACCESS_LOG => rsx! { AccessLog { address } },
        _ => rsx! { PeopleAndDevices { address } },
    }
}

/// The page of people and devices, for those who look after the factory.
#[component]
fn PeopleAndDevices(address: ReadSignal<AccessAddress>) -> Element {
    let context = use_page_context();
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {words::NOTE} }
        }
        Guarded {
            permits: move |me: crate::api::operation::Caller| {
                context.factory_window().is_some_and(|choice| me.is_admin(&choice.factory_id))
            },
            needed: words::FOR_ADMIN,
            // Another factory has others, and what was shown once of this one is gone.
            for factory in [address.read().selection.factory.clone()] {
                OfFactory { key: "{factory}" }
            }
        }
    }
}

#[component]
fn OfFactory() -> Element {
    rsx! {
        People {}
        Tokens {}
    }
}
