//! How long a change takes to those who watch: N subscribers of the same question while events arrive.
//!
//! A wait is from a mutation's answer to the end of the first delivery with its revision or a later one, for each
//! subscriber and each mutation; it is 0 where the delivery came first.

mod subscriber;

use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};
use serde::Serialize;
use serde_json::json;
use tokio::{
    sync::Semaphore,
    task::{JoinSet, LocalSet},
    time::MissedTickBehavior,
};

use self::subscriber::{Audience, Delivery, listen};
use crate::{
    andon,
    bench::Bench,
    floor::{self, Batch, Floor},
    http::{self, Connection},
    latency::{Latencies, Percentiles},
    load,
    process::{self, Server},
    websocket,
};

const FACTORY: &str = "plant";
/// Who is on the board.
const WORKERS: u64 = 100;
/// Who changes.
const CHANGING_WORKERS: u64 = 20;
const EVENTS_PER_S: u64 = 1_000;
const BATCH_EVENTS: u64 = 100;
/// A batch is due so often.
const BATCH_INTERVAL: Duration = Duration::from_millis(1_000 * BATCH_EVENTS / EVENTS_PER_S);
/// What the board shows before: 200 hours of every worker.
const HISTORY_EVENTS: u64 = 200 * WORKERS;
/// How many sockets are opened at once: fewer than the kernel lets wait.
const OPENING_AT_ONCE: usize = 100;
/// How long the last subscriber may take to its first or its last delivery.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often one looks whether all subscribers have what they wait for.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Open files that are no sockets of subscribers.
const OTHER_FILES: u64 = 200;

/// What so many subscribers waited for and cost.
#[derive(Debug, Serialize)]
pub(crate) struct PushRow {
    pub(crate) subscribers: usize,
    /// What arrived in truth: less than was due when the server could not keep up.
    pub(crate) events_per_s: f64,
    pub(crate) deliveries: u64,
    pub(crate) wait: Option<Percentiles>,
    /// Processor time by the time that passed: 1 is one core.
    pub(crate) server_cores: Option<f64>,
    pub(crate) generator_cores: Option<f64>,
    /// Resident memory that the server has more than without subscribers, by their number: before events arrive, and after.
    pub(crate) bytes_per_subscriber_at_rest: Option<f64>,
    pub(crate) bytes_per_subscriber_after: Option<f64>,
    /// How many subscribers did not get the last state.
    pub(crate) without_last_state: usize,
}

/// A mutation's answer.
struct Answered {
    revision: i64,
    at_micros: u32,
}

/// Measures each audience on a server of its own.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Vec<PushRow>> {
    let mut rows = Vec::new();
    for &subscribers in &bench.plan.audiences {
        let url = bench.databases.fresh().await?;
        let server = bench.andon.serve(&url).await?;
        let row = LocalSet::new().run_until(measure_audience(bench, &server, subscribers)).await?;
        server.stop().await?;
        let audit = bench.andon.audit(&url).await?;
        bench.say(format_args!("{subscribers} subscribers: {:?}; audit: {audit}", row.wait));
        rows.push(row);
    }
    Ok(rows)
}

async fn measure_audience(bench: &Bench<'_>, server: &Server, subscribers: usize) -> Result<PushRow> {
    let files = rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files is not known")?;
    ensure!(
        files >= subscribers as u64 + OTHER_FILES,
        "{subscribers} subscribers need more than the {files} files that a process may open here; raise `ulimit -Hn`"
    );
    fill(bench, server.address).await?;
    let batches = live_batches(bench);
    let bytes_before = process::resident_bytes(server.pid);

    let clock = Instant::now();
    let audience = Rc::new(Audience {
        address: server.address,
        subscribe: subscribe(),
        clock,
        opening: Semaphore::new(OPENING_AT_ONCE),
    });
    let mut tasks = JoinSet::new();
    let heard: Vec<_> = (0..subscribers).map(|_| Rc::new(RefCell::new(Vec::new()))).collect();
    for heard in &heard {
        tasks.spawn_local(listen(audience.clone(), heard.clone()));
    }
    all_heard(&heard, &mut tasks, 0).await?;
    ensure!(!is_any_missing(&heard, 0), "not every subscriber had a first delivery within {PATIENCE:?}");
    let bytes_at_rest = process::resident_bytes(server.pid);
    for heard in &heard {
        heard.borrow_mut().clear();
    }

    let processor_before = Processor::now(server);
    let (address, started) = (server.address, Instant::now());
    let sender = thread::Builder::new().spawn(move || send(address, &batches, clock))?;
    while !sender.is_finished() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let answers = sender.join().map_err(|_| anyhow!("the sender panicked"))??;
    let elapsed_s = started.elapsed().as_secs_f64();
    let processor_after = Processor::now(server);
    let last = answers.last().context("nothing was sent")?.revision;
    all_heard(&heard, &mut tasks, last).await?;
    let bytes_after = process::resident_bytes(server.pid);
    tasks.abort_all();

    let cores = |before: Option<f64>, after: Option<f64>| Some((after? - before?) / elapsed_s);
    let per_subscriber =
        |bytes: Option<u64>| Some((bytes? as f64 - bytes_before? as f64) / subscribers as f64);
    Ok(PushRow {
        subscribers,
        events_per_s: answers.len() as f64 * BATCH_EVENTS as f64 / elapsed_s,
        deliveries: heard.iter().map(|heard| heard.borrow().len() as u64).sum(),
        wait: waits(&heard, &answers).percentiles(),
        server_cores: cores(processor_before.server_s, processor_after.server_s),
        generator_cores: cores(processor_before.generator_s, processor_after.generator_s),
        bytes_per_subscriber_at_rest: per_subscriber(bytes_at_rest),
        bytes_per_subscriber_after: per_subscriber(bytes_after),
        without_last_state: heard.iter().filter(|heard| is_missing(heard, last)).count(),
    })
}

