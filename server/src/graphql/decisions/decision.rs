//! A decision as it was made.

use async_graphql::{Enum, ID, SimpleObject};

use crate::{
    graphql::{
        events::{EventForm, EventType},
        factories::EntityType,
        scalar::{BigInt, DateTime},
    },
    store::decisions::{self, Content, Progress},
};

/// What a decision does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::decision::DecisionKind")]
pub(crate) enum DecisionKind {
    /// Says what workers or workstations did over a span of time, whatever was reported, or changes the units of one.
    Correction,
    /// Says whether the events of a source and of a model version count.
    Standing,
    /// Says of one event that it does not count.
    Retraction,
    /// Takes another decision back.
    Withdrawal,
}

/// Whether an event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::timeline::Standing")]
pub(crate) enum Standing {
    /// It counts.
    Serving,
    /// It is stored to be compared with what counts.
    Shadow,
    /// It is stored and not trusted.
    Quarantined,
}

/// What a correction says that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::timeline::CorrectedState")]
pub(crate) enum CorrectedState {
    /// Working; for a workstation, occupied.
    Working,
    /// There, and not working.
    Idle,
    /// Observed, and not there.
    Absent,
    /// Nobody knows.
    NotObserved,
}

/// What a person said about reports. It is never changed or deleted; it may be taken back by a later one.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Decision {
    /// Its number in its factory: 1, 2, 3 and so on, without gaps.
    pub(super) number: i32,
    /// What it does; of the four fields named after the kinds this one is set.
    kind: DecisionKind,
    /// What workers or workstations really did.
    correction: Option<Correction>,
    /// Whether the events of a source and of a model version count.
    standing: Option<StandingRule>,
    /// The event that does not count.
    retraction: Option<Retraction>,
    /// The number of the decision that it takes back.
    withdrawal: Option<i32>,
    /// When it was made.
    made_at: DateTime,
    /// Who made it. A server that everybody may use knows nobody's name, and says "anonymous".
    made_by: String,
    /// Why it was made.
    note: String,
    /// The sender's own id of the request that made it.
    request_id: ID,
    /// The number of the decision that took it back; null as long as it holds.
    withdrawn_by: Option<i32>,
    /// How far the figures follow it.
    progress: DecisionProgress,
    /// The factory's revision with it.
    revision: BigInt,
}

impl Decision {
    /// The workers that it is about, as sent.
    pub(super) fn workers(&self) -> impl Iterator<Item = &str> {
        let correction = self.correction.as_ref().filter(|about| about.entity_type == EntityType::Worker);
        let corrected = correction.map_or(&[][..], |correction| &correction.entity_ids);
        let retraction = self.retraction.as_ref().filter(|about| about.entity_type == EntityType::Worker);
        let retracted = retraction.map(|retraction| retraction.entity_id.as_str());
        corrected.iter().map(|id| id.as_str()).chain(retracted)
    }
}

/// What workers or workstations really did in a span of time.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Correction {
    /// Workers or workstations.
    entity_type: EntityType,
    /// Who: as named, or those that were in the area when it was made.
    entity_ids: Vec<ID>,
    /// The area that was named instead of ids.
    area: Option<String>,
    /// Start.
    from: DateTime,
    /// End, which it does not include.
    to: DateTime,
    /// What they did; null leaves that as it was reported.
    state: Option<CorrectedState>,
    /// Units added, or taken away, evenly over the span; null for none.
    units: Option<i64>,
}

/// Whether the events of a source and of a model version count that start in a span of time, those that are yet to come
/// included.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct StandingRule {
    /// Whether they count.
    standing: Standing,
    /// The camera or device; null means all, and events that name none.
    source_id: Option<ID>,
    /// The model version; null means all, and events that name none.
    model_version: Option<ID>,
    /// Whether it is about the events that name no model version, instead of those of one.
    without_model_version: bool,
    /// The first start that it is about; null means from ever.
    from: Option<DateTime>,
    /// The first start that it is no longer about; null means for ever.
    to: Option<DateTime>,
}

