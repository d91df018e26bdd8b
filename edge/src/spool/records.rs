//! What goes into a spool and what comes out of it.

use domain::sequence::{SequenceRange, SequenceSet};
use serde::Serialize;

use super::failure::Failure;
use crate::batch::Batch;
use crate::clock;

/// Which end of the queue to take from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What was spooled since the live lane began, in its order.
    Live,
    /// What was queued before that, the oldest first.
    Backlog,
}

/// Where the events of a batch are in the spool: consecutive positions of one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolRange {
    /// The epoch that the sequence numbers belong to; not always the current one.
    pub epoch: String,
    /// The sequence number of the first event; the others follow one by one.
    pub first_sequence: i64,
    /// The position of the first event; the others follow one by one. This is what the spool itself goes by.
    pub first_position: i64,
}

impl Batch<SpoolRange> {
    /// The positions of its events; a batch has at least one.
    pub(super) fn positions(&self) -> SequenceRange {
        let first = SequenceRange::one(self.origin.first_position);
        first.hull(SequenceRange::one(self.origin.first_position + self.events.len() as i64 - 1))
    }
}

/// What the server answered for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored, now or since earlier.
    Delivered,
    /// It will not be stored as it is: rejected, or in conflict with a stored one.
    Refused {
        /// The rule it broke, or `CONFLICT`.
        code: String,
        /// What was wrong, in words.
        message: String,
    },
}

/// Why sequence numbers will never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosedReason {
    /// The events are lost.
    Lost,
    /// The events wait in the device for a person; sent again, they get new numbers.
    DeadLettered,
}

impl ClosedReason {
    /// As the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "LOST",
            Self::DeadLettered => "DEAD_LETTERED",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Lost, Self::DeadLettered].into_iter().find(|reason| reason.name() == name)
    }
}

/// Sequence numbers that will never come, which the server has not answered for yet. It is serialized as
/// `ClosedRangeInput` of `schema.graphql`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The receipt's own number in the spool.
    #[serde(skip)]
    pub id: i64,
    /// The epoch of the sequence numbers.
    pub epoch: String,
    /// The first of them.
    pub first_sequence: i64,
    /// The last of them.
    pub last_sequence: i64,
    /// Why they never come.
    pub reason: ClosedReason,
    /// The earliest of the events' own timestamps, in Unix milliseconds, where that is known.
    #[serde(
        rename = "from",
        serialize_with = "clock::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    pub from_ms: Option<i64>,
    /// The latest of them.
    #[serde(
        rename = "to",
        serialize_with = "clock::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    pub to_ms: Option<i64>,
    /// What happened, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// An event that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// What it is called on the command line.
    pub id: i64,
    /// The epoch of its sequence number.
    pub epoch: String,
    /// The sequence number it had.
    pub sequence: i64,
    /// The event's JSON object.
    pub body: String,
    /// Why it was refused, in a word.
    pub code: String,
    /// Why it was refused, in a sentence.
    pub message: String,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// What a server says it knows of one epoch.
///
/// Below `highest`, what is in neither `holes` nor `refused` counts as stored. When the server's lists were cut short,
/// `highest` must be lowered to what they still cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEpoch {
    /// The epoch.
    pub epoch: String,
    /// The highest sequence number the server has answered for or was told will never come.
    pub highest: i64,
    /// The sequence numbers that it has no answer for.
    pub holes: SequenceSet,
    /// Those that it refused or was told will never come: everything else that is not stored.
    pub not_stored: SequenceSet,
}

/// What came of comparing the spool with the server's knowledge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Queued events that the server had already stored, and that have left the queue.
    pub delivered: i64,
    /// Events that neither side has, for which there are receipts now.
    pub lost: i64,
    /// Whether the file turned out to be older than what the server has seen of it, so that a new epoch began.
    pub is_restored: bool,
}

/// How a spool stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Whose events these are.
    pub device: String,
    /// The epoch of the events spooled now.
    pub epoch: String,
    /// The sequence number that the next event will get in it.
    pub next_sequence: i64,
    /// Events accepted so far: delivered, queued, dead-lettered and lost ones together.
    pub accepted: i64,
    /// Events that the server answered for as stored or duplicate.
    pub delivered: i64,
    /// Events still to be delivered, those in flight included.
    pub queued: i64,
    /// Events that wait for a person.
    pub dead_lettered: i64,
    /// What inputs brought that is no event and waits for a person; it was never accepted and counts in no other number.
    pub malformed: i64,
    /// Events accepted and lost, each of them in a receipt.
    pub lost: i64,
    /// Events that a damaged or restored file had forgotten and the server missed; they count in no other number here.
    pub lost_elsewhere: i64,
    /// Receipts that the server has not answered for.
    pub receipts: i64,
    /// When the oldest queued event was spooled, in Unix milliseconds.
    pub oldest_spooled_at_ms: Option<i64>,
    /// Bytes of the file in use.
    pub used_bytes: i64,
    /// Bytes of the file, its free pages included.
    pub file_bytes: i64,
    /// Why nothing is delivered, where that is so.
    pub failure: Option<Failure>,
}

impl Counts {
    /// All losses the device knows of, as the server is told.
    pub fn lost_events(&self) -> i64 {
        self.lost + self.lost_elsewhere
    }
}
