//! A peer that takes too little of what it is sent.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::Sleep;

/// What a peer for which a write waits must take within the timeout, in bytes, unless that is all there is for it. A tenth
/// of the slowest line that a page is usable on; who takes less holds an answer in memory for longer than anybody reads it.
const LEAST_TAKEN_BYTES: usize = 16 * 1024;

/// Watches the writes of one connection.
pub(crate) struct Stall {
    timeout: Duration,
    waiting: Option<Waiting>,
}

/// A write waits for the peer.
struct Waiting {
    deadline: Pin<Box<Sleep>>,
    taken_bytes: usize,
}

impl Stall {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, waiting: None }
    }

    /// The outcome of a write of so many bytes, or an error when the peer has taken too little for too long.
    pub(crate) fn watch(
        &mut self,
        context: &mut Context<'_>,
        offered_bytes: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(taken_bytes)) => {
                let is_done = self.waiting.as_mut().is_some_and(|waiting| {
                    waiting.taken_bytes += taken_bytes;
                    *taken_bytes == offered_bytes || waiting.taken_bytes >= LEAST_TAKEN_BYTES
                });
                if is_done {
                    self.waiting = None;
                }
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let timeout = self.timeout;
                let waiting = self.waiting.get_or_insert_with(|| Waiting {
                    deadline: Box::pin(tokio::time::sleep(timeout)),
                    taken_bytes: 0,
                });
                ready!(waiting.deadline.as_mut().poll(context));
                let error = "the peer takes next to nothing of what it is sent";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Waker};

    use test_harness::soon;

    use super::*;

    /// Whether a write of so many bytes, of which so many are taken, leaves the peer's time running.
    fn is_timed_after(stall: &mut Stall, offered_bytes: usize, taken_bytes: Option<usize>) -> bool {
        let written = taken_bytes.map_or(Poll::Pending, |bytes| Poll::Ready(Ok(bytes)));
        let mut context = Context::from_waker(Waker::noop());
        let passed = stall.watch(&mut context, offered_bytes, written);
        assert_eq!(passed.is_ready(), taken_bytes.is_some());
        stall.waiting.is_some()
    }

    #[tokio::test]
    async fn a_peer_that_takes_a_trickle_is_on_the_same_time_as_one_that_takes_nothing() {
        let mut stall = Stall::new(Duration::from_mins(1));
        assert!(!is_timed_after(&mut stall, 100_000, Some(50_000)), "who takes at once is not timed");
        assert!(is_timed_after(&mut stall, 50_000, None));
        assert!(is_timed_after(&mut stall, 50_000, Some(1)));
        assert!(is_timed_after(&mut stall, 49_999, Some(LEAST_TAKEN_BYTES - 2)));
        assert!(!is_timed_after(&mut stall, 40_000, Some(1)), "enough was taken");
        assert!(is_timed_after(&mut stall, 39_999, None), "and another time begins");
        assert!(!is_timed_after(&mut stall, 10, Some(10)), "there is no more to take");
    }

    #[tokio::test]
    async fn the_connection_breaks_when_the_time_is_over() {
        let mut stall = Stall::new(Duration::ZERO);
        let broken = soon("the end", poll_fn(|context| stall.watch(context, 1, Poll::Pending))).await;
        assert_eq!(broken.expect_err("an error").kind(), io::ErrorKind::TimedOut);
    }
}
