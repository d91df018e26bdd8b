//! Events: what is stored, and what is being stored.

use super::scalar::{BigInt, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use crate::model::{EventFeed, EventPage, SeenEvent};
use domain::event::{EntityType, EventType};
use graphql_client::GraphQLQuery;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/events.graphql",
    extern_enums("EntityType", "EventType"),
    variables_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct Events;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/events_ingested.graphql",
    extern_enums("EntityType", "EventType")
)]
pub(crate) struct EventsIngested;

/// Which events are listed; what is none restricts nothing.
pub(crate) type EventFilter = events::EventFilter;

macro_rules! seen {
    ($event:expr) => {{
        let event = $event;
        SeenEvent {
            timestamp: event.timestamp,
            kind: event.entity_type,
            entity_id: event.entity_id,
            state: event.event_type,
            duration_minutes: event.duration_minutes,
            hold_minutes: event.hold_minutes,
            units: event.units_produced,
            confidence: event.confidence,
            model_version: event.model_version,
            event_id: event.event_id,
            source_id: event.source_id,
            workstation_id: event.workstation_id,
            received_at: event.received_at,
        }
    }};
}

impl Shows for Events {
    type Shown = EventPage;

    fn show(_: Option<Self::Shown>, data: events::ResponseData, _: Arrival) -> Self::Shown {
        let page = data.events;
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        EventPage { events: page.edges.into_iter().map(|edge| seen!(edge.node)).collect(), next }
    }
}

impl Shows for EventsIngested {
    type Shown = EventFeed;

    fn show(
        before: Option<Self::Shown>,
        data: events_ingested::ResponseData,
        arrival: Arrival,
    ) -> Self::Shown {
        let feed = data.events_ingested;
        let before = before.map(|before| (before.delivery, before.revision));
        EventFeed {
            revision: feed.revision,
            events: feed.events.into_iter().map(|event| seen!(event)).collect(),
            skipped: feed.skipped,
            delivery: before.map_or(0, |(delivery, _)| delivery + 1),
            follows_gap: arrival == Arrival::First
                && before.is_some_and(|(_, revision)| revision != feed.revision),
        }
    }
}
