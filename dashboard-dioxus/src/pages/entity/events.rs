use super::subject::use_subject;
use crate::api::operation::{EventFilter, Events, events};
use crate::api::{Panel, use_query_at};
use crate::components::metric_cell::{MetricCell, raw};
use crate::components::metric_table::{Column, MetricTable, TEXT};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateMark;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::{Presence, SeenEvent};
use crate::route::{Address, EventsAddress};
use crate::words::quantity::Quantity;
use crate::words::{entity_page as words, events as event, time};
use dioxus::prelude::*;

/// How many events are listed: what is read at a glance; the page of events has all of them.
const LISTED: i64 = 12;
const COLUMNS: &[Column] = &[
    Column::text(event::TIME),
    Column::text(event::STATE),
    Column::number(event::MINUTES, event::HOW_MINUTES),
    Column::number(event::UNITS, event::HOW_UNITS),
    Column::number(event::CONFIDENCE, event::HOW_CONFIDENCE),
    Column::text(event::SOURCE),
];

/// Its latest events, and the way to all of them.
#[component]
pub(super) fn LatestEvents() -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let answer = use_query_at::<Events>(
        move || (subject.moved)(),
        move || {
            let filter = EventFilter {
                entity_type: Some(subject.kind),
                entity_id: Some(subject.address.read().id.clone()),
                event_type: None,
                source_id: None,
                from: None,
                to: None,
                max_confidence: None,
                model_version: None,
            };
            let factory_id = context.factory_window()?.factory_id;
            Some(events::Variables { factory_id, filter: Some(filter), first: LISTED, after: None })
        },
    );
    let zone = context.zone();
    let all = Address::Events(EventsAddress {
        selection: context.selection(),
        kind: Some(subject.kind),
        id: subject.address.read().id.clone(),
        ..EventsAddress::default()
    });
    let tools = rsx! {
        Link { to: all, {words::ALL_EVENTS} }
    };
    rsx! {
        PanelFrame { title: words::EVENTS, outdated: answer.outdated(), tools,
            match &*answer.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                Panel::Showing(page) if page.events.is_empty() => rsx! { Empty { text: words::NO_EVENTS } },
                Panel::Showing(page) => rsx! {
                    div { class: "entity-page-events",
                        MetricTable { label: words::EVENTS, columns: COLUMNS,
                            for event in page.events.iter() {
                                EventRow { key: "{event.key()}", event: event.clone(), zone: zone.clone() }
                            }
                        }
                    }
                },
            }
        }
    }
}

#[component]
fn EventRow(event: SeenEvent, zone: Zone) -> Element {
    rsx! {
        tr { class: "entity-page-event", "data-testid": "entity-event",
            th { scope: "row", class: "entity-page-when", {time_of(&zone, event.timestamp)} }
            td { class: TEXT,
                StateMark { kind: event.kind, presence: Presence::Seen(event.state) }
            }
            td { "data-field": "minutes", "data-value": raw(event.duration_minutes),
                {event::length(event.duration_minutes, event.hold_minutes)}
            }
            MetricCell { field: "units", quantity: Quantity::Count, value: event.units as f64 }
            MetricCell { field: "confidence", quantity: Quantity::Confidence, value: event.confidence }
            td { class: TEXT, "data-field": "source", {event.source_id.unwrap_or_default()} }
        }
    }
}

/// When it was; the year of a latest event is told by its place.
fn time_of(zone: &Zone, instant: Instant) -> String {
    format!("{}, {}", time::weekday_and_month(&zone.local(instant)), zone.time(instant))
}
