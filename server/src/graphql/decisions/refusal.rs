//! Why a decision was not made, in words to go on with.

use domain::validate::{ID_RULE, new_id_fault};

use crate::{
    error::{ApiError, ErrorCode},
    graphql::text::quoted,
    store::{
        decisions::{Content, NewDecision, NotDecided},
        entities::MAX_ENTITIES,
        intern::MAX_NAMES,
    },
};

/// What the sender of a decision is told.
pub(super) fn refusal(new: &NewDecision, refused: NotDecided) -> ApiError {
    match refused {
        NotDecided::NoFactory => ApiError::factory_not_found(new.factory_slug.as_str()),
        NotDecided::Invalid(fault) => invalid(fault.to_string()),
        NotDecided::RequestReused(number) => {
            let request = quoted(&new.request_id);
            let message = format!(
                "the request {request} was sent before with other content, and made decision {number}; send this one with a \
                 requestId of its own"
            );
            ApiError { decision: Some(number), ..ApiError::new(ErrorCode::RequestReused, message) }
        }
        NotDecided::ChangedMeanwhile(number) => {
            let message = format!(
                "decision {number} was made meanwhile and is about the same; look at it, and decide again with seenDecision: \
                 {number}"
            );
            ApiError { decision: Some(number), ..ApiError::new(ErrorCode::ChangedMeanwhile, message) }
        }
        NotDecided::NoSuchDecision(number) => {
            let message = format!("there is no decision {number}; `decisions` lists those that there are");
            ApiError::new(ErrorCode::NotFound, message)
        }
        NotDecided::NoSuchEvent => ApiError::new(ErrorCode::NotFound, no_such_event(&new.content)),
        NotDecided::EmptyArea => {
            let area = match &new.content {
                Content::Correction(correction) => correction.area.as_deref().unwrap_or_default(),
                _ => "",
            };
            invalid(format!(
                "nobody and nothing is in the area {}; name entityIds, or put them into the area by updateEntities first",
                quoted(area)
            ))
        }
        NotDecided::InvalidId(id) => {
            let fault =
                new_id_fault(&id).map_or_else(|| "is not possible".to_owned(), |fault| fault.to_string());
            invalid(format!(
                "the ids that a decision registers must have {ID_RULE}; one {fault}: {}",
                quoted(&id)
            ))
        }
        NotDecided::EntityLimitReached => ApiError::limit_exceeded(format!(
            "a factory has at most {MAX_ENTITIES} workers and workstations, and with those named here it would have more; \
             nothing was decided"
        )),
        NotDecided::TooManyNames => ApiError::limit_exceeded(format!(
            "a factory has at most {MAX_NAMES} sources and as many model versions, and this decision names a new one; name one \
             that events have"
        )),
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::new(ErrorCode::DecisionInvalid, message)
}

fn no_such_event(content: &Content) -> String {
    let advice = "`events` lists those that are stored, each with its eventType, timestamp, eventId and form";
    match content {
        Content::Retraction(retraction) => {
            format!("no such event of {} is stored; {advice}", quoted(&retraction.entity_code))
        }
        _ => format!("no such event is stored; {advice}"),
    }
}
