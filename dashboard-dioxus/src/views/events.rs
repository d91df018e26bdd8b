use crate::api::operation::{Events as EventsQuery, EventsIngested, events, events_ingested};
use crate::api::{Panel, use_query_at, use_subscription};
use crate::components::metric_cell::MetricCell;
use crate::components::metric_table::{Column, EntityCell, MetricTable, TEXT};
use crate::components::notice::{Empty, Refused};
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateMark;
use crate::format::Quantity;
use crate::here::use_here;
use crate::model::{Presence, SeenEvent};
use crate::route::Address;
use crate::views::page_title::PageTitle;
use crate::words::events as words;
use crate::zone::Zone;
use dioxus::prelude::*;

/// How many events are listed: what a page can show without paging.
const LISTED: i64 = 50;
const COLUMNS: &[Column] = &[
    Column::text(words::WHO),
    Column::text(words::TIME),
    Column::text(words::STATE),
    Column::number(words::MINUTES, words::HOW_MINUTES),
    Column::number(words::UNITS, words::HOW_UNITS),
];

/// The latest stored events.
#[component]
pub(crate) fn Events(at: ReadSignal<Address>) -> Element {
    let here = use_here();
    let feed = use_subscription::<EventsIngested>(move || {
        Some(events_ingested::Variables { factory_id: here.choice()?.factory_id })
    });
    let revision = move || feed.with(|feed| feed.revision);
    let page = use_query_at::<EventsQuery>(revision, move || {
        let factory_id = here.choice()?.factory_id;
        Some(events::Variables { factory_id, filter: filter(&at.read()), first: LISTED, after: None })
    });
    let zone = here.zone();
    rsx! {
        PageTitle { title: words::TITLE }
        PanelFrame { title: words::TITLE, outdated: page.outdated(),
            match &*page.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 8 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| page.retry() } },
                Panel::Showing(page) if page.events.is_empty() => rsx! { Empty { text: words::NONE } },
                Panel::Showing(page) => rsx! {
                    MetricTable { label: words::TITLE, columns: COLUMNS,
                        for event in page.events.iter() {
                            EventRow { key: "{key(event)}", event: event.clone(), zone: zone.clone(), at: here.place() }
                        }
                    }
                },
            }
        }
    }
}

#[component]
fn EventRow(event: SeenEvent, zone: Zone, at: Address) -> Element {
    rsx! {
        tr { "data-testid": "event-row",
            EntityCell { kind: event.kind, id: event.entity_id.clone(), name: None, at }
            td { class: TEXT, {zone.date_time(event.timestamp)} }
            td { class: TEXT,
                StateMark { kind: event.kind, presence: Presence::Seen(event.state) }
            }
            MetricCell { field: "minutes", quantity: Quantity::Minutes, value: event.duration_minutes }
            MetricCell { field: "units", quantity: Quantity::Count, value: event.units as f64 }
        }
    }
}

/// An event's identity.
fn key(event: &SeenEvent) -> String {
    let SeenEvent { kind, entity_id, state, timestamp, event_id, .. } = event;
    format!("{kind} {entity_id} {state} {} {}", timestamp.0, event_id.as_deref().unwrap_or_default())
}

/// What the address restricts the list to.
fn filter(at: &Address) -> Option<events::EventFilter> {
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let filter = events::EventFilter {
        entity_type: at.kind,
        entity_id: text(&at.id),
        event_type: at.state,
        source_id: text(&at.source),
        from: at.from,
        to: at.to,
        max_confidence: at.confidence_below.map(|percent| f64::from(percent) / 100.0),
        model_version: text(&at.model),
    };
    let is_unrestricted = serde_json::to_string(&filter).is_ok_and(|text| text == "{}");
    Some(filter).filter(|_| !is_unrestricted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntityKind, State};
    use serde_json::json;

    #[test]
    fn an_address_without_a_filter_asks_for_all_events() {
        assert!(filter(&Address::from("factory=demo&window=today")).is_none());
    }

    #[test]
    fn an_address_restricts_the_list_to_what_it_names() {
        let at = Address {
            kind: Some(EntityKind::Worker),
            id: "W1".to_owned(),
            state: Some(State::Idle),
            confidence_below: Some(60),
            ..Address::default()
        };
        let sent = serde_json::to_value(filter(&at)).unwrap();
        let expected =
            json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "maxConfidence": 0.6 });
        assert_eq!(sent, expected);
    }
}
