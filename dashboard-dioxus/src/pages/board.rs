mod data;
mod layout;
mod pages;
mod rotation;
mod summary;
mod tile;
mod top_line;
mod turning;
mod viewport;
mod wake_lock;

#[cfg(test)]
mod tests;

use crate::components::page_context::use_page_context;
use crate::components::unknown_factory::UnknownFactory;
use crate::route::BoardAddress;
use dioxus::prelude::*;
use rotation::Rotation;

/// The factory for a television: nothing but what is to be read from across a hall, area after area.
#[component]
pub(crate) fn Board(address: ReadSignal<BoardAddress>) -> Element {
    if let Some(id) = use_page_context().unknown_factory() {
        return rsx! {
            main { class: "board-unknown", UnknownFactory { id } }
        };
    }
    rsx! {
        Rotation { address }
    }
}
