//! What to send next, how much of it and when, without I/O and without a clock of its own.
//!
//! - A batch has at most the events asked for and [`MAX_BATCH_BYTES`].
//! - While there is a backlog, a batch of what is new goes before each of its batches.
//! - A batch refused as a whole is halved until the event that is to blame stands alone: about log2(n) requests.
//! - After a failure nothing is sent for a random time that grows from 1 s to the longest wait.

use std::time::Duration;

use tokio::time::Instant;

use super::verdict::{Answered, Verdict};
use crate::backoff;

/// The events of one batch when nothing else is asked for.
pub const DEFAULT_BATCH_EVENTS: usize = 500;
/// The most bytes of events in one batch, before they are compressed: seconds on a slow line, so that a broken one is
/// noticed and little is sent twice.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// So many batches after a refusal for size, larger ones are tried again: what was in the way may be gone.
const CALM_BATCHES: u32 = 100;

/// Which end of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// What came in lately.
    Live,
    /// What was left from earlier.
    Backlog,
}

/// How much to take from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The most events.
    pub events: usize,
    /// The most bytes of events; one event is taken even if it has more.
    pub bytes: usize,
}

/// How delivery is to go.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The most events of a batch.
    pub batch_events: usize,
    /// The most events a second from the backlog; none for as fast as it goes.
    pub backlog_rate: Option<u32>,
    /// The longest wait after a failure.
    pub longest_wait: Duration,
}

/// What follows from a verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The batch's events are done with, or dead letters.
    Settle(Answered),
    /// Nothing of the batch is done with; go on at once with a smaller one.
    Smaller,
    /// Nothing is done with; this event seems to be to blame. Ask whether a request without it is taken.
    Accuse(Fault),
    /// Nothing is done with; wait.
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
    Patience,
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

/// How large a refused batch was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its events.
    pub events: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// The course of a delivery.
#[derive(Debug)]
pub struct Course {
    pace: Pace,
    failures: u32,
    max_bytes: usize,
    calm_batches: u32,
    /// How many events at the front hold the one that a batch was refused for: live, backlog.
    suspects: [Option<usize>; 2],
    last: Turn,
    backlog_free_at: Option<Instant>,
}

impl Course {
    /// A course that has met nothing yet.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            failures: 0,
            max_bytes: MAX_BATCH_BYTES,
            calm_batches: 0,
            suspects: [None; 2],
            last: Turn::Backlog,
            backlog_free_at: None,
        }
    }

    /// Which end has its turn. `is_live_due` is whether what is new has waited long enough or fills a batch.
    pub fn turn(&self, is_live_due: bool, has_backlog: bool, now: Instant) -> Option<Turn> {
        let is_backlog_free = has_backlog && self.backlog_free_at.is_none_or(|free_at| free_at <= now);
        match (is_live_due, is_backlog_free) {
            (true, true) if self.last == Turn::Live => Some(Turn::Backlog),
            (true, _) => Some(Turn::Live),
            (false, true) => Some(Turn::Backlog),
            (false, false) => None,
        }
    }

    /// When the backlog may go on, if its rate holds it up.
    pub fn backlog_free_at(&self) -> Option<Instant> {
        self.backlog_free_at
    }

    /// How much to take.
    pub fn portion(&self, turn: Turn) -> Portion {
        let most = self.pace.batch_events.max(1);
        let events = self.suspects[turn as usize].map_or(most, |suspects| (suspects / 2).clamp(1, most));
        Portion { events, bytes: self.max_bytes }
    }

    /// How often in a row it failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// What follows from the verdict on a batch. `jitter` is a random number from 0 to 1.
    pub fn judge(&mut self, turn: Turn, size: Size, verdict: Verdict, now: Instant, jitter: f64) -> Step {
        match verdict {
            Verdict::Answered(answered) => {
                self.succeed(turn, size, now);
                Step::Settle(answered)
            }
            Verdict::TooLarge { reason } if size.events > 1 => {
                self.max_bytes = (size.bytes / 2).max(1);
                self.calm_batches = 0;
                self.failures = 0;
                tracing::debug!("a batch of {} events is halved: {reason}", size.events);
                Step::Smaller
            }
            Verdict::TooLarge { reason } => {
                Step::Accuse(Fault { code: "PAYLOAD_TOO_LARGE", message: reason })
            }
            Verdict::Refused { .. } if size.events > 1 => {
                self.suspects[turn as usize] = Some(size.events);
                self.failures = 0;
                Step::Smaller
            }
            Verdict::Refused { reason } => Step::Accuse(Fault { code: "REQUEST_REFUSED", message: reason }),
            Verdict::Later { reason, retry_after } => self.wait(reason, retry_after, jitter),
            Verdict::Forbidden { reason } => {
                self.failures = self.failures.saturating_add(1);
                Step::Wait { wait: self.pace.longest_wait, reason, alarm: Alarm::Forbidden }
            }
        }
    }

    /// The accused event was to blame and is out of the way.
    pub fn convicted(&mut self, turn: Turn) {
        self.suspects[turn as usize] = None;
        self.failures = 0;
        // It was this event that was too large, and not the batches before.
        self.max_bytes = MAX_BATCH_BYTES;
    }

    /// The accused event is innocent: without it the request fails just the same.
    pub fn acquitted(&mut self, verdict: Verdict, jitter: f64) -> Step {
        let (reason, retry_after) = match verdict {
            Verdict::Later { reason, retry_after } => (reason, retry_after),
            Verdict::Forbidden { reason } => {
                self.failures = self.failures.saturating_add(1);
                return Step::Wait { wait: self.pace.longest_wait, reason, alarm: Alarm::Forbidden };
            }
            Verdict::TooLarge { reason } | Verdict::Refused { reason } => (reason, None),
            Verdict::Answered(_) => ("nothing failed".to_owned(), None),
        };
        self.wait(reason, retry_after, jitter)
    }

    /// Waits after something else than a batch failed.
    pub fn wait(&mut self, reason: String, retry_after: Option<Duration>, jitter: f64) -> Step {
        self.failures = self.failures.saturating_add(1);
        let wait = backoff::patient_wait(self.failures, self.pace.longest_wait, retry_after, jitter);
        Step::Wait { wait, reason, alarm: Alarm::Patience }
    }

    fn succeed(&mut self, turn: Turn, size: Size, now: Instant) {
        self.failures = 0;
        self.last = turn;
        let suspects = &mut self.suspects[turn as usize];
        *suspects = suspects.and_then(|suspects| suspects.checked_sub(size.events)).filter(|left| *left > 0);
        if self.max_bytes < MAX_BATCH_BYTES {
            self.calm_batches += 1;
            if self.calm_batches >= CALM_BATCHES {
                self.calm_batches = 0;
                self.max_bytes = (self.max_bytes * 2).min(MAX_BATCH_BYTES);
            }
        }
        if let (Turn::Backlog, Some(rate)) = (turn, self.pace.backlog_rate) {
            let pause = Duration::from_secs_f64(size.events as f64 / f64::from(rate.max(1)));
            // Measured from when it was free, so that the time of sending is part of the pause.
            let began = self.backlog_free_at.filter(|free_at| *free_at + pause >= now).unwrap_or(now);
            self.backlog_free_at = Some(began + pause);
        }
    }
}

#[cfg(test)]
mod tests;
