//! How far an entity's events reach.

use std::collections::HashSet;

use domain::{
    time::{DurationMs, TimestampMs},
    timeline::{Observation, Standing},
};

use super::{entities::Entity, report::Report};

/// What is known of an entity's events; of none, the least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// The latest end of one that serves.
    pub(super) last_seen_at_ms: TimestampMs,
    /// The latest end of one.
    pub(super) frontier_ms: TimestampMs,
    /// The length of the longest.
    pub(super) longest_duration_ms: DurationMs,
    /// Whether one is in no segment.
    pub(super) hides_events: bool,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            last_seen_at_ms: TimestampMs::MIN,
            frontier_ms: TimestampMs::MIN,
            longest_duration_ms: DurationMs::ZERO,
            hides_events: false,
        }
    }
}

impl Reach {
    /// Of stored events, before it was looked at which of them count.
    pub(super) fn of<'a>(reports: impl Iterator<Item = &'a Report> + Clone) -> Self {
        let mut reach = Self::default();
        for report in reports.clone() {
            reach.add_stored(&report.observation);
        }
        // Of the readings of one fact one is shown.
        let mut facts = HashSet::new();
        let fact = |report: &'a Report| {
            let row = &report.row;
            (row.started_at, row.event_type, row.series, &row.event_code)
        };
        reach.hides_events |= !{ reports }.all(|report| facts.insert(fact(report)));
        reach
    }

    /// Takes in a stored event.
    pub(super) fn add_stored(&mut self, event: &Observation) {
        if event.standing == Standing::Serving {
            self.last_seen_at_ms = self.last_seen_at_ms.max(event.ended_at_ms());
        } else {
            self.hides_events = true;
        }
        self.frontier_ms = self.frontier_ms.max(event.ended_at_ms());
        self.longest_duration_ms = self.longest_duration_ms.max(event.duration_ms);
        self.hides_events |= event.duration_ms == DurationMs::ZERO;
    }

    /// Takes in what is told of a workstation at an instant, whether or not it counts for any time.
    pub(super) fn add_instant(&mut self, at_ms: TimestampMs) {
        self.last_seen_at_ms = self.last_seen_at_ms.max(at_ms);
        self.frontier_ms = self.frontier_ms.max(at_ms);
        self.hides_events = true;
    }

    /// Takes in what is told of a workstation for some time, if it serves.
    pub(super) fn add(&mut self, told: &Observation) {
        if told.standing != Standing::Serving {
            return;
        }
        self.last_seen_at_ms = self.last_seen_at_ms.max(told.ended_at_ms());
        self.frontier_ms = self.frontier_ms.max(told.ended_at_ms());
        self.longest_duration_ms = self.longest_duration_ms.max(told.duration_ms);
    }

    /// Of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            last_seen_at_ms: self.last_seen_at_ms.max(other.last_seen_at_ms),
            frontier_ms: self.frontier_ms.max(other.frontier_ms),
            longest_duration_ms: self.longest_duration_ms.max(other.longest_duration_ms),
            hides_events: self.hides_events || other.hides_events,
        }
    }

    /// Adds it to what is known of an entity.
    pub(super) fn add_to(self, entity: &mut Entity) {
        entity.last_seen_at_ms = entity.last_seen_at_ms.max(self.last_seen_at_ms);
        entity.frontier_ms = entity.frontier_ms.max(self.frontier_ms);
        entity.longest_duration_ms = entity.longest_duration_ms.max(self.longest_duration_ms);
        entity.hides_events |= self.hides_events;
    }
}
