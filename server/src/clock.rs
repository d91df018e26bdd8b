//! The time of day, which tests can set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::time::TimestampMs;
use tokio::sync::watch;

/// How long a sleep lasts before the operating system's clock is read again, so that a corrected clock is noticed.
const RECHECK_INTERVAL: Duration = Duration::from_secs(30);

/// Where the application reads the time of day. Clones share one time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The operating system's clock.
    System,
    /// A clock that does not move until it is set.
    Manual(watch::Sender<TimestampMs>),
}

impl Clock {
    /// A clock that shows this instant, in Unix milliseconds, until it is set.
    pub fn manual(now_ms: TimestampMs) -> Self {
        Self::Manual(watch::Sender::new(now_ms))
    }

    /// Sets a manual clock; every sleep checks it again. The system's clock cannot be set and stays as it is.
    pub fn set(&self, now_ms: TimestampMs) {
        if let Self::Manual(time) = self {
            time.send_replace(now_ms);
        }
    }

    /// Now, in Unix milliseconds.
    pub fn now_ms(&self) -> TimestampMs {
        match self {
            Self::System => TimestampMs(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since_epoch| i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)),
            ),
            Self::Manual(time) => *time.borrow(),
        }
    }

    /// Waits until the clock shows this instant or a later one.
    pub async fn sleep_until(&self, instant_ms: TimestampMs) {
        match self {
            Self::System => loop {
                let left_ms = instant_ms - self.now_ms();
                let Ok(left_ms) = u64::try_from(left_ms.0) else { return };
                if left_ms == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(left_ms).min(RECHECK_INTERVAL)).await;
            },
            Self::Manual(time) => {
                let mut time = time.subscribe();
                // The sender lives in `self`, so waiting cannot fail.
                let _reached = time.wait_for(|now_ms| *now_ms >= instant_ms).await;
            }
        }
    }
}
