//! Sends a stream of JSON lines to a factory: the command `andon-edge replay`.
//!
//! The input is read by a thread of its own, at most one batch ahead of the connections, so memory is bounded by
//! `connections + 2` batches however long the input is. After the first failure for good no further batch is begun; those
//! under way are seen to their end, so that every count is certain.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::answer::Receipt;
use crate::batch::Batch;
use crate::progress::Progress;
use crate::send::{self, Destination, SendError};
use crate::source::{self, Found, Reading};
use crate::summary::Summary;

/// The most batches in flight at once; the server commits in groups, so more would only wait there.
pub const MAX_CONNECTIONS: usize = 64;

/// How a replay is carried out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the events go.
    pub destination: Destination,
    /// The most events of one batch.
    pub batch_events: usize,
    /// How many batches are in flight at once, from 1 to [`MAX_CONNECTIONS`].
    pub connections: usize,
}

/// How a replay ended.
#[derive(Debug, Default)]
pub struct Report {
    /// What became of the lines that were dealt with.
    pub summary: Summary,
    /// Why the rest was not sent; the first reason leads.
    pub stops: Vec<Stop>,
}

/// Why a replay ended before its input did.
#[derive(Debug)]
pub enum Stop {
    /// These lines were refused or could not be delivered.
    NotStored {
        /// The batch's lines, such as `lines 1001 to 2000`.
        lines: String,
        /// What the server said, or what failed.
        error: SendError,
    },
    /// The input could not be read on after this line.
    Unreadable {
        /// The last line read.
        after_line: u64,
        /// What the operating system said.
        error: std::io::Error,
    },
}

/// Sends everything in `input`, showing how far it is.
pub async fn replay(input: impl Read + Send + 'static, plan: &Plan, progress: Progress) -> Report {
    let (reader, mut readings) = start_reading(input, plan.batch_events);
    let progress = Arc::new(progress);
    let mut report = Report::default();
    let mut in_flight = JoinSet::new();
    let mut ended = false;
    while !ended || !in_flight.is_empty() {
        tokio::select! {
            reading = readings.recv(), if !ended && in_flight.len() < plan.connections.clamp(1, MAX_CONNECTIONS) => {
                match reading {
                    Some(reading) => begin(reading, plan, &progress, &mut report, &mut in_flight),
                    None => ended = true,
                }
            }
            Some(finished) = in_flight.join_next() => settle(finished, &progress, &mut report),
        }
        ended |= !report.stops.is_empty();
    }
    progress.finish();
    // The reader may only be left behind when its input is no longer wanted; a panic in it would look like the end.
    if report.stops.is_empty()
        && let Err(panic) = reader.join()
    {
        std::panic::resume_unwind(panic);
    }
    report
}

/// A batch that has been sent, how many bytes of the input it stands for, and what came of it.
type Sent = (Batch, u64, Result<Receipt, SendError>);

/// A plain thread and not a task: one that is stuck in reading a terminal or a pipe must not keep the process alive.
fn start_reading(
    input: impl Read + Send + 'static,
    batch_events: usize,
) -> (JoinHandle<()>, mpsc::Receiver<Reading>) {
    let (deliver, readings) = mpsc::channel(1);
    let reader = thread::spawn(move || {
        source::read(input, batch_events, |reading| deliver.blocking_send(reading).is_ok());
    });
    (reader, readings)
}

fn begin(
    reading: Reading,
    plan: &Plan,
    progress: &Arc<Progress>,
    report: &mut Report,
    in_flight: &mut JoinSet<Sent>,
) {
    match reading.found {
        Found::Batch(batch) => {
            let (destination, progress) = (plan.destination.clone(), Arc::clone(progress));
            in_flight.spawn(async move {
                let receipt =
                    send::send(&destination, &batch, |reason, wait| progress.waiting(reason, wait)).await;
                (batch, reading.bytes, receipt)
            });
        }
        Found::Malformed { line, reason } => {
            report.summary.add_malformed(line, &reason);
            progress.advance(reading.bytes, &report.summary.counts());
        }
        Found::Unreadable { after_line, error } => report.stops.push(Stop::Unreadable { after_line, error }),
    }
}

fn settle(finished: Result<Sent, tokio::task::JoinError>, progress: &Progress, report: &mut Report) {
    match finished {
        Ok((batch, bytes, Ok(receipt))) => {
            report.summary.add_receipt(&batch, &receipt);
            progress.advance(bytes, &report.summary.counts());
        }
        Ok((batch, _, Err(error))) => {
            report.stops.push(Stop::NotStored { lines: batch.lines_named(), error });
        }
        // No batch is ever aborted, so what is left is a panic, and hiding it would lose its lines.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl Report {
    /// 0 when every line is stored, 2 when the input could not be read to its end, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        if self.stops.iter().any(|stop| matches!(stop, Stop::Unreadable { .. })) {
            2
        } else {
            u8::from(!self.stops.is_empty() || !self.summary.is_all_stored())
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStored { lines, error } => write!(f, "stopped at {lines}: {error}"),
            Self::Unreadable { after_line, error } => {
                write!(f, "stopped: the input cannot be read after line {after_line}: {error}")
            }
        }
    }
}
