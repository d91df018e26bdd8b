//! What a decision reaches: whether one that was made meanwhile is about the same.

use std::collections::BTreeSet;

use super::{ModelVersions, StandingRule};
use crate::{
    id::{EntityId, SourceId},
    time::{DurationMs, TimestampMs},
};

/// What a decision is about. A withdrawal is about what the decision is about that it takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Workers or workstations over a span: of a correction its own, of a retraction that of the event, which is as long as the
    /// longest of its readings.
    Entities {
        /// Who.
        entities: BTreeSet<EntityId>,
        /// Start, Unix milliseconds.
        from_ms: TimestampMs,
        /// End, which it does not include; where it is the start, that instant is reached.
        to_ms: TimestampMs,
    },
    /// The events of a source and of a model version that start in a span.
    Events {
        /// The source; none is all events.
        source: Option<SourceId>,
        /// The model versions.
        model_version: ModelVersions,
        /// The first start; none is from ever.
        from_ms: Option<TimestampMs>,
        /// The first start after it that is no longer reached; none is for ever.
        to_ms: Option<TimestampMs>,
    },
}

impl From<&StandingRule> for Reach {
    fn from(rule: &StandingRule) -> Self {
        let StandingRule { source, model_version, from_ms, to_ms, .. } = *rule;
        Self::Events { source, model_version, from_ms, to_ms }
    }
}

impl Reach {
    /// Whether both reach the same of something. What happened and which reports count are separate questions, so a rule about
    /// events has nothing in common with a correction or a retraction: those hold whatever the rules are.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.shares_span(other) && self.shares_subject(other)
    }

    fn shares_subject(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Entities { entities, .. }, Self::Entities { entities: others, .. }) => {
                !entities.is_disjoint(others)
            }
            (
                Self::Events { source, model_version, .. },
                Self::Events { source: other_source, model_version: other_version, .. },
            ) => {
                let is_any_source = source.is_none() || other_source.is_none();
                let is_any_version =
                    *model_version == ModelVersions::All || *other_version == ModelVersions::All;
                (is_any_source || source == other_source)
                    && (is_any_version || model_version == other_version)
            }
            (Self::Entities { .. }, Self::Events { .. }) | (Self::Events { .. }, Self::Entities { .. }) => {
                false
            }
        }
    }

    fn shares_span(&self, other: &Self) -> bool {
        let ((from_ms, to_ms), (other_from_ms, other_to_ms)) = (self.span(), other.span());
        from_ms < other_to_ms && other_from_ms < to_ms
    }

    /// From when until when; an instant is its millisecond.
    fn span(&self) -> (TimestampMs, TimestampMs) {
        match *self {
            Self::Entities { from_ms, to_ms, .. } => (from_ms, to_ms.max(from_ms + DurationMs(1))),
            Self::Events { from_ms, to_ms, .. } => {
                (from_ms.unwrap_or(TimestampMs::MIN), to_ms.unwrap_or(TimestampMs::MAX))
            }
        }
    }
}

/// The highest number of a decision that was made after the one that its maker saw last, and that reaches something that this
/// one would reach, too; none when nothing of it changed meanwhile. `others` are decisions with their numbers, in any order.
pub fn changed_meanwhile<'a>(
    reach: &Reach,
    seen: i32,
    others: impl IntoIterator<Item = (i32, &'a Reach)>,
) -> Option<i32> {
    let later = others.into_iter().filter(|(number, _)| *number > seen);
    later.filter(|(_, other)| reach.overlaps(other)).map(|(number, _)| number).max()
}

#[cfg(test)]
mod tests;
