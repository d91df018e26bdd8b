//! Why a batch as a whole was not stored, or a decision not made.

use domain::validate::excerpt;

use super::limits::{MAX_BATCH_BUCKETS, MAX_BATCH_EVENTS, MAX_WAITING_DECISIONS};
use crate::store::StoreError;

/// Why a batch as a whole was not stored, or a decision not made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IngestError {
    /// It has too many events.
    #[error("a batch has at most {MAX_BATCH_EVENTS} events, this one has {0}; send it in parts")]
    TooManyEvents(usize),
    /// Its events cover too many buckets.
    #[error(
        "the events of a batch cover at most {MAX_BATCH_BUCKETS} five-minute buckets in all, these cover {0}; send fewer or \
         shorter ones at a time"
    )]
    TooManyBuckets(i64),
    /// There is no factory with this slug.
    #[error("there is no factory \"{}\"", excerpt(.0))]
    FactoryNotFound(String),
    /// The factory has half of the queue while others wait, or most of a queue that is full; the batch can be sent again.
    #[error(
        "this factory has half of the queue of batches while others wait, or most of it where it is full; nothing of this batch \
         is stored, send it again"
    )]
    QueueFull,
    /// Too many decisions wait; this one can be sent again.
    #[error(
        "{MAX_WAITING_DECISIONS} decisions are waiting to be made, and no more may; this one was not made, send it again with \
         the same requestId"
    )]
    TooManyDecisions,
    /// The server is stopping; what was sent can be sent again.
    #[error("the server is stopping; nothing of this is stored, send it again")]
    Stopping,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed when the first events of a large batch were stored.
    #[error("{error}, when the first {events} events of the batch were stored")]
    StoredInPart {
        /// How many were judged and stay.
        events: usize,
        /// Why the others are not stored.
        error: StoreError,
    },
}
