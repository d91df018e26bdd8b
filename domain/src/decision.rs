//! What people decide about reports: which of them count, and what really happened.
//!
//! A factory's decisions are numbered from 1 without gaps, and their numbers alone order them. None is ever changed or
//! deleted; one that was wrong is taken back by a later one. A decision is *live* from its own number on until the number of
//! the one that takes it back, so that sums can stand at any number of decisions.

mod fault;
mod reach;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

pub use self::{
    fault::{
        DecisionFault, MAX_CORRECTED_ENTITIES, MAX_CORRECTED_SPAN_MS, MAX_CORRECTED_UNITS, MAX_NOTE_CHARS,
        ProposedCorrection, judge_note, judge_standing, judge_withdrawal,
    },
    reach::{Reach, changed_meanwhile},
};
use crate::{
    event::{EventForm, EventType},
    id::{ModelVersionId, SourceId},
    time::{DurationMs, TimestampMs},
    timeline::{Observation, Standing},
};
use serde::{Deserialize, Serialize};

/// What a decision does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DecisionKind {
    /// Says what workers or workstations did over a span of time, whatever was reported, or changes the units of one.
    Correction,
    /// Says whether the events of a source and of a model version count.
    Standing,
    /// Says of one event that it does not count.
    Retraction,
    /// Takes another decision back.
    Withdrawal,
}

impl DecisionKind {
    /// The name, as the API has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Correction => "CORRECTION",
            Self::Standing => "STANDING",
            Self::Retraction => "RETRACTION",
            Self::Withdrawal => "WITHDRAWAL",
        }
    }
}

/// Whether a decision is live when the decisions up to the number `prefix` are known: it is one of them, and none of them
/// took it back.
pub fn is_live(number: i32, withdrawn_by: Option<i32>, prefix: i32) -> bool {
    number <= prefix && withdrawn_by.is_none_or(|by| by > prefix)
}

/// The model versions that a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ModelVersions {
    /// Events with and without one.
    #[default]
    All,
    /// Events without one.
    Without,
    /// Events of this one.
    One(ModelVersionId),
}

impl ModelVersions {
    /// Whether it is about the events with this model version; none is an event without one.
    pub fn covers(self, model_version: Option<ModelVersionId>) -> bool {
        match self {
            Self::All => true,
            Self::Without => model_version.is_none(),
            Self::One(one) => model_version == Some(one),
        }
    }
}

/// Gives a standing to all events of a source and of a model version that start in a span of time, those that are yet to come
/// included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StandingRule {
    /// The number of the decision.
    pub number: i32,
    /// The standing that it gives.
    pub standing: Standing,
    /// The source whose events it is about; none is all events, whether or not they name a source.
    pub source: Option<SourceId>,
    /// The model versions whose events it is about.
    pub model_version: ModelVersions,
    /// The first start that it is about, Unix milliseconds; none is from ever.
    pub from_ms: Option<TimestampMs>,
    /// The first start after `from_ms` that it is no longer about, Unix milliseconds; none is for ever.
    pub to_ms: Option<TimestampMs>,
}

impl StandingRule {
    /// Whether it is about an event of this source and model version that starts at this instant. When the event ends is of no
    /// account, so no event is ever split.
    pub fn covers(
        &self,
        source: Option<SourceId>,
        model_version: Option<ModelVersionId>,
        started_at_ms: TimestampMs,
    ) -> bool {
        (self.source.is_none() || self.source == source)
            && self.model_version.covers(model_version)
            && self.from_ms.is_none_or(|from_ms| from_ms <= started_at_ms)
            && self.to_ms.is_none_or(|to_ms| started_at_ms < to_ms)
    }

    /// What decides between rules that are about the same event; the greatest does. A rule about a source and a model version
    /// comes before one about a source, that before one about a model version, and that before one about everything; among
    /// equals the later one holds.
    fn precedence(&self) -> (bool, bool, i32) {
        (self.source.is_some(), self.model_version != ModelVersions::All, self.number)
    }
}

/// The live rules of a factory about which events count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// In the order of their precedence, the first first.
    rules: Vec<StandingRule>,
}

impl Rules {
    /// Of the rules that are live, in any order.
    pub fn new(live: impl IntoIterator<Item = StandingRule>) -> Self {
        let mut rules: Vec<StandingRule> = live.into_iter().collect();
        rules.sort_unstable_by_key(|rule| Reverse(rule.precedence()));
        Self { rules }
    }

    /// Whether there are none, so that every event serves that was not retracted.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The standing of an event that was not retracted, by its source, its model version and its start.
    pub fn standing(
        &self,
        source: Option<SourceId>,
        model_version: Option<ModelVersionId>,
        started_at_ms: TimestampMs,
    ) -> Standing {
        let rule = self.deciding(source, model_version, started_at_ms);
        rule.map_or(Standing::Serving, |rule| rule.standing)
    }

    /// The rule that gives an event its standing that was not retracted; none where it serves without one.
    pub fn deciding(
        &self,
        source: Option<SourceId>,
        model_version: Option<ModelVersionId>,
        started_at_ms: TimestampMs,
    ) -> Option<&StandingRule> {
        self.rules.iter().find(|rule| rule.covers(source, model_version, started_at_ms))
    }

    /// The end of the last span of time before an instant, or up to it, in which events of a source and a model version serve that
    /// start in it and were not retracted; none if they serve nowhere before the instant.
    pub fn serving_until(
        &self,
        source: Option<SourceId>,
        model_version: Option<ModelVersionId>,
        before_ms: TimestampMs,
    ) -> Option<TimestampMs> {
        // Nowhere else does a standing change.
        let changes = self.rules.iter().flat_map(|rule| [rule.from_ms, rule.to_ms]).flatten();
        let mut ends: Vec<TimestampMs> = changes.filter(|at_ms| *at_ms < before_ms).collect();
        ends.push(before_ms);
        ends.sort_unstable();
        let serves_before = |end_ms: &TimestampMs| {
            self.standing(source, model_version, *end_ms - DurationMs(1)) == Standing::Serving
        };
        ends.into_iter().rev().find(serves_before)
    }
}

/// What an entity was reported to do, without who says so: the readings of all model versions and, of state reports, of all
/// sources agree in it. It is what a retraction names, so that those that come later are retracted, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// In which form it was reported.
    pub form: EventForm,
    /// What the entity did.
    pub event_type: EventType,
    /// Start of the interval, or from when on, Unix milliseconds.
    pub started_at_ms: TimestampMs,
    /// The sender's own id, or the empty text.
    pub event_code: String,
}

impl Fact {
    /// Whether a report of the same entity reports it.
    pub fn is_told_by(&self, report: &Observation) -> bool {
        self.form == report.form
            && self.event_type == report.event_type
            && self.started_at_ms == report.started_at_ms
            && self.event_code == report.event_code
    }
}
