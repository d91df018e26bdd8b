//! The one thread that writes: it gathers what waits, does it in one transaction, and answers after the commit.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::error::{OpenError, SpoolError};
use super::lock::Lock;
use super::open::open_or_repair;
use super::options::SpoolOptions;
use super::reserve::{RESERVE_BYTES, Reserve};
use super::store::{Limits, Moment, Store};
use crate::clock;

/// How much work waits before those who bring more have to: a burst of callers, each with a batch.
const WAITING_JOBS: usize = 1_024;

/// How many jobs one transaction does: enough to share the cost of a sync, few enough that nobody waits long.
const GROUP_JOBS: usize = 512;

/// How long a transaction gathers jobs. What has gathered behind the sync before is there at once.
const GROUP_FOR: Duration = Duration::from_millis(20);

/// How often an idle spool looks for what is too old, and for what another process has put into it.
const IDLE_CHECK: Duration = Duration::from_secs(1);

/// A piece of work with somebody who waits for its end.
trait Job: Send {
    /// Whether it consumes space on the disk or releases some.
    fn capacity(&self) -> Capacity;
    /// Does it. It may be done again if the transaction around it fails.
    fn run(&mut self, store: &mut Store, now: Moment) -> Result<(), SpoolError>;
    /// Answers whoever waits.
    fn answer(self: Box<Self>, failed: Option<SpoolError>);
}

/// What a job does to the space on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capacity {
    /// It adds events.
    Consumes,
    /// It lets events go, or only reads.
    Releases,
}

struct Call<F, T> {
    capacity: Capacity,
    work: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, SpoolError>>,
}

impl<F, T> Job for Call<F, T>
where
    F: FnMut(&mut Store, Moment) -> Result<T, SpoolError> + Send,
    T: Send,
{
    fn capacity(&self) -> Capacity {
        self.capacity
    }

    fn run(&mut self, store: &mut Store, now: Moment) -> Result<(), SpoolError> {
        self.value = Some((self.work)(store, now)?);
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<SpoolError>) {
        let outcome = match (failed, self.value) {
            (None, Some(value)) => Ok(value),
            (failed, _) => Err(failed.unwrap_or(SpoolError::Closed)),
        };
        // Whoever has stopped waiting needs no answer.
        drop(self.reply.send(outcome));
    }
}

/// Where work is brought.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    changes: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the thread that owns the store; it ends when the last writer is dropped.
    pub(super) fn start(
        store: Store,
        lock: Lock,
        location: Location,
    ) -> std::io::Result<(Self, oneshot::Receiver<()>)> {
        let (jobs, waiting) = mpsc::channel(WAITING_JOBS);
        let (changed, changes) = watch::channel(0);
        let (ended, end) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let reserve = Reserve::beside(&location.path);
        let state = WriterState {
            reserve,
            store: Some(store),
            location,
            opened: Instant::now(),
            changed,
            data_version: 0,
        };
        std::thread::Builder::new().name("spool".to_owned()).spawn(move || {
            runtime.block_on(state.work(waiting));
            drop(lock);
            // Dropping this is the news that whoever closes waits for.
            drop(ended);
        })?;
        Ok((Self { jobs, changes }, end))
    }

    /// Has work done that removes events, or only reads, and waits until it is committed.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Store, Moment) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        self.submit(Capacity::Releases, work).await
    }

    /// Has work done, and waits until it is committed.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        capacity: Capacity,
        work: impl FnMut(&mut Store, Moment) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Call { capacity, work, value: None, reply });
        self.jobs.send(job).await.map_err(|_| SpoolError::Closed)?;
        answer.await.unwrap_or(Err(SpoolError::Closed))
    }

    /// Counts up whenever there may be more to deliver.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

/// Where the spool lies and how it is to behave, for when it must be opened anew.
pub(super) struct Location {
    pub(super) path: PathBuf,
    pub(super) options: SpoolOptions,
    pub(super) device: String,
}

impl Location {
    /// Opens the spool anew after damage was found in it.
    fn open_again(&self, opened: Instant) -> Result<Store, OpenError> {
        let limits = Limits::from(&self.options);
        open_or_repair(&self.path, limits, &self.device, moment(opened).wall_ms)
    }
}

/// Why events are not taken although a few would still fit.
const NO_RESERVE: &str = "the little that is left is needed for letting events go";

