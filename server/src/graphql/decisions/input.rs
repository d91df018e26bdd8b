//! A decision as it is sent. What is judged here is its form; whether it is possible is judged where it is made.

use std::collections::HashSet;

use async_graphql::{ID, InputObject, OneofObject};
use domain::validate::{ID_RULE, id_fault, new_id_fault};

use super::decision::{CorrectedState, Standing};
use crate::{
    error::ApiError,
    graphql::{
        events::{EventForm, EventType},
        factories::EntityType,
        scalar::DateTime,
        text::quoted,
    },
    store::decisions::{Content, Correction, Retraction, StandingContent},
};

/// What is decided: exactly one of these.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum DecisionInput {
    /// What workers or workstations did over a span of time, whatever was reported, or units of one.
    Correction(CorrectionInput),
    /// Whether the events of a source and of a model version count.
    Standing(StandingInput),
    /// That one event does not count.
    Retraction(RetractionInput),
    /// The number of a decision that does not hold any more.
    Withdrawal(i32),
}

/// What workers or workstations did over a span of time of at most 31 days. It says a state, units, or both.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CorrectionInput {
    /// Workers or workstations.
    entity_type: EntityType,
    /// Who, 1 to 1 000; those that were never seen are registered. Either this or `area`.
    entity_ids: Option<Vec<ID>>,
    /// All that are in this area now. Those that come into it later are not meant.
    area: Option<String>,
    /// Start.
    from: DateTime,
    /// End, which it does not include; no later than now.
    to: DateTime,
    /// What they did; left out, that stays as it was reported.
    state: Option<CorrectedState>,
    /// Units to add, or below zero to take away, of a single worker or workstation; -1 000 000 to 1 000 000. They are spread
    /// evenly over the span, which may be an instant if no state is said.
    units: Option<i64>,
}

/// Whether the events of a source and of a model version count, of those that start in a span of time, now and later. Of
/// several that are about an event, one about a source and a model version holds before one about a source, that before one
/// about a model version, and that before one about all; among equals the last one.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct StandingInput {
    /// Whether they count.
    standing: Standing,
    /// The camera or device; left out means all, and events that name none.
    source_id: Option<ID>,
    /// The model version; left out means all, and events that name none.
    model_version: Option<ID>,
    /// Instead of a model version: the events that name none.
    #[graphql(default = false)]
    without_model_version: bool,
    /// Starting here or later; left out means from ever.
    from: Option<DateTime>,
    /// Starting before this; left out means for ever.
    to: Option<DateTime>,
}

/// An event that is stored, and all that other model versions and sources say of the same, now and later.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RetractionInput {
    /// Worker or workstation.
    entity_type: EntityType,
    /// Who or what was seen.
    entity_id: ID,
    /// What was reported.
    event_type: EventType,
    /// Its start, or from when on it says so.
    timestamp: DateTime,
    /// The sender's own id of it, if it has one.
    event_id: Option<ID>,
    /// Whether it is about an interval, or says so from its timestamp on.
    #[graphql(default_with = "EventForm::Interval")]
    form: EventForm,
}

impl TryFrom<DecisionInput> for Content {
    type Error = ApiError;

    fn try_from(input: DecisionInput) -> Result<Self, ApiError> {
        Ok(match input {
            DecisionInput::Correction(input) => Self::Correction(input.try_into()?),
            DecisionInput::Standing(input) => Self::Standing(input.try_into()?),
            DecisionInput::Retraction(input) => Self::Retraction(input.try_into()?),
            DecisionInput::Withdrawal(number) => Self::Withdrawal(number),
        })
    }
}

impl TryFrom<CorrectionInput> for Correction {
    type Error = ApiError;

    fn try_from(input: CorrectionInput) -> Result<Self, ApiError> {
        let (entity_codes, area) = match (input.entity_ids, input.area) {
            (Some(ids), None) => (each_once(ids)?, None),
            (None, Some(area)) => (Vec::new(), Some(area)),
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_user_input(
                    "a correction names either entityIds or an area, but both were sent; leave one out",
                ));
            }
            (None, None) => {
                return Err(ApiError::bad_user_input(
                    "a correction names either entityIds or an area, but neither was sent",
                ));
            }
        };
        Ok(Self {
            entity_type: input.entity_type.into(),
            entity_codes,
            area,
            from_ms: input.from.to_ms()?.0,
            to_ms: input.to.to_ms()?.0,
            state: input.state.map(Into::into),
            units: input.units,
        })
    }
}

impl TryFrom<StandingInput> for StandingContent {
    type Error = ApiError;

    fn try_from(input: StandingInput) -> Result<Self, ApiError> {
        if input.without_model_version && input.model_version.is_some() {
            return Err(ApiError::bad_user_input(
                "a decision is about a modelVersion or about events without one, but both were sent; leave modelVersion or \
                 withoutModelVersion out",
            ));
        }
        let instant = |sent: Option<DateTime>| sent.map(|sent| sent.to_ms()).transpose();
        Ok(Self {
            standing: input.standing.into(),
            source: input.source_id.map(|sent| known_id("sourceId", sent)).transpose()?,
            model_version: input.model_version.map(|sent| known_id("modelVersion", sent)).transpose()?,
            without_model_version: input.without_model_version,
            from_ms: instant(input.from)?.map(|from_ms| from_ms.0),
            to_ms: instant(input.to)?.map(|to_ms| to_ms.0),
        })
    }
}

impl TryFrom<RetractionInput> for Retraction {
    type Error = ApiError;

    fn try_from(input: RetractionInput) -> Result<Self, ApiError> {
        Ok(Self {
            entity_type: input.entity_type.into(),
            entity_code: input.entity_id.0,
            event_type: input.event_type.into(),
            at_ms: input.timestamp.to_ms()?.0,
            event_code: input.event_id.map(|id| id.0).unwrap_or_default(),
            form: input.form.into(),
        })
    }
}

/// A new id, by the rule for those.
pub(super) fn id(field: &str, sent: ID) -> Result<String, ApiError> {
    match new_id_fault(&sent) {
        None => Ok(sent.0),
        Some(fault) => Err(not_an_id(field, &sent, &fault.to_string())),
    }
}

/// An id that events may have had for long.
fn known_id(field: &str, sent: ID) -> Result<String, ApiError> {
    match id_fault(&sent) {
        None => Ok(sent.0),
        Some(fault) => Err(not_an_id(field, &sent, &fault.to_string())),
    }
}

fn not_an_id(field: &str, sent: &str, fault: &str) -> ApiError {
    ApiError::bad_user_input(format!("{field} must have {ID_RULE}; it {fault}: {}", quoted(sent)))
}

fn each_once(ids: Vec<ID>) -> Result<Vec<String>, ApiError> {
    let mut seen = HashSet::new();
    if let Some(again) = ids.iter().find(|id| !seen.insert(id.as_str())) {
        let again = quoted(again);
        return Err(ApiError::bad_user_input(format!("entityIds names {again} twice; name each once")));
    }
    Ok(ids.into_iter().map(|id| id.0).collect())
}
