use crate::components::changing::Changing;
use crate::components::metric_cell::raw;
use crate::components::page_context::use_page_context;
use crate::components::state_mark::{StateMark, StateShape};
use crate::lean::instant::Instant;
use crate::lean::memo::use_memo;
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::model::{EVENT_TYPES, EntityMetrics, Presence, Slug};
use crate::words::quantity::Quantity;
use crate::words::{board as words, entity, figure};
use dioxus::prelude::*;

/// One worker or workstation. Drawn again only when its numbers or its state change.
#[component]
pub(crate) fn Tile(row: Shared<EntityMetrics>, clock: ReadSignal<f64>, zone: Zone) -> Element {
    let context = use_page_context();
    let (shown, told_zone) = (row.clone(), zone);
    let now = use_memo(use_reactive!(|(shown, told_zone)| {
        told(&shown, &told_zone, clock(), context.unseen_after_ms())
    }));
    let (presence, since) = now();
    let id = row.name.is_some().then(|| row.id.clone());
    rsx! {
        li { class: "board-tile", "data-testid": "board-{row.kind.slug()}-{row.id}", "data-state": presence.slug(),
            p { class: "board-tile-name",
                span { class: "board-tile-title", {row.title().to_owned()} }
                if let Some(id) = id {
                    span { class: "board-tile-id", {id} }
                }
            }
            div {
                p { class: "board-tile-state",
                    StateMark { kind: row.kind, presence }
                }
                p { class: "board-tile-since", {since} }
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

/// What it is doing, and since when.
fn told(row: &EntityMetrics, zone: &Zone, now_ms: f64, unseen_after_ms: f64) -> (Presence, String) {
    let presence = Presence::of(row.current.as_ref(), now_ms, unseen_after_ms);
    let time = |instant: Instant| zone.time_near(instant, Instant::from_ms(now_ms));
    let since = match (presence, &row.current, row.last_seen_at) {
        (Presence::Seen(_), Some(activity), _) => words::since(&time(activity.since)),
        (_, _, Some(seen)) => words::last_seen(&time(seen)),
        _ => entity::NEVER_SEEN.to_owned(),
    };
    (presence, since)
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
    use crate::model::Activity;
    use domain::event::{EntityType, EventType};

    #[test]
    fn a_tile_says_since_when_or_when_it_was_last_seen() {
        let at = |minute: i64| Instant(minute * 60_000);
        let mut row = EntityMetrics {
            current: Some(Activity { state: EventType::Idle, since: at(5), until: at(30), confidence: None }),
            last_seen_at: Some(at(30)),
            ..EntityMetrics::unseen(EntityType::Worker, "W1")
        };
        let zone = Zone::fixed("UTC", 0);
        let told = |row: &EntityMetrics, minute: i64| told(row, &zone, at(minute).ms(), 600_000.0);
        assert_eq!(told(&row, 31), (Presence::Seen(EventType::Idle), "since 00:05".to_owned()));
        assert_eq!(told(&row, 40), (Presence::NotObserved, "last seen 00:30".to_owned()));
        (row.current, row.last_seen_at) = (None, None);
        assert_eq!(told(&row, 40), (Presence::NotObserved, "never".to_owned()));
    }
}
