//! How much one batch and the queue may hold.

/// The most events in one batch: one parse of the body and one share of a transaction.
pub const MAX_BATCH_EVENTS: usize = 10_000;
/// The most five-minute buckets that a batch covers, counted per event: a bound on the sums that it changes.
pub const MAX_BATCH_BUCKETS: i64 = 1_000_000;
/// The most events that wait: some tens of megabytes, a second or so of work.
pub const MAX_QUEUED_EVENTS: usize = 100_000;
/// The most batches that wait, however small.
pub const MAX_QUEUED_BATCHES: usize = 1_024;
/// The most events of one transaction, unless a single batch has more.
pub const MAX_GROUP_EVENTS: usize = 10_000;
