use crate::api::Panel;
use crate::api::operation::Caller;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::skeleton::Skeleton;
use dioxus::prelude::*;

/// A page for those alone whom something permits it: what the others see in its place says who may see it. The server decides;
/// this only says so before anything is asked.
#[component]
pub(crate) fn Guarded(permits: Callback<Caller, bool>, needed: &'static str, children: Element) -> Element {
    let listed = use_page_context().listed;
    match &*listed.read() {
        Panel::Waiting => rsx! { Skeleton { lines: 6 } },
        Panel::Refused(reason) => {
            rsx! { Refused { reason: reason.clone(), onretry: move |()| listed.retry() } }
        }
        Panel::Showing(listed) if permits.call(listed.me.clone()) => children,
        Panel::Showing(_) => rsx! {
            div { "data-testid": "not-permitted", Empty { text: needed } }
        },
    }
}
