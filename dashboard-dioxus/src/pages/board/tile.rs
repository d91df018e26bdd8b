use crate::components::changing::Changing;
use crate::components::metric_cell::raw;
use crate::components::page_context::use_page_context;
use crate::components::state_mark::{StateMark, StateShape};
use crate::lean::memo::use_memo;
use crate::lean::shared::Shared;
use crate::model::{EVENT_TYPES, EntityMetrics, Presence, Slug};
use crate::words::quantity::Quantity;
use crate::words::{board as words, entity, figure, time};
use dioxus::prelude::*;

/// One worker or workstation. Drawn again only when its numbers or its state change.
#[component]
pub(crate) fn Tile(
    row: Shared<EntityMetrics>,
    clock: ReadSignal<f64>,
    /// Whether it is called by its name; by its id alone otherwise.
    has_name: bool,
) -> Element {
    let context = use_page_context();
    let shown = row.clone();
    let now = use_memo(use_reactive!(|shown| told(&shown, clock(), context.unseen_after_ms())));
    let (presence, elapsed) = now();
    let title = if has_name { row.title().to_owned() } else { row.id.clone() };
    let id = (has_name && row.name.is_some()).then(|| row.id.clone());
    rsx! {
        li { class: "board-tile", "data-testid": "board-{row.kind.slug()}-{row.id}", "data-state": presence.slug(),
            p { class: "board-tile-name",
                span { class: "board-tile-title", {title} }
                if let Some(id) = id {
                    span { class: "board-tile-id", {id} }
                }
            }
            div {
                p { class: "board-tile-state",
                    StateMark { kind: row.kind, presence }
                }
                p { class: "board-tile-elapsed", {elapsed} }
            }
            dl { class: "board-tile-numbers",
                Number { field: "utilization", label: figure::UTILIZATION, quantity: Quantity::Percent, value: row.utilization }
                Number { field: "units", label: figure::UNITS, quantity: Quantity::Count, value: row.units as f64 }
            }
        }
    }
}

#[component]
fn Number(field: &'static str, label: &'static str, quantity: Quantity, value: Option<f64>) -> Element {
    rsx! {
        div { class: "board-tile-number",
            dt { {label} }
            dd { "data-field": field, "data-value": raw(value),
                Changing { text: quantity.text(value) }
            }
        }
    }
}

/// What it is doing, and for how long.
fn told(row: &EntityMetrics, now_ms: f64, unseen_after_ms: f64) -> (Presence, String) {
    let presence = Presence::of(row.current.as_ref(), now_ms, unseen_after_ms);
    let elapsed = presence.elapsed_minutes(row.current.as_ref(), now_ms);
    (presence, elapsed.map_or_else(|| entity::NEVER_SEEN.to_owned(), time::elapsed))
}

/// How many of an area's workers and workstations are seen doing what.
#[component]
pub(crate) fn Counts(entities: Vec<Shared<EntityMetrics>>, clock: ReadSignal<f64>) -> Element {
    let (now_ms, unseen_after_ms) = (clock(), use_page_context().unseen_after_ms());
    let presences = EVENT_TYPES.map(Presence::Seen).into_iter().chain([Presence::NotObserved]);
    let of = |presence: Presence| {
        let is_it = |row: &&Shared<EntityMetrics>| {
            Presence::of(row.current.as_ref(), now_ms, unseen_after_ms) == presence
        };
        entities.iter().filter(is_it).count()
    };
    rsx! {
        ul { class: "board-counts",
            for (presence, count) in presences.map(|presence| (presence, of(presence))) {
                li { key: "{presence.slug()}", "data-testid": "board-count-{presence.slug()}", "data-value": "{count}",
                    StateShape { presence }
                    span { class: "board-counts-number", "{count}" }
                    span { {words::doing(presence)} }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::Activity;
    use domain::event::{EntityType, EventType};

    #[test]
    fn a_tile_says_for_how_long_its_state_has_held() {
        let at = |minute: i64| Instant(minute * 60_000);
        let mut row = EntityMetrics {
            current: Some(Activity {
                state: EventType::Idle,
                since: at(5),
                until: Some(at(30)),
                confidence: None,
            }),
            last_seen_at: Some(at(30)),
            ..EntityMetrics::unseen(EntityType::Worker, "W1")
        };
        let told = |row: &EntityMetrics, minute: i64| told(row, at(minute).ms(), 600_000.0);
        assert_eq!(told(&row, 31), (Presence::Seen(EventType::Idle), "26\u{a0}min".to_owned()));
        assert_eq!(told(&row, 90), (Presence::NotObserved, "1:00\u{a0}h".to_owned()));
        (row.current, row.last_seen_at) = (None, None);
        assert_eq!(told(&row, 40), (Presence::NotObserved, "never".to_owned()));
    }
}
