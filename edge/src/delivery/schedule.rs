//! What to send next, how much of it and when, without I/O and without a clock of its own.
//!
//! - A batch has at most the events asked for and [`MAX_BATCH_BYTES`].
//! - While there is a backlog, a batch of what is new goes before each of its batches.
//! - A batch refused as a whole is halved until the event that causes it stands alone: about log2(n) requests.
//! - After a failure nothing is sent for a random time that grows from 1 s to the longest wait.

use std::time::Duration;

use domain::backoff::{Backoff, full_jitter};
use tokio::time::Instant;

use crate::batch::BatchSize;
use crate::outlet::response::{IngestResult, Response};
use crate::spool::Lane;

/// The events of one batch when nothing else is asked for.
pub const DEFAULT_BATCH_EVENTS: usize = 500;
/// The most bytes of events in one batch, before they are compressed: seconds on a slow line, so that a broken one is
/// noticed and little is sent twice.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// The upper bound of the first wait after a failure; it doubles with each further one.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);
/// So many batches after a refusal for size, larger ones are tried again: the cause may be gone.
const GROW_AFTER_BATCHES: u32 = 100;

/// How delivery is to go.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryOptions {
    /// The most events of a batch.
    pub batch_events: usize,
    /// The most events a second from the backlog; none for as fast as it goes.
    pub backlog_rate: Option<u32>,
    /// The longest wait after a failure.
    pub longest_wait: Duration,
}

/// What follows from a response.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The batch's events are delivered, or dead letters.
    Acknowledge(IngestResult),
    /// Nothing of the batch is done; go on at once with a smaller one.
    Split,
    /// Nothing is done; this event seems to be the cause. Ask whether a request without it is taken.
    Isolate(Fault),
    /// Nothing is done; wait.
    Wait {
        /// For how long.
        wait: Duration,
        /// Why.
        reason: String,
        /// Whether a person has to do something about it.
        alarm: Alarm,
    },
}

/// Whether waiting is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// It passes by itself.
    Transient,
    /// Somebody has to give this sender the right to send.
    Forbidden,
}

/// Why an event cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A code as the server's issues have one.
    pub code: &'static str,
    /// What the other side said.
    pub message: String,
}

/// Decides what a delivery sends next.
#[derive(Debug)]
pub struct Schedule {
    options: DeliveryOptions,
    backoff: Backoff,
    max_bytes: usize,
    /// Batches since the last refusal for size.
    accepted_batches: u32,
    /// How many events at the front hold the one that a batch was refused for: live, backlog.
    candidates: [Option<usize>; 2],
    last: Lane,
    backlog_free_at: Option<Instant>,
}

impl Schedule {
    /// A schedule before the first batch.
    pub fn new(options: DeliveryOptions) -> Self {
        Self {
            options,
            backoff: Backoff::new(FIRST_WAIT, options.longest_wait),
            max_bytes: MAX_BATCH_BYTES,
            accepted_batches: 0,
            candidates: [None; 2],
            last: Lane::Backlog,
            backlog_free_at: None,
        }
    }

    /// The lane to send from next. `is_live_due` is whether what is new has waited long enough or fills a batch.
    pub fn next_lane(&self, is_live_due: bool, has_backlog: bool, now: Instant) -> Option<Lane> {
        let is_backlog_free = has_backlog && self.backlog_free_at.is_none_or(|free_at| free_at <= now);
        match (is_live_due, is_backlog_free) {
            (true, true) if self.last == Lane::Live => Some(Lane::Backlog),
            (true, _) => Some(Lane::Live),
            (false, true) => Some(Lane::Backlog),
            (false, false) => None,
        }
    }

    /// When the backlog may go on, if its rate holds it up.
    pub fn backlog_free_at(&self) -> Option<Instant> {
        self.backlog_free_at
    }

    /// How much to take.
    pub fn max_size(&self, lane: Lane) -> BatchSize {
        let most = self.options.batch_events.max(1);
        let events =
            self.candidates[lane as usize].map_or(most, |candidates| (candidates / 2).clamp(1, most));
        BatchSize { events, bytes: self.max_bytes }
    }

    /// What follows from the response to a batch. `random` is a number from 0 to 1.
    pub fn on_response(
        &mut self,
        lane: Lane,
        size: BatchSize,
        response: Response,
        now: Instant,
        random: f64,
    ) -> Step {
        match response {
            Response::Stored(result) => {
                self.succeed(lane, size, now);
                Step::Acknowledge(result)
            }
            Response::TooLarge { reason } if size.events > 1 => {
                self.max_bytes = (size.bytes / 2).max(1);
                self.accepted_batches = 0;
                self.backoff.reset();
                tracing::debug!("a batch of {} events is halved: {reason}", size.events);
                Step::Split
            }
            Response::TooLarge { reason } => {
                Step::Isolate(Fault { code: "PAYLOAD_TOO_LARGE", message: reason })
            }
            Response::Refused { .. } if size.events > 1 => {
                self.candidates[lane as usize] = Some(size.events);
                self.backoff.reset();
                Step::Split
            }
            Response::Refused { reason } => Step::Isolate(Fault { code: "REQUEST_REFUSED", message: reason }),
            response => self.wait_after(response, random),
        }
    }

    /// The isolated event was the cause and is out of the way.
    pub fn confirmed(&mut self, lane: Lane) {
        self.candidates[lane as usize] = None;
        self.backoff.reset();
        // It was this event that was too large, and not the batches before.
        self.max_bytes = MAX_BATCH_BYTES;
    }

    /// Waits after a response to something else than events. An event that was isolated is cleared by it: without the event
    /// the request fails just the same.
    pub fn wait_after(&mut self, response: Response, random: f64) -> Step {
        let delay = self.backoff.next_delay();
        let (reason, retry_after) = match response {
            Response::Forbidden { reason } => {
                return Step::Wait { wait: self.options.longest_wait, reason, alarm: Alarm::Forbidden };
            }
            Response::Busy { reason, retry_after } | Response::Unexpected { reason, retry_after } => {
                (reason, retry_after)
            }
            Response::TooLarge { reason } | Response::Refused { reason } => (reason, None),
            Response::Stored(_) => ("nothing failed".to_owned(), None),
        };
        // Any time up to the delay, so that many agents that lost the same server come back evenly spread.
        let wait = retry_after.unwrap_or_default().saturating_add(full_jitter(delay, random));
        Step::Wait { wait, reason, alarm: Alarm::Transient }
    }

    fn succeed(&mut self, lane: Lane, size: BatchSize, now: Instant) {
        self.backoff.reset();
        self.last = lane;
        let candidates = &mut self.candidates[lane as usize];
        *candidates =
            candidates.and_then(|candidates| candidates.checked_sub(size.events)).filter(|left| *left > 0);
        if self.max_bytes < MAX_BATCH_BYTES {
            self.accepted_batches += 1;
            if self.accepted_batches >= GROW_AFTER_BATCHES {
                self.accepted_batches = 0;
                self.max_bytes = (self.max_bytes * 2).min(MAX_BATCH_BYTES);
            }
        }
        if let (Lane::Backlog, Some(rate)) = (lane, self.options.backlog_rate) {
            let pause = Duration::from_secs_f64(size.events as f64 / f64::from(rate.max(1)));
            // Measured from when it was free, so that the time of sending is part of the pause.
            let began = self.backlog_free_at.filter(|free_at| *free_at + pause >= now).unwrap_or(now);
            self.backlog_free_at = Some(began + pause);
        }
    }
}

#[cfg(test)]
mod tests;
