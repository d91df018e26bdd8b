//! The durable queue between those who saw something and the server: one SQLite file, one thread that writes.
//!
//! What holds, whatever is cut off or killed:
//!
//! - [`Spool::append`] answers after the commit, and a commit is on the disk (WAL, `synchronous=FULL`).
//! - An event leaves the queue only by [`Spool::acknowledge`] (the server answered), [`Spool::dead_letter`] (a person must look),
//!   [`Spool::reconcile`] (the server has it), or by being dropped under a cap, which leaves a receipt in the same
//!   transaction. So at any time `accepted = delivered + queued + dead_lettered + lost`.
//! - A second agent is refused ([`OpenError::InUse`]).
//! - Nothing in memory is needed after a start: what was in flight is simply queued.
//!
//! Names: a *position* is an event's place in this file, 1, 2, 3 …, for ever. A *sequence number* is what the server sees:
//! positions counted from the beginning of an *epoch*. Usually a file has one epoch; another begins when the file was
//! damaged, or turns out to be older than what the server has seen of it, so that numbers cannot be given twice.
//!
//! How a delivery uses it:
//!
//! 1. After a start and after every reconnect: ask the server what it knows, [`Spool::reconcile`], with nothing in flight.
//!    Until it was called once in a run, nothing should be sent to a server that keeps such knowledge.
//! 2. After an outage: [`Spool::begin_live`]; what is queued then is the backlog, what comes later the live lane.
//!    (A spool that was just opened has begun so.) While there is no backlog, everything is live.
//! 3. [`Spool::take`] a batch; send it with the batch's own epoch and first sequence number; [`Spool::acknowledge`] with one
//!    outcome an event, in pieces if it was sent in pieces; [`Spool::dead_letter`] what poisons a batch of
//!    one; [`Spool::release_all`] what shall be taken again. What was taken cannot be dropped under a cap.
//! 4. [`Spool::receipts`] go along with a batch or a heartbeat; once answered, [`Spool::receipts_answered`].
//! 5. [`Spool::changes`] wakes a delivery that has nothing to do.

use std::path::Path;
use std::sync::Arc;

use domain::limits::MAX_ID_CHARS;
use tokio::sync::{Mutex, oneshot, watch};

use crate::batch::Batch;
use crate::clock;

mod acknowledge;
mod arrival;
mod check;
mod damaged_file;
mod dead_letters;
mod epoch;
mod error;
mod failure;
mod files;
mod input_offsets;
mod lock;
mod open;
mod options;
mod receipts;
mod reconcile;
mod records;
mod repair;
mod reserve;
mod retention;
mod row;
mod schema;
mod session;
mod store;
mod take;
mod writer;

#[cfg(test)]
mod tests;

pub use arrival::{Arrival, KeptMalformed, MAX_MALFORMED, Malformed};
pub use error::{OpenError, SpoolError};
pub use failure::Failure;
pub use input_offsets::InputOffset;
pub use options::{
    DEFAULT_CAP_BYTES, DEFAULT_MAX_AGE, MAX_BODY_BYTES, MIN_CAP_BYTES, SpoolOptions, WhenFull, host_name,
};
pub use records::{
    ClosedReason, Counts, DeadLetter, KnownEpoch, Lane, Outcome, Receipt, Reconciled, SpoolRange,
};
pub use session::{LetterId, Session, SessionError};

use lock::Lock;
use store::Limits;
use writer::{Capacity, Location, Writer};

/// A spool that is open. Clones are the same spool; it closes with the last of them.
#[derive(Clone)]
pub struct Spool {
    writer: Writer,
    end: Arc<Mutex<Option<oneshot::Receiver<()>>>>,
}

impl Spool {
    /// Opens a spool, or makes one. Blocks for as long as reading the whole file takes.
    pub fn open(path: &Path, options: SpoolOptions) -> Result<Self, OpenError> {
        if options.cap_bytes < MIN_CAP_BYTES {
            return Err(OpenError::CapTooSmall { asked: options.cap_bytes, min: MIN_CAP_BYTES });
        }
        let device = options.device.clone().unwrap_or_else(host_name);
        let characters = device.chars().count();
        if !(1..=MAX_ID_CHARS).contains(&characters) {
            return Err(OpenError::DeviceName(characters));
        }
        let lock = Lock::take(path)?;
        let store = open::open_or_repair(path, Limits::from(&options), &device, clock::now_ms())?;
        let found = store.state().map_err(|error| OpenError::unusable(path, &error))?.device;
        if options.device.as_ref().is_some_and(|asked| *asked != found) {
            return Err(OpenError::OtherDevice { path: path.to_owned(), found, asked: device });
        }
        let location = Location { path: path.to_owned(), options, device: found };
        let (writer, end) =
            Writer::start(store, lock, location).map_err(|error| OpenError::unusable(path, &error))?;
        Ok(Self { writer, end: Arc::new(Mutex::new(Some(end))) })
    }

