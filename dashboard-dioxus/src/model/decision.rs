use super::span::Span;
use crate::lean::instant::Instant;
use domain::decision::DecisionKind;
use domain::event::{EntityType, EventForm, EventType};
use domain::timeline::{CorrectedState, Standing};
use serde::Deserialize;

/// What a person decided about reports.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    /// From 1.
    pub(crate) number: i32,
    pub(crate) content: DecisionContent,
    pub(crate) made_at: Instant,
    pub(crate) made_by: String,
    /// Why.
    pub(crate) note: String,
    /// The number of the decision that took it back.
    pub(crate) withdrawn_by: Option<i32>,
    /// How many stored events were counted again for it.
    pub(crate) events: i64,
    pub(crate) progress: Progress,
    /// The factory's revision with its last change.
    pub(crate) revision: i64,
}

/// How far the figures follow a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Others are applied before it.
    Waiting,
    /// Those of the time before this instant follow it; of a withdrawal those from it on.
    Applying(Option<Instant>),
    Applied,
}

/// The same as the API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DecisionProgressState {
    Waiting,
    Applying,
    Applied,
}

impl Progress {
    pub(crate) fn new(state: DecisionProgressState, applied_before: Option<Instant>) -> Self {
        match state {
            DecisionProgressState::Waiting => Self::Waiting,
            DecisionProgressState::Applying => Self::Applying(applied_before),
            DecisionProgressState::Applied => Self::Applied,
        }
    }
}

/// What is decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DecisionContent {
    Correction(Correction),
    Standing(StandingRule),
    Retraction(Retraction),
    /// The number of the decision that is taken back.
    Withdrawal(i32),
}

/// What workers or workstations really did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Correction {
    pub(crate) kind: EntityType,
    pub(crate) ids: Vec<String>,
    /// The area that was named instead of ids.
    pub(crate) area: Option<String>,
    pub(crate) span: Span,
    /// None leaves that as it was reported.
    pub(crate) state: Option<CorrectedState>,
    /// Added, or taken away.
    pub(crate) units: Option<i64>,
}

/// Whether the events of a source and of a model version count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StandingRule {
    pub(crate) standing: Standing,
    /// None is all.
    pub(crate) source: Option<String>,
    /// None is all, or those without.
    pub(crate) model_version: Option<String>,
    pub(crate) is_without_model_version: bool,
    /// None is from ever.
    pub(crate) from: Option<Instant>,
    /// None is for ever.
    pub(crate) to: Option<Instant>,
}

/// An event that does not count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retraction {
    pub(crate) kind: EntityType,
    pub(crate) id: String,
    pub(crate) state: EventType,
    pub(crate) at: Instant,
    pub(crate) event_id: Option<String>,
    pub(crate) form: EventForm,
}

/// A page of decisions, the highest number first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DecisionPage {
    pub(crate) decisions: Vec<Decision>,
    /// Where the next page begins, none at the end.
    pub(crate) next: Option<String>,
}

/// What was decided since the subscription began.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DecisionFeed {
    pub(crate) revision: i64,
    /// As each is now: those made, and those that they took back.
    pub(crate) decisions: Vec<Decision>,
    /// How often something may have been decided unseen, because the connection was gone.
    pub(crate) gaps: u32,
}

impl Decision {
    pub(crate) fn kind(&self) -> DecisionKind {
        match self.content {
            DecisionContent::Correction(_) => DecisionKind::Correction,
            DecisionContent::Standing(_) => DecisionKind::Standing,
            DecisionContent::Retraction(_) => DecisionKind::Retraction,
            DecisionContent::Withdrawal(_) => DecisionKind::Withdrawal,
        }
    }

    /// Whether it corrects this worker or workstation or retracts an event of it.
    pub(crate) fn is_about(&self, kind: EntityType, id: &str) -> bool {
        match &self.content {
            DecisionContent::Correction(correction) => {
                correction.kind == kind && correction.ids.iter().any(|named| named == id)
            }
            DecisionContent::Retraction(retraction) => retraction.kind == kind && retraction.id == id,
            DecisionContent::Standing(_) | DecisionContent::Withdrawal(_) => false,
        }
    }
}
