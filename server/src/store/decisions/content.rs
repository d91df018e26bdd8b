//! What a decision can say, as it was sent.

use domain::{
    decision::DecisionKind,
    event::{EntityType, EventForm, EventType},
    timeline::{CorrectedState, Standing},
};
use serde::{Deserialize, Serialize};

/// What a decision says, as it was sent; a correction of an area names the entities that were in it when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// What workers or workstations really did.
    Correction(Correction),
    /// Whether the events of a source and a model version count.
    Standing(StandingContent),
    /// That an event does not count.
    Retraction(Retraction),
    /// That the decision of this number does not hold any more.
    Withdrawal(i32),
}

impl Content {
    /// Of which kind a decision is that says this.
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::Correction(_) => DecisionKind::Correction,
            Self::Standing(_) => DecisionKind::Standing,
            Self::Retraction(_) => DecisionKind::Retraction,
            Self::Withdrawal(_) => DecisionKind::Withdrawal,
        }
    }
}

/// What workers or workstations really did in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Workers or workstations.
    pub entity_type: EntityType,
    /// Their ids as they were sent, or those in the area; empty while an area is not looked up.
    pub entity_codes: Vec<String>,
    /// The area that was named instead of ids.
    pub area: Option<String>,
    /// Start, Unix milliseconds.
    pub from_ms: i64,
    /// End, Unix milliseconds, which it does not include.
    pub to_ms: i64,
    /// What they did; none leaves that as it was reported.
    pub state: Option<CorrectedState>,
    /// Units added, or taken away.
    pub units: Option<i64>,
}

/// Whether the events of a source and a model version count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingContent {
    /// Whether they count.
    pub standing: Standing,
    /// The source; none is every one, and events that name none.
    pub source: Option<String>,
    /// The model version; none is every one, and events that name none.
    pub model_version: Option<String>,
    /// Instead of a model version: the events that name none.
    pub without_model_version: bool,
    /// The first start that it is about, Unix milliseconds; none is from ever.
    pub from_ms: Option<i64>,
    /// The first start that it is no longer about, Unix milliseconds; none is for ever.
    pub to_ms: Option<i64>,
}

/// That an event does not count, whoever reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    /// Worker or workstation.
    pub entity_type: EntityType,
    /// Whose event it is.
    pub entity_code: String,
    /// What it says.
    pub event_type: EventType,
    /// When it starts, Unix milliseconds.
    pub at_ms: i64,
    /// The sender's own id of it, or the empty text.
    pub event_code: String,
    /// In which form it says so.
    pub form: EventForm,
}

/// Whether a decision is what a request asks for: what the area was that it names is not asked again.
pub(in crate::store) fn is_same(made: &Content, sent: &Content) -> bool {
    match (made, sent) {
        (Content::Correction(made), Content::Correction(sent)) => {
            let mut codes = sent.entity_codes.clone();
            codes.sort();
            codes.dedup();
            let entity_codes = if sent.area.is_some() { made.entity_codes.clone() } else { codes };
            *made == Correction { entity_codes, ..sent.clone() }
        }
        _ => made == sent,
    }
}
