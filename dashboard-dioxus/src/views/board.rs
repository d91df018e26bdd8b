mod layout;
mod line;
mod outside;
mod pages;
mod room;
mod rotation;
mod setup;
mod tile;
mod wake_lock;

#[cfg(test)]
mod tests;

use crate::route::Address;
use dioxus::prelude::*;
use rotation::Rotation;
use setup::AreaSetup;

/// What an address calls the setting up of areas.
const AREAS: &str = "areas";

/// The factory for a television: nothing but what is to be read from across a hall, area after area.
#[component]
pub(crate) fn Board(at: ReadSignal<Address>) -> Element {
    if at.read().edit.is_empty() {
        rsx! { Rotation { at } }
    } else {
        rsx! { AreaSetup { at } }
    }
}
