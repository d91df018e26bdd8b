//! Whether the figures of a window will stay as they are, unless somebody decides otherwise or something comes late.

use serde::{Deserialize, Serialize};

use crate::{
    closing::is_closed,
    device::{BEHIND_AFTER_MS, Condition, was_heard},
    time::TimestampMs,
};

/// Why the figures of a window may still change by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FinalityReason {
    /// It has not ended yet, or has no end.
    NotEnded,
    /// It has ended, and what comes late is still awaited.
    NotClosed,
    /// Something was decided that is not in its sums yet.
    DecisionsPending,
    /// A device that reports from it was not heard for a while.
    DeviceSilent,
    /// In a device that reports from it events wait.
    DeviceBehind,
    /// Events that such a device has numbered have not come.
    DeviceHoles,
}

/// What it follows from whether a window is final. Instants are Unix milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Now, by the server's clock.
    pub now_ms: TimestampMs,
    /// The end of the window; none when it has none.
    pub ends_ms: Option<TimestampMs>,
    /// Up to when the factory's buckets are closed now.
    pub mark_ms: Option<TimestampMs>,
    /// Whether a decision is made and not applied yet.
    pub has_pending_decisions: bool,
    /// How the devices are doing that the window concerns.
    pub devices: Vec<Condition>,
}

impl Facts {
    /// Why the window is not final, each reason once, in their order; it is final where there is none.
    pub fn reasons(&self) -> Vec<FinalityReason> {
        let Self { now_ms, ends_ms, mark_ms, has_pending_decisions, ref devices } = *self;
        let has_ended = ends_ms.is_some_and(|ends_ms| ends_ms <= now_ms);
        let is_closed = ends_ms.zip(mark_ms).is_some_and(|(ends_ms, mark_ms)| is_closed(ends_ms, mark_ms));
        let is_any =
            |is: fn(&Condition, TimestampMs) -> bool| devices.iter().any(|device| is(device, now_ms));
        [
            (!has_ended, FinalityReason::NotEnded),
            (has_ended && !is_closed, FinalityReason::NotClosed),
            (has_pending_decisions, FinalityReason::DecisionsPending),
            (is_any(is_silent), FinalityReason::DeviceSilent),
            (is_any(is_behind), FinalityReason::DeviceBehind),
            (is_any(has_holes), FinalityReason::DeviceHoles),
        ]
        .into_iter()
        .filter_map(|(holds, reason)| holds.then_some(reason))
        .collect()
    }
}

fn is_silent(device: &Condition, now_ms: TimestampMs) -> bool {
    !was_heard(device.last_seen_at_ms, now_ms)
}

fn is_behind(device: &Condition, _now_ms: TimestampMs) -> bool {
    let waits = |oldest_ms| device.last_seen_at_ms - oldest_ms > BEHIND_AFTER_MS;
    device.oldest_queued_at_ms.is_some_and(waits)
}

fn has_holes(device: &Condition, _now_ms: TimestampMs) -> bool {
    device.missing_events > 0
}

#[cfg(test)]
mod tests {
    use super::{
        FinalityReason::{DecisionsPending, DeviceBehind, DeviceHoles, DeviceSilent, NotClosed, NotEnded},
        *,
    };
    use crate::{MS_PER_HOUR, device::SILENT_AFTER_MS, time::DurationMs};

    const NOW_MS: TimestampMs = TimestampMs(1_000 * MS_PER_HOUR);
    const MS: DurationMs = DurationMs(1);
    const FINE: Condition =
        Condition { last_seen_at_ms: NOW_MS, oldest_queued_at_ms: None, missing_events: 0, lost_at_ms: None };

    fn closed() -> Facts {
        let ends_ms = NOW_MS - DurationMs(MS_PER_HOUR);
        Facts { now_ms: NOW_MS, ends_ms: Some(ends_ms), mark_ms: Some(ends_ms), ..Facts::default() }
    }

    fn with(devices: &[Condition]) -> Vec<FinalityReason> {
        Facts { devices: devices.to_vec(), ..closed() }.reasons()
    }

    #[test]
    fn a_window_is_final_once_it_is_closed() {
        assert_eq!(closed().reasons(), []);
        assert_eq!(
            Facts { mark_ms: Some(closed().ends_ms.unwrap() - MS), ..closed() }.reasons(),
            [NotClosed]
        );
        assert_eq!(Facts { mark_ms: None, ..closed() }.reasons(), [NotClosed]);
        assert_eq!(Facts { ends_ms: Some(NOW_MS), ..closed() }.reasons(), [NotClosed]);
        assert_eq!(Facts { ends_ms: Some(NOW_MS + MS), ..closed() }.reasons(), [NotEnded]);
        assert_eq!(Facts { ends_ms: None, ..closed() }.reasons(), [NotEnded], "all time never ends");
        assert_eq!(Facts { has_pending_decisions: true, ..closed() }.reasons(), [DecisionsPending]);
    }

    #[test]
    fn a_window_is_not_final_while_a_device_is_silent_or_behind_or_has_holes() {
        assert_eq!(with(&[FINE]), []);
        let heard = |ago_ms| Condition { last_seen_at_ms: NOW_MS - ago_ms, ..FINE };
        assert_eq!(with(&[heard(SILENT_AFTER_MS)]), []);
        let silent = heard(SILENT_AFTER_MS + MS);
        assert_eq!(with(&[FINE, silent]), [DeviceSilent]);
        let waiting = |for_ms| Condition { oldest_queued_at_ms: Some(NOW_MS - for_ms), ..FINE };
        assert_eq!(with(&[waiting(BEHIND_AFTER_MS)]), []);
        let behind = waiting(BEHIND_AFTER_MS + MS);
        assert_eq!(with(&[behind]), [DeviceBehind]);
        let holes = Condition { missing_events: 1, ..FINE };
        assert_eq!(with(&[holes]), [DeviceHoles]);
        assert_eq!(with(&[holes, silent, behind, silent]), [DeviceSilent, DeviceBehind, DeviceHoles]);
    }

    #[test]
    fn what_a_device_has_lost_leaves_a_window_final() {
        assert_eq!(with(&[Condition { lost_at_ms: Some(NOW_MS), ..FINE }]), []);
    }
}
