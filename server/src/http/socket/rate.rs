//! How many messages a peer may send: some at once, and then so many a second.

use std::time::Duration;

use tokio::time::Instant;

/// The messages that a peer may send at once: all subscriptions of a socket, and as many completions.
const BURST: u32 = 200;
/// How long until one more may come: twenty a second, several times what a person who changes pages does.
const PER_MESSAGE: Duration = Duration::from_millis(50);

/// What is left of a peer's allowance.
pub(super) struct MessageRate {
    /// When all of the burst is there again.
    full_at: Instant,
}

impl MessageRate {
    pub(super) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Counts a message; whether it is within the allowance.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        self.full_at = self.full_at.max(now) + PER_MESSAGE;
        self.full_at - now <= PER_MESSAGE * BURST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_what_time_gives_back() {
        let mut now = Instant::now();
        let mut rate = MessageRate::new(now);
        assert!((0..BURST).all(|_| rate.allows(now)));
        assert!(!rate.allows(now));
        now += 2 * PER_MESSAGE;
        assert!(rate.allows(now), "the refused one and this one");
        assert!(!rate.allows(now));
        now += PER_MESSAGE * 2 * BURST;
        assert!((0..BURST).all(|_| rate.allows(now)), "a pause gives back the burst");
        assert!(!rate.allows(now), "and no more than that");
    }
}
