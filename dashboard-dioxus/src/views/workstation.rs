use crate::model::EntityKind;
use crate::route::Address;
use crate::views::entity_page::EntityPage;
use dioxus::prelude::*;

/// One workstation.
#[component]
pub(crate) fn Workstation(at: ReadSignal<Address>) -> Element {
    rsx! {
        EntityPage { kind: EntityKind::Workstation, at }
    }
}
