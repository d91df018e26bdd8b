use crate::model::Presence;
use crate::words;
use dioxus::prelude::*;
use domain::event::{EntityType, EventType};

/// What somebody or something is doing: a mark that is told apart by shape as well as by colour, and the word for it.
#[component]
pub(crate) fn StateMark(kind: EntityType, presence: Presence) -> Element {
    rsx! {
        span { class: "state-mark", "data-state": presence.slug(),
            StateShape { presence }
            span { class: "state-mark-word", {words::entity::presence(kind, presence)} }
        }
    }
}

/// The mark alone, for where the word stands elsewhere; screen readers pass over it.
#[component]
pub(crate) fn StateShape(presence: Presence) -> Element {
    rsx! {
        svg { class: "state-shape", "data-state": presence.slug(), view_box: "0 0 12 12", "aria-hidden": "true",
            match presence {
                Presence::Seen(EventType::Working) => rsx! { circle { cx: "6", cy: "6", r: "5" } },
                Presence::Seen(EventType::Idle) => rsx! { path { d: "M6 1 L11.5 11 H0.5 Z" } },
                Presence::Seen(EventType::Absent) => rsx! {
                    circle { cx: "6", cy: "6", r: "4.25", fill: "none", stroke: "currentColor", stroke_width: "1.75" }
                },
                Presence::NotObserved => rsx! {
                    path {
                        d: "M1 1 H11 V11 H1 Z M1 6 L6 1 M1 11 L11 1 M6 11 L11 6",
                        fill: "none",
                        stroke: "currentColor",
                        stroke_width: "1.1",
                    }
                },
            }
        }
    }
}
