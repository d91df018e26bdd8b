//! Honest clients: one sends events and waits for each answer, one asks how the server is, one watches a board, and now and
//! then somebody new comes to watch. They begin again when they are refused, and note it.

pub(super) mod record;
mod viewer;

use std::{
    cell::RefCell,
    convert::Infallible,
    net::SocketAddr,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};
use tokio::time::MissedTickBehavior;

use self::{
    record::{Answer, Delivery, Observed, Record},
    viewer::Viewer,
};
use crate::{
    floor::{self, Floor},
    http::{self, Connection},
};

/// Whose events and boards honest clients have to do with.
pub(super) const FACTORY: &str = "honest";
const BATCH_EVENTS: u64 = 50;
/// A batch is due so long after the last one was, or at once when that one's answer took longer.
const BATCH_INTERVAL: Duration = Duration::from_millis(100);
/// A question for the server's health is due so often, however long the last one took.
const PROBE_INTERVAL: Duration = Duration::from_millis(50);
/// Each so many-th of them comes over a connection of its own.
const PROBES_A_CONNECTION: u64 = 10;
/// Somebody new comes to watch so often.
const NEW_VIEWER_INTERVAL: Duration = Duration::from_secs(1);
/// How long somebody new waits for the first numbers.
const NEW_VIEWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one who was refused waits.
const PAUSE: Duration = Duration::from_millis(100);
/// How long it may take until everybody was served once.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(1);
const SETTLE_INTERVAL: Duration = Duration::from_millis(20);
/// What the watched board shows. The revision comes first, so that it is found at a delivery's beginning.
const BOARD: &str =
    "subscription Board { factoryMetrics(factoryId: \"honest\") { revision productiveMinutes idleMinutes } }";

/// The honest clients of one server.
pub(super) struct Honest {
    server: SocketAddr,
    floor: Floor,
    record: RefCell<Record>,
}

impl Honest {
    pub(super) fn of(server: SocketAddr) -> Self {
        let hour_ms = DateTime::<Utc>::from(SystemTime::now()).timestamp_millis() / MS_PER_HOUR * MS_PER_HOUR;
        // Every batch is the next minute of the same workers; three days of them are more than any attack lasts.
        let floor = Floor {
            from_ms: hour_ms - 3 * MS_PER_DAY,
            workers: BATCH_EVENTS,
            workstations: 0,
            duration_ms: MS_PER_MINUTE,
        };
        Self { server, floor, record: RefCell::new(Record::default()) }
    }

    /// Goes on until it is dropped.
    pub(super) async fn run(&self) -> Infallible {
        tokio::join!(self.send(), self.probe(), self.watch(), self.come_to_watch()).0
    }

    /// Waits until a batch was answered and delivered, and the server said that it is well.
    pub(super) async fn settled(&self) -> Result<()> {
        let begun = Instant::now();
        while !self.record.borrow().has_everything() {
            ensure!(begun.elapsed() < SETTLE_TIMEOUT, "the server served nobody before it was attacked");
            tokio::time::sleep(SETTLE_INTERVAL).await;
        }
        Ok(())
    }

    /// What happened from an instant to now.
    pub(super) fn observe(&self, from: Instant) -> Observed {
        self.record.borrow().observe(from, Instant::now(), PROBE_INTERVAL)
    }

    async fn send(&self) -> Infallible {
        let mut due = tokio::time::interval(BATCH_INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut connection, mut sent) = (None, 0);
        loop {
            due.tick().await;
            let reports = floor::in_time(self.floor, sent * BATCH_EVENTS..(sent + 1) * BATCH_EVENTS);
            for batch in floor::batches(FACTORY, reports, BATCH_EVENTS as usize) {
                let answer = exchange(self.server, &mut connection, &batch.request)
                    .await
                    .and_then(|(_, body)| http::number_after(&body, b"\"revision\":").context("no revision"));
                if let Some(revision) = self.served(answer) {
                    let answer = Answer { revision, events: batch.events, at: Instant::now() };
                    self.record.borrow_mut().answers.push(answer);
                    sent += 1;
                }
            }
        }
    }

    async fn probe(&self) -> Infallible {
        let request = http::get("/healthz");
        let mut due = tokio::time::interval(PROBE_INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut kept = None;
        for number in 0_u64.. {
            let due_at = due.tick().await.into_std();
            self.record.borrow_mut().probes.begin(due_at);
            let mut own = None;
            let is_own = number.is_multiple_of(PROBES_A_CONNECTION);
            let connection = if is_own { &mut own } else { &mut kept };
            let answer = exchange(self.server, connection, &request).await.and_then(|(status, _)| {
                ensure!(status == 200, "status {status}");
                Ok(())
            });
            self.record.borrow_mut().probes.end(Instant::now());
            self.served(answer);
        }
        std::future::pending().await
    }

    async fn watch(&self) -> Infallible {
        loop {
            let ended: Result<Infallible> = async {
                let mut viewer = Viewer::open(self.server, BOARD).await?;
                loop {
                    let revision = viewer.delivered().await?;
                    let delivery = Delivery { revision, at: Instant::now() };
                    self.record.borrow_mut().deliveries.push(delivery);
                }
            }
            .await;
            self.served(ended);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn come_to_watch(&self) -> Infallible {
        let mut due = tokio::time::interval(NEW_VIEWER_INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 1_u64.. {
            due.tick().await;
            // Nobody asked this before, so that the server has to compute it.
            let question = format!(
                "subscription New {{ workerMetrics(factoryId: \"{FACTORY}\", window: {{ lastMinutes: {} }}) \
                 {{ revision workers {{ workerId workingMinutes }} }} }}",
                5 * number
            );
            self.record.borrow_mut().new_viewers.begin(Instant::now());
            let first = async { Viewer::open(self.server, &question).await?.delivered().await };
            let first = tokio::time::timeout(NEW_VIEWER_TIMEOUT, first).await.context("nothing was shown");
            self.record.borrow_mut().new_viewers.end(Instant::now());
            self.served(first.flatten());
        }
        std::future::pending().await
    }

    /// Notes a refusal. What exactly a client was told is no matter of numbers.
    fn served<T>(&self, answer: Result<T>) -> Option<T> {
        if answer.is_err() {
            self.record.borrow_mut().refusals.push(Instant::now());
        }
        answer.ok()
    }
}

/// Sends a request over a connection that is kept, or over a new one where there is none or it broke.
async fn exchange(
    server: SocketAddr,
    kept: &mut Option<Connection>,
    request: &[u8],
) -> Result<(u16, Vec<u8>)> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => Connection::open(server).await?,
    };
    let (status, body) = connection.exchange(request).await?;
    let body = body.to_vec();
    // One that broke is not kept.
    *kept = Some(connection);
    Ok((status, body))
}
