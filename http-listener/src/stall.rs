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
