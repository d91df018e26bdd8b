//! Lines of the log that clients cause are written now and then, so that none of them can fill the disk with them.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The shortest time between two lines of one kind: often enough for whoever looks for the cause of what just happened.
const MIN_INTERVAL: Duration = Duration::from_secs(10);

/// When a line of one kind was last written.
#[derive(Default)]
pub(super) struct LogLimit(Mutex<Option<Instant>>);

impl LogLimit {
    /// Whether to write a line now; if so, it counts as written.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= MIN_INTERVAL);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_at_first_and_then_once_in_an_interval() {
        let (limit, start) = (LogLimit::default(), Instant::now());
        assert!(limit.is_due(start));
        assert!(!limit.is_due(start + MIN_INTERVAL / 2));
        assert!(limit.is_due(start + MIN_INTERVAL));
        assert!(!limit.is_due(start + MIN_INTERVAL));
    }
}
