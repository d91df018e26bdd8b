//! Which decisions to list.

use async_graphql::{ID, InputObject};

use super::decision::DecisionKind;
use crate::{error::ApiError, graphql::factories::EntityType, store::decisions};

/// Only decisions for which all of these hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct DecisionFilter {
    /// The one with this number.
    number: Option<i32>,
    /// Of this kind.
    kind: Option<DecisionKind>,
    /// With `entityId`: the corrections and retractions of this worker or workstation.
    entity_type: Option<EntityType>,
    /// With `entityType`.
    entity_id: Option<ID>,
    /// true: only those that hold. false: only those that were taken back.
    live: Option<bool>,
}

impl TryFrom<DecisionFilter> for decisions::DecisionFilter {
    type Error = ApiError;

    fn try_from(filter: DecisionFilter) -> Result<Self, ApiError> {
        let entity = match (filter.entity_type, filter.entity_id) {
            (Some(entity_type), Some(id)) => Some((entity_type.into(), id.0)),
            (None, None) => None,
            _ => {
                return Err(ApiError::bad_user_input(
                    "a filter has either both of entityType and entityId or none of them, but one was sent",
                ));
            }
        };
        let kind = filter.kind.map(Into::into);
        Ok(Self { number: filter.number, kind, entity, is_live: filter.live, is_of_models: false })
    }
}