/// An event that does not count, with all that other model versions and sources say of the same.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Retraction {
    /// Worker or workstation.
    entity_type: EntityType,
    /// Who or what was seen.
    entity_id: ID,
    /// What was reported.
    event_type: EventType,
    /// Its start.
    timestamp: DateTime,
    /// The sender's own id of it.
    event_id: Option<ID>,
    /// Whether it is about an interval, or says so from its timestamp on.
    form: EventForm,
}

/// How far the figures follow a decision.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DecisionProgress {
    /// Whether all of them do.
    state: DecisionProgressState,
    /// While it is being applied: the figures of the time before this instant follow it, and those from it on do not yet. A
    /// decision that is taken back stops to be followed from the latest time on, so it is the other way round for the withdrawal.
    applied_before: Option<DateTime>,
    /// How many stored events were counted again for it so far.
    events: BigInt,
}

/// Whether the figures follow a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum DecisionProgressState {
    /// None of them does yet: others are being applied before it.
    Waiting,
    /// Some of them do. What is about many events is applied part by part, so that events are still stored meanwhile.
    Applying,
    /// All of them do.
    Applied,
}

impl Decision {
    /// How many workers and workstations it names.
    pub(super) fn entity_count(&self) -> usize {
        self.correction.as_ref().map_or(0, |correction| correction.entity_ids.len())
    }
}

impl From<decisions::Decision> for Decision {
    fn from(decision: decisions::Decision) -> Self {
        let kind = decision.kind().into();
        let (mut correction, mut standing, mut retraction, mut withdrawal) = (None, None, None, None);
        match decision.content {
            Content::Correction(content) => correction = Some(content.into()),
            Content::Standing(content) => standing = Some(content.into()),
            Content::Retraction(content) => retraction = Some(content.into()),
            Content::Withdrawal(number) => withdrawal = Some(number),
        }
        Self {
            number: decision.number,
            kind,
            correction,
            standing,
            retraction,
            withdrawal,
            made_at: DateTime::from_ms(decision.made_at_ms),
            made_by: decision.made_by,
            note: decision.note,
            request_id: ID(decision.request_id),
            withdrawn_by: decision.withdrawn_by,
            progress: progress(decision.progress, decision.events),
            revision: BigInt(decision.revision.0),
        }
    }
}

fn progress(progress: Progress, events: i64) -> DecisionProgress {
    let (state, applied_before_ms) = match progress {
        Progress::Waiting => (DecisionProgressState::Waiting, None),
        Progress::Applying(before_ms) => (DecisionProgressState::Applying, Some(before_ms)),
        Progress::Applied => (DecisionProgressState::Applied, None),
    };
    DecisionProgress {
        state,
        applied_before: applied_before_ms.map(DateTime::from_ms),
        events: BigInt(events),
    }
}

impl From<decisions::Correction> for Correction {
    fn from(correction: decisions::Correction) -> Self {
        Self {
            entity_type: correction.entity_type.into(),
            entity_ids: correction.entity_codes.into_iter().map(ID).collect(),
            area: correction.area,
            from: instant(correction.from_ms),
            to: instant(correction.to_ms),
            state: correction.state.map(Into::into),
            units: correction.units,
        }
    }
}

impl From<decisions::StandingContent> for StandingRule {
    fn from(rule: decisions::StandingContent) -> Self {
        Self {
            standing: rule.standing.into(),
            source_id: rule.source.map(ID),
            model_version: rule.model_version.map(ID),
            without_model_version: rule.without_model_version,
            from: rule.from_ms.map(instant),
            to: rule.to_ms.map(instant),
        }
    }
}

impl From<decisions::Retraction> for Retraction {
    fn from(retraction: decisions::Retraction) -> Self {
        Self {
            entity_type: retraction.entity_type.into(),
            entity_id: ID(retraction.entity_code),
            event_type: retraction.event_type.into(),
            timestamp: instant(retraction.at_ms),
            event_id: Some(retraction.event_code).filter(|code| !code.is_empty()).map(ID),
            form: retraction.form.into(),
        }
    }
}

fn instant(instant_ms: i64) -> DateTime {
    DateTime::from_ms(domain::time::TimestampMs(instant_ms))
}
