mod browser_event;
mod data;
mod layout;
mod pages;
mod rotation;
mod setup;
mod tile;
mod top_line;
mod viewport;
mod wake_lock;

#[cfg(test)]
mod tests;

use crate::route::BoardAddress;
use dioxus::prelude::*;
use rotation::Rotation;
use setup::AreaSetup;

/// The factory for a television: nothing but what is to be read from across a hall, area after area.
#[component]
pub(crate) fn Board(address: ReadSignal<BoardAddress>) -> Element {
    if address.read().edit.is_empty() {
        rsx! { Rotation { address } }
    } else {
        rsx! { AreaSetup { address } }
    }
}
