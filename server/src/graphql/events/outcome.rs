//! What became of a batch.

use async_graphql::{Enum, SimpleObject};
use domain::validate::RejectionCode;

use crate::{
    graphql::scalar::BigInt,
    ingest::{Issue, IssueCode, Outcome},
};

/// What became of a batch: accepted + duplicates + conflicts + rejected = the number of events sent.
#[derive(SimpleObject)]
pub(crate) struct IngestEventsPayload {
    /// Stored now.
    accepted: usize,
    /// Said before, in the same words.
    duplicates: usize,
    /// Said before, in other words.
    conflicts: usize,
    /// Not valid.
    rejected: usize,
    /// One for each conflict and each rejection, in the order of the batch.
    issues: Vec<EventIssue>,
    /// The factory's revision once this batch is in (the current one when it stored nothing). Any answer or delivery with
    /// this revision or a later one includes the batch.
    revision: BigInt,
}

impl From<Outcome> for IngestEventsPayload {
    fn from(outcome: Outcome) -> Self {
        Self {
            accepted: outcome.accepted,
            duplicates: outcome.duplicates,
            conflicts: outcome.conflicts,
            rejected: outcome.rejected,
            issues: outcome.issues.into_iter().map(Into::into).collect(),
            revision: BigInt(outcome.revision.0),
        }
    }
}

/// Why one event of a batch was not stored.
#[derive(SimpleObject)]
pub(crate) struct EventIssue {
    /// Position in the batch, from 0.
    index: usize,
    /// For programs.
    code: EventIssueCode,
    /// What is allowed and what was sent, for a person to read.
    message: String,
}

impl From<Issue> for EventIssue {
    fn from(issue: Issue) -> Self {
        Self { index: issue.index, code: issue.code.into(), message: issue.message }
    }
}

/// What is wrong with one event: the first rule it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum EventIssueCode {
    /// It contradicts a stored event of the same identity, which stays as it is.
    Conflict,
    /// The timestamp is not RFC 3339 with an offset.
    TimestampInvalid,
    /// The timestamp is before 2000-01-01.
    TimestampOutOfRange,
    /// The interval ends, or a state report begins, later than the server's clock allows.
    TimestampInFuture,
    /// The entity's id is empty, too long, or has control characters or blanks at an end.
    EntityIdInvalid,
    /// The duration is not from 0 to 1440 minutes.
    DurationOutOfRange,
    /// The hold is not from 1 to 1440 minutes, or stands beside a duration.
    HoldInvalid,
    /// The units are not from 0 to 1 000 000.
    UnitsOutOfRange,
    /// The confidence is not from 0 to 1.
    ConfidenceOutOfRange,
    /// As for the entity's id.
    ModelVersionInvalid,
    /// As for the entity's id.
    EventIdInvalid,
    /// As for the entity's id.
    SourceIdInvalid,
    /// As for the entity's id, or the event is not a worker's.
    WorkstationIdInvalid,
    /// The factory has as many workers and workstations as it may.
    EntityLimitReached,
    /// The factory has as many model versions as it may.
    ModelVersionLimitReached,
    /// The factory has as many sources as it may.
    SourceLimitReached,
}

impl From<IssueCode> for EventIssueCode {
    fn from(code: IssueCode) -> Self {
        match code {
            IssueCode::Conflict => Self::Conflict,
            IssueCode::EntityLimitReached => Self::EntityLimitReached,
            IssueCode::ModelVersionLimitReached => Self::ModelVersionLimitReached,
            IssueCode::SourceLimitReached => Self::SourceLimitReached,
            IssueCode::Rejected(code) => code.into(),
        }
    }
}

impl From<RejectionCode> for EventIssueCode {
    fn from(code: RejectionCode) -> Self {
        match code {
            RejectionCode::TimestampInvalid => Self::TimestampInvalid,
            RejectionCode::TimestampOutOfRange => Self::TimestampOutOfRange,
            RejectionCode::TimestampInFuture => Self::TimestampInFuture,
            RejectionCode::EntityIdInvalid => Self::EntityIdInvalid,
            RejectionCode::DurationOutOfRange => Self::DurationOutOfRange,
            RejectionCode::HoldInvalid => Self::HoldInvalid,
            RejectionCode::UnitsOutOfRange => Self::UnitsOutOfRange,
            RejectionCode::ConfidenceOutOfRange => Self::ConfidenceOutOfRange,
            RejectionCode::ModelVersionInvalid => Self::ModelVersionInvalid,
            RejectionCode::EventIdInvalid => Self::EventIdInvalid,
            RejectionCode::SourceIdInvalid => Self::SourceIdInvalid,
            RejectionCode::WorkstationIdInvalid => Self::WorkstationIdInvalid,
        }
    }
}
