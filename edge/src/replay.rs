//! Sends a stream of JSON lines to a factory: the command `andon-edge replay`.
//!
//! The input is read by a thread of its own, at most one batch ahead of the connections, so memory is bounded by
//! `connections + 2` batches however long the input is. After the first failure for good no further batch is begun; those
//! under way are seen to their end, so that every count is certain.
//!
//! The server stores each event once, so a batch whose answer was lost on the way is simply sent again.

pub mod batcher;
pub(crate) mod mapped;
pub mod progress;
pub mod reader;
pub mod summary;

use std::fmt;
use std::io::{BufReader, Read};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::batcher::LineNumbers;
use self::progress::Progress;
use self::reader::{Found, Reading};
use self::summary::Summary;
use crate::mapping::{Envelope, Mapping};
use crate::outlet::Outlet;
use crate::outlet::response::{IngestResult, Response};
use crate::outlet::server::Server;
use crate::retry::{GaveUp, Retry};

/// The most batches in flight at once; the server commits in groups, so more would only wait there.
pub const MAX_CONNECTIONS: usize = 64;

/// How a replay is carried out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the events go.
    pub server: Server,
    /// How long one batch is tried.
    pub retry_for: Duration,
    /// The most events of one batch.
    pub batch_events: usize,
    /// How many batches are in flight at once, from 1 to [`MAX_CONNECTIONS`].
    pub connections: usize,
    /// What the input's records become; without one its lines are events.
    pub mapping: Option<Arc<Mapping>>,
    /// The topic that the input's messages came by, where the mapping takes something from it.
    pub topic: Option<String>,
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
        /// The batch's lines.
        lines: LineNumbers,
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

/// Why a batch was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server refused it for good.
    #[error("the server refused it: {0}")]
    Refused(String),
    /// It failed again and again.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
}

/// Sends everything in `input`, showing how far it is.
pub async fn replay(input: impl Read + Send + 'static, plan: &Plan, progress: Progress) -> Report {
    let (reader, mut readings) = start_reading(input, plan);
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
            Some(finished) = in_flight.join_next() => count(finished, &progress, &mut report),
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
type Sent = (LineNumbers, u64, Result<IngestResult, SendError>);

/// A plain thread and not a task: one that is stuck in reading a terminal or a pipe must not keep the process alive.
fn start_reading(
    input: impl Read + Send + 'static,
    plan: &Plan,
) -> (JoinHandle<()>, mpsc::Receiver<Reading>) {
    let (deliver, readings) = mpsc::channel(1);
    let (batch_events, mapping) = (plan.batch_events, plan.mapping.clone());
    let topic = plan.topic.clone();
    let reader = thread::spawn(move || {
        let deliver = |reading| deliver.blocking_send(reading).is_ok();
        match mapping {
            Some(mapping) => {
                let envelope = Envelope { topic: topic.as_deref(), ..Envelope::default() };
                mapped::read(BufReader::new(input), &mapping, envelope, batch_events, deliver);
            }
            None => reader::read(input, batch_events, deliver),
        }
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
            let (mut server, retry_for, progress) =
                (plan.server.clone(), plan.retry_for, Arc::clone(progress));
            in_flight.spawn(async move {
                let on_failure = |reason: &str, wait| progress.waiting(reason, wait);
                let result = send(&mut server, &batch.events, retry_for, on_failure).await;
                (batch.origin, reading.bytes, result)
            });
        }
        Found::Malformed { line, reason } => {
            report.summary.add_malformed(line, &reason);
            progress.advance(reading.bytes, &report.summary.counts());
        }
        Found::Unreadable { after_line, error } => report.stops.push(Stop::Unreadable { after_line, error }),
    }
}

fn count(finished: Result<Sent, tokio::task::JoinError>, progress: &Progress, report: &mut Report) {
    match finished {
        Ok((lines, bytes, Ok(result))) => {
            report.summary.add_result(&lines, &result);
            progress.advance(bytes, &report.summary.counts());
        }
        Ok((lines, _, Err(error))) => report.stops.push(Stop::NotStored { lines, error }),
        // No batch is ever aborted, so what is left is a panic, and hiding it would lose its lines.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Sends events until they are stored or refused, or `retry_for` is over.
///
/// Before each wait `on_failure` is told what failed and how long the wait is.
pub async fn send(
    outlet: &mut impl Outlet,
    events: &[String],
    retry_for: Duration,
    on_failure: impl Fn(&str, Duration),
) -> Result<IngestResult, SendError> {
    let mut retry = Retry::new(retry_for);
    loop {
        match outlet.send(events, None).await {
            Response::Stored(result) => return Ok(result),
            Response::Busy { reason, retry_after } => retry.wait(reason, retry_after, &on_failure).await?,
            Response::Unexpected { reason, .. }
            | Response::TooLarge { reason }
            | Response::Refused { reason }
            | Response::Forbidden { reason } => return Err(SendError::Refused(reason)),
        }
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
            Self::Unreadable { after_line: 0, error } => {
                write!(f, "stopped: the input cannot be read: {error}")
            }
            Self::Unreadable { after_line, error } => {
                write!(f, "stopped: the input cannot be read after line {after_line}: {error}")
            }
        }
    }
}
