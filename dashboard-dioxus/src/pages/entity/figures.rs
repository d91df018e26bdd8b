use crate::components::figure::Figure;
use crate::components::page_context::use_page_context;
use crate::components::state_mark::StateMark;
use crate::lean::instant::Instant;
use crate::lean::shared::Shared;
use crate::live::clock::use_clock;
use crate::model::{EntityMetrics, Presence};
use crate::words::quantity::Quantity;
use crate::words::{entity, entity_page as words, figure, time};
use dioxus::prelude::*;
use domain::event::EntityType;

/// How often it is looked whether something seen has become old, in ms.
const CLOCK_STEP_MS: u32 = 10_000;

/// What it is doing now, and since when.
#[component]
pub(super) fn Now(kind: EntityType, row: Shared<EntityMetrics>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let zone = context.zone();
    let now = clock();
    let presence = Presence::of(row.current.as_ref(), now, context.unseen_after_ms());
    let near = |instant| zone.time_near(instant, Instant::from_ms(now));
    let detail = match (&row.current, presence) {
        (Some(current), Presence::Seen(_)) if current.until.is_none() => {
            words::since_open(&near(current.since))
        }
        (Some(current), Presence::Seen(_)) => words::since(&near(current.since)),
        _ => words::last_seen(&row.last_seen_at.map_or_else(|| entity::NEVER_SEEN.to_owned(), near)),
    };
    rsx! {
        p { class: "entity-page-now", "data-testid": "entity-now",
            StateMark { kind, presence }
            if let Some(minutes) = presence.elapsed_minutes(row.current.as_ref(), now) {
                span { {time::elapsed(minutes)} }
            }
            span { class: "page-note", {detail} }
        }
    }
}

/// Its figures in the window, each with how it comes about.
#[component]
pub(super) fn Figures(row: Shared<EntityMetrics>, window: String) -> Element {
    let how = |explanation: &str| figure::how(explanation, &window);
    let (productive, how_time, rate, how_rate) = match row.kind {
        EntityType::Worker => {
            (figure::WORKING, figure::HOW_WORKING, figure::UNITS_PER_HOUR, figure::HOW_UNITS_PER_HOUR)
        }
        EntityType::Workstation => {
            (figure::IN_USE, figure::HOW_IN_USE, figure::UNITS_PER_HOUR, figure::HOW_THROUGHPUT_PER_HOUR)
        }
    };
    rsx! {
        dl { class: "entity-page-figures",
            Figure { testid: "utilization", label: figure::UTILIZATION, how: how(figure::HOW_UTILIZATION), quantity: Quantity::Percent, value: row.utilization }
            Figure { testid: "productive-minutes", label: productive, how: how(how_time), quantity: Quantity::Duration, value: row.productive_minutes }
            Figure { testid: "idle-minutes", label: figure::IDLE, how: how(figure::HOW_IDLE), quantity: Quantity::Duration, value: row.idle_minutes }
            Figure { testid: "absent-minutes", label: figure::ABSENT, how: how(figure::HOW_ABSENT), quantity: Quantity::Duration, value: row.absent_minutes }
            Figure { testid: "units-produced", label: figure::UNITS, how: how(figure::HOW_UNITS), quantity: Quantity::Count, value: row.units as f64 }
            Figure { testid: "units-per-hour", label: rate, how: how(how_rate), quantity: Quantity::PerHour, value: row.units_per_hour }
        }
    }
}
