//! What can be wrong with an event that is not stored, and what a person is told of it.

use domain::{
    event::Event,
    validate::{RejectionCode, excerpt},
};

use crate::store::{engine::code::Code, entities::MAX_ENTITIES, intern::MAX_NAMES, writer::Verdict};

/// What is wrong with one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueCode {
    /// It contradicts what is stored.
    Conflict,
    /// It is not valid.
    Rejected(RejectionCode),
    /// It names one worker or workstation too many.
    EntityLimitReached,
    /// It names one model version too many.
    ModelVersionLimitReached,
    /// It names one source too many.
    SourceLimitReached,
}

/// The number of the first rejection; the others follow in the order of their kind.
const FIRST_REJECTION: i16 = 10;

impl Code for IssueCode {
    const CODES: &'static [(Self, i16)] = &[
        (Self::Conflict, 0),
        (Self::EntityLimitReached, 1),
        (Self::ModelVersionLimitReached, 2),
        (Self::SourceLimitReached, 3),
        (Self::Rejected(RejectionCode::TimestampInvalid), 10),
        (Self::Rejected(RejectionCode::TimestampOutOfRange), 11),
        (Self::Rejected(RejectionCode::TimestampInFuture), 12),
        (Self::Rejected(RejectionCode::EntityIdInvalid), 13),
        (Self::Rejected(RejectionCode::DurationOutOfRange), 14),
        (Self::Rejected(RejectionCode::HoldInvalid), 15),
        (Self::Rejected(RejectionCode::UnitsOutOfRange), 16),
        (Self::Rejected(RejectionCode::ConfidenceOutOfRange), 17),
        (Self::Rejected(RejectionCode::ModelVersionInvalid), 18),
        (Self::Rejected(RejectionCode::EventIdInvalid), 19),
        (Self::Rejected(RejectionCode::SourceIdInvalid), 20),
        (Self::Rejected(RejectionCode::WorkstationIdInvalid), 21),
    ];

    fn code(self) -> i16 {
        match self {
            Self::Conflict => 0,
            Self::EntityLimitReached => 1,
            Self::ModelVersionLimitReached => 2,
            Self::SourceLimitReached => 3,
            Self::Rejected(code) => FIRST_REJECTION + code as i16,
        }
    }
}

const CONFLICT: &str = "an event with the same entity, type, timestamp and eventId is stored and says something else; \
                        the stored one stays, this one is kept beside it. If both are true, give each an eventId";

impl Verdict {
    /// Why the event was not stored, for programs and for people; none when it was, now or before.
    pub fn issue(self, event: &Event) -> Option<(IssueCode, String)> {
        Some(match self {
            Self::Accepted | Self::Duplicate => return None,
            Self::Conflict => (IssueCode::Conflict, CONFLICT.to_owned()),
            Self::EntityLimitReached => {
                let message = one_too_many(MAX_ENTITIES, "workers and workstations", &event.entity_code);
                (IssueCode::EntityLimitReached, message)
            }
            Self::ModelVersionLimitReached => {
                let named = event.model_version.as_deref().unwrap_or_default();
                (IssueCode::ModelVersionLimitReached, one_too_many(MAX_NAMES, "model versions", named))
            }
            Self::SourceLimitReached => {
                let named = event.source.as_deref().unwrap_or_default();
                (IssueCode::SourceLimitReached, one_too_many(MAX_NAMES, "sources", named))
            }
            Self::NameRefused(name) => {
                let rejection = name.rejection(event)?;
                (IssueCode::Rejected(rejection.code), rejection.message)
            }
        })
    }
}

fn one_too_many(limit: usize, what: &str, named: &str) -> String {
    format!("a factory has at most {limit} {what}; \"{}\" would be one more", excerpt(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_number_of_its_own_and_is_read_from_it() {
        for (code, number) in IssueCode::CODES {
            assert_eq!(code.code(), *number);
            assert_eq!(IssueCode::of_code(*number).expect("a code"), *code);
        }
    }
}
