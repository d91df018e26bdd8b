//! Who and what is on the floor: one table of ids, names and areas, changed in place, several at a time, or by a paste from a
//! spreadsheet.

mod area_form;
mod paste;
mod pasted;
mod plan;
mod preview;
mod roster;
mod stage;
mod table;
#[cfg(test)]
mod tests;

use crate::api::Panel;
use crate::components::notice::Refused;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::route::DevicesAddress;
use crate::words::people as words;
use area_form::AreaForm;
use dioxus::prelude::*;
use paste::Paste;
use roster::use_roster;
use table::{PeopleTable, Tools};

/// The page of people and stations.
#[component]
pub(crate) fn People(address: ReadSignal<DevicesAddress>) -> Element {
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {words::NOTE} }
        }
        // Another factory has others, of whom none is selected yet.
        for factory in [address.read().selection.factory.clone()] {
            OfFactory { key: "{factory}", wanted: address.read().id.clone() }
        }
    }
}

#[component]
fn OfFactory(wanted: String) -> Element {
    let roster = use_roster();
    let wanted = use_signal(|| wanted);
    let entities = roster.entities;
    let mut is_drawn = use_signal(|| false);
    let is_empty = entities.with(Vec::is_empty) == Some(true);
    rsx! {
        PanelFrame { title: words::LIST, outdated: entities.outdated(), tools: rsx! { Tools { roster } },
            match &*entities.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 12 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| entities.retry() } },
                Panel::Showing(_) if roster.listed.read().is_empty() => rsx! {
                    p { class: "notice notice-empty", "data-testid": "people-none", {words::NONE} }
                },
                Panel::Showing(_) => rsx! {
                    AreaForm { roster, wanted }
                    PeopleTable { roster, wanted, ondrawn: move |()| is_drawn.set(true) }
                },
            }
        }
        // Below a list that is still being drawn it would be moved.
        if is_drawn() || is_empty {
            Paste { roster }
        }
    }
}