    /// Puts events at the end of the queue, all or none of them, and answers when they are on the disk.
    ///
    /// Each body is one JSON object with the fields of `EventInput`; it comes out as the text it was.
    pub async fn append(&self, bodies: Vec<String>) -> Result<(), SpoolError> {
        self.writer.submit(Capacity::Consumes, move |store, now| store.append(&bodies, now)).await
    }

    /// Keeps what an input brought, all of it or nothing, and answers when it is on the disk.
    pub async fn keep(&self, arrival: Arrival) -> Result<(), SpoolError> {
        self.writer.submit(Capacity::Consumes, move |store, now| store.keep(&arrival, now)).await
    }

    /// How far an input has come.
    pub async fn input_offset(&self, key: String) -> Result<Option<String>, SpoolError> {
        self.writer.call(move |store, _| store.input_offset(&key)).await
    }

    /// Takes the next events of a lane, at most so many of at most so many bytes, but at least one if there is any.
    ///
    /// They stay in the queue and are not taken again until released or acknowledged.
    pub async fn take(
        &self,
        lane: Lane,
        max_events: usize,
        max_bytes: usize,
    ) -> Result<Option<Batch<SpoolRange>>, SpoolError> {
        self.writer.call(move |store, now| store.take(lane, max_events, max_bytes, now)).await
    }

    /// Makes everything that was taken available to be taken again.
    pub async fn release_all(&self) -> Result<(), SpoolError> {
        self.writer
            .call(|store, _| {
                store.release_all();
                Ok(())
            })
            .await
    }

    /// Writes down what the server answered, one outcome an event from `first_position` on. Doing so twice changes nothing.
    pub async fn acknowledge(&self, first_position: i64, outcomes: Vec<Outcome>) -> Result<(), SpoolError> {
        self.writer.call(move |store, now| store.acknowledge(first_position, &outcomes, now)).await
    }

    /// Puts one event aside that cannot be delivered, without the server's word on it, and leaves a receipt for its number.
    pub async fn dead_letter(&self, position: i64, code: String, message: String) -> Result<(), SpoolError> {
        self.writer.call(move |store, now| store.dead_letter(position, &code, &message, now)).await
    }

    /// Makes what is queued now the backlog, and what comes from now on the live lane.
    pub async fn begin_live(&self) -> Result<(), SpoolError> {
        self.writer.call(|store, _| store.begin_live()).await
    }

    /// Compares the spool with what the server knows. Nothing may be in flight at the server.
    pub async fn reconcile(&self, known: Vec<KnownEpoch>) -> Result<Reconciled, SpoolError> {
        self.writer.call(move |store, _| store.reconcile(&known)).await
    }

    /// The oldest receipts that the server has not answered for.
    pub async fn receipts(&self, limit: usize) -> Result<Vec<Receipt>, SpoolError> {
        self.writer.call(move |store, _| store.receipts(limit)).await
    }

    /// Forgets receipts that the server has answered for.
    pub async fn receipts_answered(&self, receipts: Vec<Receipt>) -> Result<(), SpoolError> {
        self.writer.call(move |store, _| store.receipts_answered(&receipts)).await
    }

    /// Writes down why nothing is delivered from now on.
    pub async fn set_failure(&self, is_forbidden: bool, reason: String) -> Result<(), SpoolError> {
        self.writer.call(move |store, now| store.set_failure(is_forbidden, &reason, now)).await
    }

    /// Writes down that events are delivered again.
    pub async fn clear_failure(&self) -> Result<(), SpoolError> {
        self.writer.call(|store, _| store.clear_failure()).await
    }

    /// How the spool stands, every commit so far included.
    pub async fn counts(&self) -> Result<Counts, SpoolError> {
        self.writer.call(|store, _| store.counts()).await
    }

    /// Counts up whenever there may be more to deliver: after a commit, and when another process changed the file.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.writer.changes()
    }

    /// Lets go of the spool and waits until it is closed, if this is the last of its clones.
    pub async fn close(self) {
        let Self { writer, end } = self;
        drop(writer);
        if let Some(end) = Arc::into_inner(end).and_then(Mutex::into_inner) {
            // The thread's end is what is waited for, however it came.
            drop(end.await);
        }
    }
}
