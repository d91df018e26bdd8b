//! Up to when a factory's buckets are closed: what changes in a closed one is written down, so that it can be told later.
//!
//! The mark follows the time of the factory's commits at a distance that its people set, and it never falls: a longer grace
//! holds it where it is until that has caught up.

use crate::{
    MS_PER_HOUR,
    time::{DurationMs, TimestampMs},
};

/// The longest that a bucket can be kept open for what comes late, in hours: 30 days.
pub const MAX_GRACE_HOURS: u16 = 720;

/// How long a bucket stays open where nobody has set it, in hours.
pub const DEFAULT_GRACE_HOURS: u16 = 24;

/// For how long it can be asked what was answered then: rows of the ledger are kept for so long after their commit.
pub const KEPT_FOR_MS: DurationMs = DurationMs(400 * crate::MS_PER_DAY);

/// From when on a grace is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// The commit that set it, Unix milliseconds.
    pub at_ms: TimestampMs,
    /// For how many hours after its end a bucket stays open.
    pub hours: u16,
}

impl Grace {
    fn length_ms(self) -> DurationMs {
        DurationMs(i64::from(self.hours) * MS_PER_HOUR)
    }
}

/// The instant of a commit: the clock's, but never before that of the commit before.
pub fn commit_instant(last_ms: TimestampMs, clock_ms: TimestampMs) -> TimestampMs {
    last_ms.max(clock_ms)
}

/// The mark at an instant, given what it was when the grace was set that holds then.
pub fn mark(floor_ms: TimestampMs, hours: u16, at_ms: TimestampMs) -> TimestampMs {
    let grace = Grace { at_ms, hours };
    floor_ms.max(at_ms - grace.length_ms())
}

/// Whether a bucket that ends at an instant is closed.
pub fn is_closed(ends_ms: TimestampMs, mark_ms: TimestampMs) -> bool {
    ends_ms <= mark_ms
}

/// The mark at an instant, given every grace that was set, in their order; none before the first.
pub fn mark_at(graces: &[Grace], at_ms: TimestampMs) -> Option<TimestampMs> {
    reached(graces)
        .filter(|(grace, _)| grace.at_ms <= at_ms)
        .map(|(grace, until_ms)| {
            let reached_ms = until_ms.map_or(at_ms, |until_ms| until_ms.min(at_ms));
            reached_ms - grace.length_ms()
        })
        .max()
}

/// The first instant at which everything before another one is closed, as long as no other grace is set.
pub fn closes_at(graces: &[Grace], ends_ms: TimestampMs) -> Option<TimestampMs> {
    reached(graces).find_map(|(grace, until_ms)| {
        let closes_ms = grace.at_ms.max(ends_ms + grace.length_ms());
        until_ms.is_none_or(|until_ms| closes_ms <= until_ms).then_some(closes_ms)
    })
}

/// Every grace with the instant up to which it held.
fn reached(graces: &[Grace]) -> impl Iterator<Item = (Grace, Option<TimestampMs>)> {
    graces.iter().enumerate().map(|(index, grace)| (*grace, graces.get(index + 1).map(|next| next.at_ms)))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn graces() -> impl Strategy<Value = Vec<Grace>> {
        vec((0_i64..50, 1_u16..60), 1..6).prop_map(|steps| {
            let mut at = 0;
            let step = |(later, hours)| {
                at += later;
                Grace { at_ms: TimestampMs(at * MS_PER_HOUR), hours }
            };
            steps.into_iter().map(step).collect()
        })
    }

    fn hour(hour: i64) -> TimestampMs {
        TimestampMs(hour * MS_PER_HOUR)
    }

    #[test]
    fn a_longer_grace_holds_the_mark_and_a_shorter_one_moves_it_on() {
        let graces = [(0, 24), (100, 48), (130, 1)].map(|(at, hours)| Grace { at_ms: hour(at), hours });
        let marks = [0, 100, 110, 124, 130, 131]
            .map(|at| mark_at(&graces, hour(at)).map(|mark| mark.0 / MS_PER_HOUR));
        assert_eq!(marks, [-24, 76, 76, 76, 129, 130].map(Some));
        assert_eq!(mark_at(&graces, hour(-1)), None);
        let closes =
            [-30, 76, 77, 129, 200].map(|end| closes_at(&graces, hour(end)).map(|at| at.0 / MS_PER_HOUR));
        assert_eq!(closes, [0, 100, 125, 130, 201].map(Some));
    }

    #[test]
    fn the_bucket_that_ends_at_the_mark_is_closed() {
        assert!(is_closed(hour(1), hour(1)));
        assert!(!is_closed(hour(1) + DurationMs(1), hour(1)));
    }

    #[test]
    fn no_commit_is_before_the_one_before() {
        assert_eq!(commit_instant(hour(2), hour(1)), hour(2));
        assert_eq!(commit_instant(hour(1), hour(2)), hour(2));
    }

    proptest! {
        #[test]
        fn the_mark_never_falls_and_is_what_its_floor_and_grace_give(graces in graces(), at in 0_i64..400) {
            let at_ms = hour(at);
            let now = mark_at(&graces, at_ms);
            prop_assert!(now <= mark_at(&graces, at_ms + DurationMs(MS_PER_HOUR)));
            let last = graces.iter().rposition(|grace| grace.at_ms <= at_ms);
            let Some(last) = last else {
                prop_assert_eq!(now, None);
                return Ok(());
            };
            // What the factory's row has: the mark when each grace was set.
            let mut floor_ms = graces[0].at_ms - graces[0].length_ms();
            for pair in graces[..=last].windows(2) {
                floor_ms = mark(floor_ms, pair[0].hours, pair[1].at_ms);
            }
            prop_assert_eq!(now, Some(mark(floor_ms, graces[last].hours, at_ms)));
        }

        #[test]
        fn what_closes_at_an_instant_is_closed_then_and_not_before(graces in graces(), end in -70_i64..400) {
            let ends_ms = hour(end);
            let closes_ms = closes_at(&graces, ends_ms).expect("the last grace has no end");
            prop_assert!(is_closed(ends_ms, mark_at(&graces, closes_ms).expect("a mark")));
            let before = mark_at(&graces, closes_ms - DurationMs(1));
            prop_assert!(before.is_none_or(|mark_ms| !is_closed(ends_ms, mark_ms)));
        }
    }
}
