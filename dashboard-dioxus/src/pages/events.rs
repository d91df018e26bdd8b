mod drawn;
pub(crate) mod export;
mod filter;
mod filter_bar;
mod list;
mod list_state;
mod log;
mod names;
mod row;
#[cfg(test)]
mod tests;
mod tools;

use crate::api::operation::{FactoryEntities, factory_entities};
use crate::api::use_query;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::window_picker;
use crate::lean::memo::use_memo;
use crate::route::EventsAddress;
use crate::words::events as words;
use dioxus::prelude::*;
use filter_bar::FilterBar;
use list::EventList;
use names::Names;
use std::rc::Rc;

/// The stored events that the address names: those that are being stored, and page by page those before.
#[component]
pub(crate) fn Events(address: ReadSignal<EventsAddress>) -> Element {
    let context = use_page_context();
    let entities = use_query::<FactoryEntities>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(factory_entities::Variables { factory_id })
    });
    let names = use_memo(move || Rc::new(entities.with(|list| Names::of(list)).unwrap_or_default()));
    let window = window_picker::label(address.read().selection.window, &context.zone());
    let note = if filter::has_own_times(&address.read()) {
        words::OWN_TIMES.to_owned()
    } else {
        words::began(&window)
    };
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {note} }
        }
        FilterBar { address, names }
        // Another question is another list, with nothing left of the one before. Its pages are the same list.
        for question in [address.read().first_page().to_string()] {
            EventList { key: "{question}", address, names, onunknown: move |()| entities.refresh() }
        }
    }
}
