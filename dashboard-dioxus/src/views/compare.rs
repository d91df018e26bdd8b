use crate::api::operation::Entities;
use crate::api::use_subscription;
use crate::components::entity_table::EntityTable;
use crate::components::notice::Empty;
use crate::components::window_picker;
use crate::here::use_here;
use crate::route::Address;
use crate::views::page_title::PageTitle;
use crate::words::compare as words;
use dioxus::prelude::*;

/// The workers or workstations of the address, side by side.
#[component]
pub(crate) fn Compare(at: ReadSignal<Address>) -> Element {
    let here = use_here();
    let entities = use_subscription::<Entities>(move || {
        let at = at.read();
        if at.ids.is_empty() {
            return None;
        }
        Some(here.choice()?.entities_with_ids(at.kind.unwrap_or_default(), at.ids.clone()))
    });
    let window = window_picker::label(at.read().window, &here.zone());
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {window} }
        }
        if at.read().ids.is_empty() {
            Empty { text: words::NOBODY }
        } else {
            EntityTable { kind: at.read().kind.unwrap_or_default(), answer: entities, at: here.place() }
        }
    }
}
