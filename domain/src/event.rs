//! What a camera or device reports of one worker or workstation, as sent and as trusted: what it did over an interval, or
//! what it does from now on.

use std::{fmt, marker::PhantomData};

use crate::number::{deserialize_whole, deserialize_whole_or_null};
use crate::time::{DurationMs, TimestampMs};
use crate::{MS_PER_MINUTE, state::DEFAULT_HOLD_MINUTES};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IntoDeserializer as _, Visitor},
};

/// Whether a worker or a workstation was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityType {
    /// A person.
    Worker,
    /// A machine or a place of work.
    Workstation,
}

/// What was seen. The order is the order of precedence where reports of equal confidence overlap: the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// Observed, and not there: neither working nor idle.
    Absent,
    /// There, and not working.
    Idle,
    /// Working; for a workstation, occupied.
    Working,
}

/// In which form an event says what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventForm {
    /// Over an interval of a stated length.
    Interval,
    /// From an instant on, until the next report of its series.
    State,
}

/// An event as sent: typed as GraphQL can type it, but judged by nobody yet. See [`crate::validate`].
///
/// It is read as strictly as GraphQL reads its input: a field that is unknown or named twice is an error. Its texts may
/// be borrowed from what was sent; only those that are kept need to be copied then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawEvent<Text = String> {
    /// Start of the interval, or from when on; RFC 3339 with any offset.
    pub timestamp: Text,
    /// Worker or workstation.
    #[serde(deserialize_with = "by_name")]
    pub entity_type: EntityType,
    /// Who or what was seen, such as `W1`.
    pub entity_id: Text,
    /// What it did.
    #[serde(deserialize_with = "by_name")]
    pub event_type: EventType,
    /// Length of the interval in minutes. Left out means from now on: a state report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<f64>,
    /// Of a state report: in how many minutes the next one of its series comes at the latest.
    #[serde(
        default,
        deserialize_with = "deserialize_whole_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub hold_minutes: Option<i64>,
    /// Units finished in the interval, or at the timestamp of a state report.
    #[serde(default, deserialize_with = "deserialize_whole")]
    pub units_produced: i64,
    /// How sure the model is, 0 to 1. Left out means not stated, which is not 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The model that judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<Text>,
    /// The sender's own id, for events that share entity, type and timestamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Text>,
    /// The camera or device that saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<Text>,
    /// Where a worker was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workstation_id: Option<Text>,
}

/// Reads an enum's value by its name. Left to itself it would also take a map such as `{"WORKER": null}`.
fn by_name<'de, D: Deserializer<'de>, E: DeserializeOwned>(deserializer: D) -> Result<E, D::Error> {
    struct Name<E>(PhantomData<E>);

    impl<E: DeserializeOwned> Visitor<'_> for Name<E> {
        type Value = E;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("the name of a value")
        }

        fn visit_str<Error: serde::de::Error>(self, name: &str) -> Result<E, Error> {
            E::deserialize(name.into_deserializer())
        }
    }

    deserializer.deserialize_str(Name(PhantomData))
}

/// An event as trusted: every field within the limits of the metrics' definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Worker or workstation.
    pub entity_type: EntityType,
    /// Who or what was seen, such as `W1`.
    pub entity_code: String,
    /// What it did.
    pub event_type: EventType,
    /// Start of the interval, or from when on, Unix milliseconds.
    pub started_at_ms: TimestampMs,
    /// For how long.
    pub extent: Extent,
    /// Units finished in the interval, or at the start of a state; 0 to one million.
    pub units: i64,
    /// Parts per 10 000; none is not stated.
    pub confidence: Option<u16>,
    /// The model that judged.
    pub model_version: Option<String>,
    /// The sender's own id, or the empty text.
    pub event_code: String,
    /// The camera or device that saw it; part of the identity of a state report alone.
    pub source: Option<String>,
    /// Where a worker was; kept as sent.
    pub workstation: Option<String>,
}

/// For how long an event says what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Over an interval of this length, 0 to one day.
    Interval(DurationMs),
    /// From its start until the next report of its series, if that comes in time.
    State {
        /// In how many minutes it comes at the latest, 1 to 1440; none is what the factory has set.
        hold_minutes: Option<u16>,
    },
}

impl Event {
    /// In which form it says what was seen.
    pub fn form(&self) -> EventForm {
        match self.extent {
            Extent::Interval(_) => EventForm::Interval,
            Extent::State { .. } => EventForm::State,
        }
    }

    /// The length of its interval. What follows a state report decides for how long it counts: by itself it has none.
    pub fn duration_ms(&self) -> DurationMs {
        match self.extent {
            Extent::Interval(duration_ms) => duration_ms,
            Extent::State { .. } => DurationMs::ZERO,
        }
    }

    /// For how long storing it can change what counts: over its interval, or, as the report before a state report may count up
    /// to it, so long as its own hold.
    pub fn affected_ms(&self) -> DurationMs {
        match self.extent {
            Extent::Interval(duration_ms) => duration_ms,
            Extent::State { hold_minutes } => {
                DurationMs(i64::from(hold_minutes.unwrap_or(DEFAULT_HOLD_MINUTES)) * MS_PER_MINUTE)
            }
        }
    }

    /// The end of the interval, which it does not include, in Unix milliseconds; of a state report its start.
    pub fn ended_at_ms(&self) -> TimestampMs {
        self.started_at_ms + self.duration_ms()
    }

    /// What it says of what it identifies.
    pub fn statement(&self) -> Statement<'_> {
        Statement {
            extent: self.extent,
            units: self.units,
            confidence: self.confidence,
            workstation: self.workstation.as_deref().filter(|_| self.form() == EventForm::State),
        }
    }
}

/// What a repeat with the same identity must say again to be a duplicate; if it says anything else it is a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// For how long; a hold that was left out equals only one that was left out.
    pub extent: Extent,
    /// Units finished.
    pub units: i64,
    /// Parts per 10 000; none equals only none.
    pub confidence: Option<u16>,
    /// Where the worker of a state report was, which decides for whom it counts; none for an interval.
    pub workstation: Option<&'a str>,
}
