//! The limits that a sender and the server must agree on: a sender that keeps them is never refused for size.

use std::time::Duration;

pub use crate::validate::MAX_ID_CHARS;

/// The most events of one request: one parse of its body and one share of a transaction.
pub const MAX_BATCH_EVENTS: usize = 10_000;

/// The most bytes of a request's body once it is inflated: a batch of the most events, with long names.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The most workers and workstations that one request names or places: a large plant's, and some 100 ms of the one writer.
pub const MAX_ENTITY_CHANGES: usize = 5_000;

/// The most five-minute buckets that the events of one request cover, counted per event: a bound on the sums that it
/// changes.
pub const MAX_BATCH_BUCKETS: i64 = 1_000_000;

/// The most ranges of numbers that a request reports as closed: what a statement writes at once.
pub const MAX_CLOSED_RANGES_PER_BATCH: usize = 100;

/// The most ranges in each list of a device's numbers. A list of so many may have been cut.
pub const MAX_LISTED_RANGES: usize = 200;

/// The largest count and sequence number, in events: what 53 bits hold, because a `BigInt` of the API has no more.
pub const MAX_COUNT: i64 = (1 << 53) - 1;

/// The most characters of one message of an error or issue.
pub const MAX_MESSAGE_CHARS: usize = 200;

/// How often a device with nothing to send says that it is there. It counts as silent after four times that
/// ([`crate::device::SILENT_AFTER_MS`]).
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::SILENT_AFTER_MS;

    #[test]
    fn a_device_is_silent_after_four_missed_heartbeats() {
        assert_eq!((4 * HEARTBEAT_INTERVAL).as_millis() as i64, SILENT_AFTER_MS.0);
    }
}
