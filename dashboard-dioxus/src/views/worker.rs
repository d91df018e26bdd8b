use crate::model::EntityKind;
use crate::route::Address;
use crate::views::entity_page::EntityPage;
use dioxus::prelude::*;

/// One worker.
#[component]
pub(crate) fn Worker(at: ReadSignal<Address>) -> Element {
    rsx! {
        EntityPage { kind: EntityKind::Worker, at }
    }
}
