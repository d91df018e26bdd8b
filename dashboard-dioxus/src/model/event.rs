use crate::lean::instant::Instant;
use domain::event::{EntityType, EventType};

/// An event as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenEvent {
    pub(crate) timestamp: Instant,
    pub(crate) kind: EntityType,
    pub(crate) entity_id: String,
    pub(crate) state: EventType,
    pub(crate) duration_minutes: f64,
    pub(crate) units: i64,
    pub(crate) confidence: Option<f64>,
    pub(crate) model_version: Option<String>,
    pub(crate) event_id: Option<String>,
    pub(crate) source_id: Option<String>,
    pub(crate) workstation_id: Option<String>,
    pub(crate) received_at: Instant,
}

/// A page of stored events, the latest timestamp first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<SeenEvent>,
    /// Where the next page begins, none at the end.
    pub(crate) next: Option<String>,
}

/// What was newly stored since the subscription began.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventFeed {
    pub(crate) revision: i64,
    /// Of the latest delivery, in the order in which they were stored.
    pub(crate) events: Vec<SeenEvent>,
    /// How many the latest delivery left out.
    pub(crate) skipped: i64,
    /// Counts the deliveries, so that each is taken over once.
    pub(crate) delivery: u64,
    /// Whether something may have been stored unseen before this delivery, because the connection was gone.
    pub(crate) follows_gap: bool,
}

#[cfg(test)]
impl SeenEvent {
    /// Five minutes of the worker `W1`, received as they began.
    pub(crate) fn of_worker(timestamp: Instant, state: EventType) -> Self {
        Self {
            timestamp,
            kind: EntityType::Worker,
            entity_id: "W1".to_owned(),
            state,
            duration_minutes: 5.0,
            units: 0,
            confidence: None,
            model_version: None,
            event_id: None,
            source_id: None,
            workstation_id: None,
            received_at: timestamp,
        }
    }
}
