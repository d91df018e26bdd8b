mod export;
mod filter;
mod filter_bar;
mod list;
mod log;
mod names;
mod row;
mod stand;
#[cfg(test)]
mod tests;

use crate::api::operation::{FactoryEntities, factory_entities};
use crate::api::use_query;
use crate::components::window_picker;
use crate::here::use_here;
use crate::memo::use_memo;
use crate::route::Address;
use crate::views::page_title::PageTitle;
use crate::words::events as words;
use dioxus::prelude::*;
use filter_bar::FilterBar;
use list::EventList;
use names::Names;
use std::rc::Rc;

/// The stored events that the address names: those that are being stored, and page by page those before.
#[component]
pub(crate) fn Events(at: ReadSignal<Address>) -> Element {
    let here = use_here();
    let entities = use_query::<FactoryEntities>(move || {
        let factory_id = here.choice()?.factory_id;
        Some(factory_entities::Variables { factory_id })
    });
    let names = use_memo(move || Rc::new(entities.with(|list| Names::of(list)).unwrap_or_default()));
    let window = window_picker::label(at.read().window, &here.zone());
    let note =
        if filter::has_own_times(&at.read()) { words::OWN_TIMES.to_owned() } else { words::began(&window) };
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {note} }
        }
        FilterBar { at, names }
        // Another question is another list, with nothing left of the one before.
        for address in [at.read().to_string()] {
            EventList { key: "{address}", at, names, onunknown: move |()| entities.refresh() }
        }
    }
}
