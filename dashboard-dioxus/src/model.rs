//! What the page shows, as its parts think of it: the API's answers in one shape for workers and workstations.

pub(crate) mod window;

use crate::lean::instant::Instant;
use crate::live::table::Row;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// When nothing was seen for so many minutes, nobody knows what somebody is doing now; an address can say another number.
pub(crate) const UNSEEN_AFTER_MIN: u16 = 10;

/// What somebody or something was seen doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    Working,
    Idle,
    Absent,
}

impl State {
    pub(crate) const ALL: [Self; 3] = [Self::Working, Self::Idle, Self::Absent];

    /// The name by which addresses, stylesheets and tests know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Absent => "absent",
        }
    }
}

/// The two kinds of what is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EntityKind {
    #[default]
    Worker,
    Workstation,
}

impl EntityKind {
    pub(crate) const ALL: [Self; 2] = [Self::Worker, Self::Workstation];

    /// The name by which addresses, stylesheets and tests know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Workstation => "workstation",
        }
    }
}

/// How a device is doing that sends events, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DeviceState {
    Losing,
    Silent,
    Behind,
    Healthy,
}

impl DeviceState {
    /// The name by which stylesheets and tests know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Losing => "losing",
            Self::Silent => "silent",
            Self::Behind => "behind",
            Self::Healthy => "healthy",
        }
    }
}

/// How long the steps of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Resolution {
    FiveMinutes,
    FifteenMinutes,
    Hour,
    Day,
}

/// Whose units are the factory's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum UnitsBasis {
    Workers,
    Workstations,
}

macro_rules! by_slug {
    ($($kind:ty),+) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.slug())
            }
        }

        impl FromStr for $kind {
            /// There is none of that name.
            type Err = ();

            fn from_str(slug: &str) -> Result<Self, ()> {
                Self::ALL.into_iter().find(|kind| kind.slug() == slug).ok_or(())
            }
        }
    )+};
}

by_slug!(State, EntityKind);

/// From (inclusive) to (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Instant,
    pub(crate) to: Instant,
}

/// A factory as the picker lists it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factory {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The IANA name.
    pub(crate) time_zone: String,
    pub(crate) units_basis: UnitsBasis,
}

/// A worker or workstation by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityName {
    pub(crate) kind: EntityKind,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) area: Option<String>,
}

/// The factory as a whole in a window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactorySummary {
    /// The window that was used, none for all time.
    pub(crate) window: Option<Span>,
    pub(crate) revision: i64,
    pub(crate) productive_minutes: f64,
    pub(crate) idle_minutes: f64,
    pub(crate) absent_minutes: f64,
    pub(crate) units_basis: UnitsBasis,
    pub(crate) units: i64,
    pub(crate) worker_units: i64,
    pub(crate) workstation_units: i64,
    /// The plain mean of the workers' utilization, %.
    pub(crate) average_utilization: Option<f64>,
    /// Weighted by time, %.
    pub(crate) utilization: Option<f64>,
    /// Units per hour.
    pub(crate) average_production_rate: Option<f64>,
    pub(crate) active_workers: i64,
    pub(crate) active_workstations: i64,
}

/// One worker or workstation in a window. Working and occupied are both "productive".
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntityMetrics {
    pub(crate) kind: EntityKind,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) productive_minutes: f64,
    pub(crate) idle_minutes: f64,
    pub(crate) absent_minutes: f64,
    pub(crate) overlap_minutes: f64,
    /// %.
    pub(crate) utilization: Option<f64>,
    pub(crate) units: i64,
    pub(crate) units_per_hour: Option<f64>,
    /// From 0 to 1.
    pub(crate) mean_confidence: Option<f64>,
    pub(crate) current: Option<Activity>,
    pub(crate) last_seen_at: Option<Instant>,
}

impl EntityMetrics {
    /// What people call it.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

impl Row for EntityMetrics {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The stretch of an entity's timeline that ends last, whatever the window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Activity {
    pub(crate) state: State,
    pub(crate) since: Instant,
    pub(crate) until: Instant,
    pub(crate) confidence: Option<f64>,
}

/// What can be said of an entity at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Presence {
    Seen(State),
    /// Nothing was seen of it lately, so nobody knows: not idle, and not absent.
    NotObserved,
}

impl Presence {
    /// The name by which stylesheets and tests know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Seen(state) => state.slug(),
            Self::NotObserved => "not-observed",
        }
    }

    /// What the latest activity says about now, if it ended no longer ago than `limit_ms`.
    pub(crate) fn of(current: Option<&Activity>, now_ms: f64, limit_ms: f64) -> Self {
        match current {
            Some(activity) if now_ms - activity.until.ms() < limit_ms => Self::Seen(activity.state),
            _ => Self::NotObserved,
        }
    }
}

/// One step of a series. A step in which nothing was observed is left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) span: Span,
    pub(crate) productive_minutes: f64,
    pub(crate) idle_minutes: f64,
    pub(crate) absent_minutes: f64,
    pub(crate) units: i64,
    pub(crate) utilization: Option<f64>,
    pub(crate) units_per_hour: Option<f64>,
    pub(crate) mean_confidence: Option<f64>,
}

/// A factory's steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    pub(crate) points: Vec<Point>,
}

/// The steps of many entities, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntitySeriesSet {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    pub(crate) series: Vec<EntityPoints>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntityPoints {
    pub(crate) id: String,
    pub(crate) points: Vec<Point>,
}

/// The utilization of many entities over time, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UtilizationSet {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    pub(crate) series: Vec<UtilizationSteps>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UtilizationSteps {
    pub(crate) id: String,
    /// Spans and %; a step in which nothing was observed is left out.
    pub(crate) steps: Vec<(Span, Option<f64>)>,
}

/// What one entity was doing: segments without overlap in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    /// Whether there are more segments than the server lists.
    pub(crate) truncated: bool,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) span: Span,
    pub(crate) state: State,
    pub(crate) confidence: Option<f64>,
    pub(crate) model_version: Option<String>,
    pub(crate) source_id: Option<String>,
}

/// An event as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenEvent {
    pub(crate) timestamp: Instant,
    pub(crate) kind: EntityKind,
    pub(crate) entity_id: String,
    pub(crate) state: State,
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
mod tests {
    use super::*;

    #[test]
    fn an_activity_counts_as_now_until_nothing_was_seen_for_the_limit() {
        let activity =
            Activity { state: State::Idle, since: Instant(0), until: Instant(1_000), confidence: None };
        let at = |now_ms| Presence::of(Some(&activity), now_ms, 600_000.0);
        assert_eq!(at(500.0), Presence::Seen(State::Idle));
        assert_eq!(at(600_999.0), Presence::Seen(State::Idle));
        assert_eq!(at(601_000.0), Presence::NotObserved);
        assert_eq!(Presence::of(None, 0.0, 600_000.0), Presence::NotObserved);
    }
}
