//! How far a factory's clocks are ahead of UTC, for clients whose own rules of time zones may be older.

use async_graphql::SimpleObject;
use domain::{
    MS_PER_DAY,
    time::{DurationMs, TimestampMs},
    zone::Zone,
};

use crate::graphql::scalar::DateTime;

/// 2000-01-01T00:00Z: no event is earlier.
const FIRST_MS: TimestampMs = TimestampMs(946_684_800_000);
/// How far ahead offsets are told: calendars show the next year.
const AHEAD_MS: DurationMs = DurationMs(2 * 366 * MS_PER_DAY);

/// What a time zone's clocks show, compared with UTC, from an instant until the next one of the list.
#[derive(SimpleObject)]
pub(crate) struct UtcOffset {
    /// The first instant with this offset.
    from: DateTime,
    /// How many seconds the clocks are ahead of UTC; negative west of it.
    offset_seconds: i32,
}

/// The offsets of a zone since 2000, in the order of time.
pub(super) fn utc_offsets(zone: Zone, now_ms: TimestampMs) -> Vec<UtcOffset> {
    let changes = std::iter::successors(Some(FIRST_MS), |&from_ms| zone.next_change_ms(from_ms));
    changes
        .take_while(|&from_ms| from_ms <= now_ms + AHEAD_MS)
        .map(|from_ms| UtcOffset {
            from: DateTime::from_ms(from_ms),
            offset_seconds: (zone.offset_ms(from_ms).0 / 1_000) as i32,
        })
        .collect()
}