/// The processor time that both sides have used.
struct Processor {
    server_s: Option<f64>,
    generator_s: Option<f64>,
}

impl Processor {
    fn now(server: &Server) -> Self {
        Self {
            server_s: process::processor_s(server.pid),
            generator_s: process::processor_s(std::process::id()),
        }
    }
}

type Heard = Rc<RefCell<Vec<Delivery>>>;

fn is_missing(heard: &Heard, revision: i64) -> bool {
    heard.borrow().last().is_none_or(|delivery| delivery.revision < revision)
}

fn is_any_missing(heard: &[Heard], revision: i64) -> bool {
    heard.iter().any(|heard| is_missing(heard, revision))
}

/// Waits until everybody has this revision or a later one, or the patience ends. Fails when a subscriber does.
async fn all_heard(heard: &[Heard], tasks: &mut JoinSet<Result<()>>, revision: i64) -> Result<()> {
    let begun = Instant::now();
    while is_any_missing(heard, revision) && begun.elapsed() < PATIENCE {
        if let Ok(Some(ended)) = tokio::time::timeout(LOOK_INTERVAL, tasks.join_next()).await {
            ended??;
        }
    }
    Ok(())
}

/// For each subscriber and each mutation.
fn waits(heard: &[Heard], answers: &[Answered]) -> Latencies {
    let mut waits = Latencies::default();
    for heard in heard {
        let heard = heard.borrow();
        let mut deliveries = heard.iter().peekable();
        for answer in answers {
            while deliveries.next_if(|delivery| delivery.revision < answer.revision).is_some() {}
            let Some(delivery) = deliveries.peek() else { break };
            waits.push_micros(delivery.at_micros.saturating_sub(answer.at_micros));
        }
    }
    waits
}

/// The frame that subscribes. The revision comes first, so that it is found at a delivery's beginning.
fn subscribe() -> Vec<u8> {
    let query = "subscription Board($id: ID!) { workerMetrics(factoryId: $id, window: { period: LAST_30_DAYS }) { \
                 revision snapshot workers { workerId workingMinutes utilization unitsProduced } removedWorkerIds } }";
    websocket::subscribe("1", &json!({ "query": query, "variables": { "id": FACTORY } }).to_string())
}

/// What the board shows before anything is measured.
async fn fill(bench: &Bench<'_>, address: SocketAddr) -> Result<()> {
    let floor = Floor {
        from_ms: bench.hour_ms - 10 * MS_PER_DAY,
        workers: WORKERS,
        workstations: 0,
        duration_ms: MS_PER_HOUR,
    };
    andon::create_factory(address, FACTORY).await?;
    let batches = floor::batches(FACTORY, floor::in_time(floor, 0..HISTORY_EVENTS), 1_000);
    load::drive(address, &batches, 1, PATIENCE).await?;
    Ok(())
}

/// What arrives: the minutes after that history of some of the workers.
fn live_batches(bench: &Bench<'_>) -> Vec<Batch> {
    let floor = Floor {
        from_ms: bench.hour_ms - 36 * MS_PER_HOUR,
        workers: CHANGING_WORKERS,
        workstations: 0,
        duration_ms: MS_PER_MINUTE,
    };
    let events = bench.plan.push_time.as_secs() * EVENTS_PER_S;
    floor::batches(FACTORY, floor::in_time(floor, 0..events), BATCH_EVENTS as usize)
}

/// Sends the batches when they are due, in a thread of its own, so that the subscribers' work does not delay what it
/// takes for the time of an answer.
fn send(address: SocketAddr, batches: &[Batch], clock: Instant) -> Result<Vec<Answered>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut connection = Connection::open(address).await?;
        let mut due = tokio::time::interval(BATCH_INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut answers = Vec::with_capacity(batches.len());
        for batch in batches {
            due.tick().await;
            let (status, body) = connection.exchange(&batch.request).await?;
            let revision = http::number_after(body, b"\"revision\":").with_context(|| {
                format!("a batch was answered with {status} {}", String::from_utf8_lossy(body))
            })?;
            answers.push(Answered { revision, at_micros: clock.elapsed().as_micros() as u32 });
        }
        Ok(answers)
    })
}
