//! What people decided about a factory's reports, in the order of their numbers.

use domain::{
    decision::{DecisionFault, DecisionKind},
    event::{EntityType, EventForm, EventType},
    id::{FactoryId, FactorySlug, Revision},
    time::TimestampMs,
    timeline::{CorrectedState, Standing},
};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::error::Result;

/// The most decisions of one page.
pub const MAX_PAGE_DECISIONS: u32 = 200;

/// The most stored events that one decision may change the counting of: they are counted again while nothing else is written
/// to the factory, about two seconds.
pub const MAX_DECIDED_EVENTS: i64 = 200_000;

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number in its factory, from 1.
    pub number: i32,
    /// What it says.
    pub content: Content,
    /// When it was made, Unix milliseconds.
    pub made_at_ms: TimestampMs,
    /// Who made it, as far as the server knows.
    pub made_by: String,
    /// Why.
    pub note: String,
    /// The sender's own id of the request that made it.
    pub request_id: String,
    /// The number of the decision that took it back.
    pub withdrawn_by: Option<i32>,
    /// How many stored events were counted again for it.
    pub events: i64,
    /// The factory's revision with it.
    pub revision: Revision,
}

impl Decision {
    /// Of which kind it is.
    pub fn kind(&self) -> DecisionKind {
        self.content.kind()
    }
}

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

/// A decision to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    /// For which factory.
    pub factory_slug: FactorySlug,
    /// The sender's own id of the request: the same one again gives the same decision.
    pub request_id: String,
    /// Who makes it.
    pub made_by: String,
    /// Why.
    pub note: String,
    /// The last decision that its maker has seen; if a later one is about the same, this one is refused.
    pub seen_decision: Option<i32>,
    /// What it says.
    pub content: Content,
}

/// Why a decision was not made.
#[derive(Clone, Debug, PartialEq)]
pub enum NotDecided {
    /// There is no such factory.
    NoFactory,
    /// It is not possible.
    Invalid(DecisionFault),
    /// The request was sent before with other content, and made the decision of this number.
    RequestReused(i32),
    /// The decision of this number was made meanwhile, about the same.
    ChangedMeanwhile(i32),
    /// There is no decision of this number.
    NoSuchDecision(i32),
    /// No such event is stored.
    NoSuchEvent,
    /// Nobody and nothing is in the area.
    EmptyArea,
    /// An id that would be registered may not be.
    InvalidId(String),
    /// It would register one worker or workstation too many.
    EntityLimitReached,
    /// It would change the counting of so many stored events, more than [`MAX_DECIDED_EVENTS`].
    TooManyEvents(i64),
}

/// Which decisions to read; the default is all.
#[derive(Clone, Debug, Default)]
pub struct DecisionFilter {
    /// Of this kind.
    pub kind: Option<DecisionKind>,
    /// About this worker or workstation: corrections and retractions.
    pub entity: Option<(EntityType, String)>,
    /// Only those that were not taken back, or only those that were.
    pub is_live: Option<bool>,
}

/// One page of decisions, the highest number first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Whether there are more after them.
    pub has_next: bool,
}

/// The decisions with numbers below `before` that a filter lets through; `first` is at most [`MAX_PAGE_DECISIONS`].
///
/// # Errors
/// The database failed.
pub async fn page(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    filter: &DecisionFilter,
    first: u32,
    before: Option<i32>,
) -> Result<Page> {
    let _ = (conn, factory_id, filter, first, before);
    todo!("the lead writes this")
}
