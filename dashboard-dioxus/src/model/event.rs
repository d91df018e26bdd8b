use super::slug::Slug as _;
use crate::lean::instant::Instant;
use domain::event::{EntityType, EventForm, EventType};

/// An event as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenEvent {
    pub(crate) timestamp: Instant,
    pub(crate) kind: EntityType,
    pub(crate) entity_id: String,
    pub(crate) state: EventType,
    /// None for a state report: it is so from the timestamp on.
    pub(crate) duration_minutes: Option<f64>,
    /// In how many minutes the sender of a state report promised the next one; none is what the factory has set.
    pub(crate) hold_minutes: Option<i64>,
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

impl SeenEvent {
    /// In which form it was reported.
    pub(crate) fn form(&self) -> EventForm {
        if self.duration_minutes.is_some() { EventForm::Interval } else { EventForm::State }
    }

    /// Its identity, as one text.
    pub(crate) fn key(&self) -> String {
        let Self { kind, entity_id, state, timestamp, event_id, model_version, source_id, .. } = self;
        let named = |id: &Option<String>| id.clone().unwrap_or_default();
        let mut key =
            format!("{} {entity_id} {} {} {}", kind.slug(), state.slug(), timestamp.0, named(event_id));
        if let Some(model_version) = model_version {
            key = format!("{key}\nmodel {model_version}");
        }
        if self.form() == EventForm::State {
            key = format!("{key}\nfrom then on {}", named(source_id));
        }
        key
    }
}

#[cfg(test)]
impl SeenEvent {
    /// What the worker `W1` does from an instant on, received at once.
    pub(crate) fn state_of_worker(timestamp: Instant, state: EventType, hold_minutes: Option<i64>) -> Self {
        Self { duration_minutes: None, hold_minutes, ..Self::of_worker(timestamp, state) }
    }

    /// Five minutes of the worker `W1`, received as they began.
    pub(crate) fn of_worker(timestamp: Instant, state: EventType) -> Self {
        Self {
            timestamp,
            kind: EntityType::Worker,
            entity_id: "W1".to_owned(),
            state,
            duration_minutes: Some(5.0),
            hold_minutes: None,
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