struct WriterState {
    reserve: Reserve,
    /// Missing only after a damaged file could not be replaced.
    store: Option<Store>,
    location: Location,
    opened: Instant,
    changed: watch::Sender<u64>,
    data_version: i64,
}

impl WriterState {
    async fn work(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut checked = Instant::now();
        loop {
            match tokio::time::timeout(IDLE_CHECK, waiting.recv()).await {
                Ok(Some(first)) => {
                    let group = gather(first, &mut waiting);
                    self.commit(group);
                }
                Ok(None) => break,
                Err(_) => {}
            }
            if checked.elapsed() >= IDLE_CHECK {
                self.check_disk();
                checked = Instant::now();
            }
        }
        if let Some(store) = &mut self.store {
            let now = moment(self.opened);
            // What is not written down now is only how long the agent ran.
            drop(store.in_transaction(|store| store.note_time(now)));
        }
    }

    /// Does a group in one transaction; if that fails, each of it in its own, so that only the failing job's caller gets the error.
    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        let now = moment(self.opened);
        let together = if self.may_take() {
            self.with_store(|store| {
                store.in_transaction(|store| group.iter_mut().try_for_each(|job| job.run(store, now)))
            })
        } else {
            Err(SpoolError::NoSpace(NO_RESERVE.to_owned()))
        };
        for mut job in group {
            let outcome = if together.is_ok() { Ok(()) } else { self.alone(&mut *job, now) };
            job.answer(outcome.err());
        }
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// Whether events may be taken: the reserve is there, or the file has as much free space of its own.
    fn may_take(&mut self) -> bool {
        self.reserve.refill()
            || self.with_store(|store| store.free_bytes()).is_ok_and(|free| free >= RESERVE_BYTES as i64)
    }

    /// Does one job in a transaction of its own, with the reserve's space if it lets events go and there is no other.
    fn alone(&mut self, job: &mut dyn Job, now: Moment) -> Result<(), SpoolError> {
        if job.capacity() == Capacity::Consumes && !self.may_take() {
            return Err(SpoolError::NoSpace(NO_RESERVE.to_owned()));
        }
        let done = self.with_store(|store| store.in_transaction(|store| job.run(store, now)));
        match done {
            Err(SpoolError::NoSpace(_)) if job.capacity() == Capacity::Releases && self.reserve.free() => {
                let done = self.with_store(|store| store.in_transaction(|store| job.run(store, now)));
                // The log's space comes back when all of it is in the file.
                drop(self.with_store(|store| store.restart_wal()));
                done
            }
            done => done,
        }
    }

    /// Works on the store; when that finds damage, on the repaired one.
    fn with_store<T>(
        &mut self,
        mut work: impl FnMut(&mut Store) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        let damage = match &mut self.store {
            Some(store) => match work(store) {
                Err(damage @ SpoolError::Damaged(_)) => damage,
                done => return done,
            },
            None => SpoolError::Damaged("it could not be opened again".to_owned()),
        };
        // What was in flight is queued again: its positions may have become those of other events.
        self.store = None;
        self.opened = Instant::now();
        match self.location.open_again(self.opened) {
            Ok(store) => work(self.store.insert(store)),
            Err(error) => Err(SpoolError::Unwritable(format!("{damage}; {error}"))),
        }
    }

    /// Drops what is too old, and notices what another process has changed in the file.
    fn check_disk(&mut self) {
        let now = moment(self.opened);
        // A disk that refuses this refuses the next append too, and that one has a caller to answer.
        drop(self.with_store(|store| store.in_transaction(|store| store.expire(now))));
        let Some(store) = &self.store else { return };
        if let Ok(version) = store.data_version()
            && version != self.data_version
        {
            self.data_version = version;
            self.changed.send_modify(|changes| *changes += 1);
        }
    }
}

/// The first job and those that wait behind it.
fn gather(first: Box<dyn Job>, waiting: &mut mpsc::Receiver<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
    let began = Instant::now();
    let mut group = vec![first];
    while group.len() < GROUP_JOBS && began.elapsed() < GROUP_FOR {
        match waiting.try_recv() {
            Ok(job) => group.push(job),
            Err(_) => break,
        }
    }
    group
}

fn moment(opened: Instant) -> Moment {
    Moment { wall_ms: clock::now_ms(), elapsed_ms: opened.elapsed().as_millis() as i64 }
}
