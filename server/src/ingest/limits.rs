//! How much one batch and the queue may hold, and how much work one turn is. Work is counted in rows written, at most: an
//! event's own and those of the sums that it changes ([`domain::bucket::rows_written`]).

use std::time::Duration;

pub use domain::limits::{MAX_BATCH_BUCKETS, MAX_BATCH_EVENTS};

/// The most rows of an event that is not much longer than a bucket: its own, a sum of each of the four levels, and one more
/// where it crosses the edge of a bucket. Most of the sums are shared by the events of a group.
pub(super) const ROWS_OF_SHORT_EVENT: i64 = 6;
/// The most rows that wait to be written: 100 000 short events, which are some tens of megabytes, and some seconds of work.
pub const MAX_QUEUED_ROWS: i64 = 600_000;
/// The most batches that wait, however small.
pub const MAX_QUEUED_BATCHES: usize = 1_024;
/// The most rows that a single batch takes of the queue's room, so that the largest one that is allowed finds room beside
/// others, and is no more than one factory may have.
pub(super) const MAX_CHARGED_ROWS: i64 = MAX_QUEUED_ROWS / 2;
/// The most rows of a turn whose events are long: some 100 ms of work.
pub const MAX_TURN_ROWS: i64 = 20_000;
/// The most events of a turn; where none is long, that is some 100 ms of work too.
pub(super) const MAX_TURN_EVENTS: usize = MAX_BATCH_EVENTS;
/// The most batches of a turn, however small: a factory that fills turns can have as many waiting while others wait, too.
pub(super) const MAX_TURN_BATCHES: usize = MAX_QUEUED_BATCHES / 4;
/// The most decisions that wait, of all factories: people make them, and each is made between two turns.
pub const MAX_WAITING_DECISIONS: usize = 16;
/// How long a factory rests that had a whole turn for itself while others waited, in turns: a sender that waits for each of
/// its answers keeps more than half of its rate, whatever another factory sends.
pub(super) const REST_PER_TURN: f64 = 2.0;
/// How long decisions that are applied slice by slice rest between two slices while batches come, in slices: events keep more than
/// four fifths of the writer's time.
pub(super) const REST_PER_SLICE: u32 = 5;
/// How often servers that share a database look whether decisions are to be applied that one of them began with.
pub(super) const PENDING_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest rest of a factory that took more of the writer's time than its share: what is shorter, nobody notices.
pub(super) const MIN_REST: Duration = Duration::from_millis(5);
