//! How a device is doing that sends a factory's events, as far as the server can tell from what it was told and what came.

use serde::{Deserialize, Serialize};

use crate::{
    MS_PER_DAY, MS_PER_MINUTE,
    time::{DurationMs, TimestampMs},
};

/// Silent is who was not heard for this long: four of the signs of life that an agent gives every 30 s.
pub const SILENT_AFTER_MS: DurationMs = DurationMs(2 * MS_PER_MINUTE);
/// Behind is whose oldest event waits for longer than this: more than any lingering, less than a person minds.
pub const BEHIND_AFTER_MS: DurationMs = DurationMs(MS_PER_MINUTE);
/// A loss is shown for this long, so that every shift of the day sees it.
pub const LOSING_FOR_MS: DurationMs = DurationMs(MS_PER_DAY);
/// A clock is off from this on: the server takes no event from further in the future than a few minutes.
pub const CLOCK_OFF_MS: DurationMs = DurationMs(2 * MS_PER_MINUTE);

/// How a device is doing, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeviceState {
    /// It lost events within the last day.
    Losing,
    /// Nothing was heard of it for two minutes.
    Silent,
    /// Events wait in it for more than a minute, or some that were numbered have not come.
    Behind,
    /// Everything that it has, the server has.
    Healthy,
}

/// What a device's state follows from. Instants are Unix milliseconds of the server's clock.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// When it was last heard.
    pub last_seen_at_ms: TimestampMs,
    /// Since when the oldest event that it holds waits, as of then; none when it holds none.
    pub oldest_queued_at_ms: Option<TimestampMs>,
    /// How many numbers have not come though higher ones have, and are not known to be lost.
    pub missing_events: i64,
    /// When the server last learned that it lost some.
    pub lost_at_ms: Option<TimestampMs>,
}

impl DeviceState {
    /// How a device is doing now: the worst of what is true.
    pub fn of(condition: &Condition, now_ms: TimestampMs) -> Self {
        let Condition { last_seen_at_ms, oldest_queued_at_ms, missing_events, lost_at_ms } = *condition;
        let is_recent =
            |at_ms: TimestampMs| now_ms - at_ms < LOSING_FOR_MS && at_ms - now_ms <= SILENT_AFTER_MS;
        if lost_at_ms.is_some_and(is_recent) {
            Self::Losing
        } else if !was_heard(last_seen_at_ms, now_ms) {
            Self::Silent
        } else if missing_events > 0
            || oldest_queued_at_ms.is_some_and(|oldest_ms| last_seen_at_ms - oldest_ms > BEHIND_AFTER_MS)
        {
            Self::Behind
        } else {
            Self::Healthy
        }
    }
}

/// Whether who was last heard then is not silent now. What lies further ahead than that was written while the server's clock
/// was wrong, so nobody knows when it was.
pub fn was_heard(heard_at_ms: TimestampMs, now_ms: TimestampMs) -> bool {
    (now_ms - heard_at_ms).0.unsigned_abs() <= SILENT_AFTER_MS.0.unsigned_abs()
}

/// Whether a clock that differs from the server's by this much is off.
pub fn is_clock_off(offset_ms: DurationMs) -> bool {
    offset_ms.0.unsigned_abs() > CLOCK_OFF_MS.0.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: TimestampMs = TimestampMs(10 * MS_PER_DAY);
    const MS: DurationMs = DurationMs(1);
    const FINE: Condition =
        Condition { last_seen_at_ms: NOW_MS, oldest_queued_at_ms: None, missing_events: 0, lost_at_ms: None };

    #[test]
    fn each_state_begins_past_its_limit() {
        let state = |condition| DeviceState::of(&condition, NOW_MS);
        assert_eq!(state(FINE), DeviceState::Healthy);
        let heard = |ago_ms| Condition { last_seen_at_ms: NOW_MS - ago_ms, ..FINE };
        assert_eq!(state(heard(SILENT_AFTER_MS)), DeviceState::Healthy);
        assert_eq!(state(heard(SILENT_AFTER_MS + MS)), DeviceState::Silent);
        let waiting = |for_ms| Condition { oldest_queued_at_ms: Some(NOW_MS - for_ms), ..FINE };
        assert_eq!(state(waiting(BEHIND_AFTER_MS)), DeviceState::Healthy);
        assert_eq!(state(waiting(BEHIND_AFTER_MS + MS)), DeviceState::Behind);
        assert_eq!(state(Condition { missing_events: 1, ..FINE }), DeviceState::Behind);
        let lost = |ago_ms| Condition { lost_at_ms: Some(NOW_MS - ago_ms), ..FINE };
        assert_eq!(state(lost(LOSING_FOR_MS - MS)), DeviceState::Losing);
        assert_eq!(state(lost(LOSING_FOR_MS)), DeviceState::Healthy);
    }

    #[test]
    fn what_was_heard_or_lost_by_a_clock_that_was_ahead_is_not_known() {
        let state = |condition| DeviceState::of(&condition, NOW_MS);
        let heard = |ahead_ms| Condition { last_seen_at_ms: NOW_MS + ahead_ms, ..FINE };
        assert_eq!(state(heard(SILENT_AFTER_MS)), DeviceState::Healthy);
        assert_eq!(state(heard(SILENT_AFTER_MS + MS)), DeviceState::Silent);
        let lost = |ahead_ms| Condition { lost_at_ms: Some(NOW_MS + ahead_ms), ..FINE };
        assert_eq!(state(lost(SILENT_AFTER_MS)), DeviceState::Losing);
        assert_eq!(state(lost(SILENT_AFTER_MS + MS)), DeviceState::Healthy);
    }

    #[test]
    fn the_worst_of_what_is_true_is_shown() {
        let all = Condition {
            last_seen_at_ms: NOW_MS - DurationMs(MS_PER_DAY),
            oldest_queued_at_ms: Some(TimestampMs(0)),
            missing_events: 9,
            lost_at_ms: Some(NOW_MS),
        };
        assert_eq!(DeviceState::of(&all, NOW_MS), DeviceState::Losing);
        assert_eq!(DeviceState::of(&Condition { lost_at_ms: None, ..all }, NOW_MS), DeviceState::Silent);
        assert!(DeviceState::Losing < DeviceState::Silent && DeviceState::Behind < DeviceState::Healthy);
    }

    #[test]
    fn a_clock_is_off_in_both_directions() {
        assert!(!is_clock_off(CLOCK_OFF_MS) && !is_clock_off(DurationMs(-CLOCK_OFF_MS.0)));
        assert!(
            is_clock_off(CLOCK_OFF_MS + MS)
                && is_clock_off(DurationMs(-CLOCK_OFF_MS.0 - 1))
                && is_clock_off(DurationMs(i64::MIN))
        );
    }
}
