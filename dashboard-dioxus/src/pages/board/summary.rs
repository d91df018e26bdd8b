use super::pages::Area;
use super::tile::Counts;
use crate::words::board as words;
use dioxus::prelude::*;

/// All areas at a glance: how many are doing what in each.
#[component]
pub(super) fn Summary(areas: Vec<Area>, clock: ReadSignal<f64>) -> Element {
    rsx! {
        ul { class: "board-summary", "data-testid": "board-summary",
            for area in areas {
                li { key: "{area.name:?}", class: "board-summary-area",
                    p { class: "board-tile-title", {words::area(area.name.as_deref())} }
                    Counts { entities: area.entities, clock }
                }
            }
        }
    }
}
