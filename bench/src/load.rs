//! Prepared batches over some connections: each connection sends the next batch as soon as its last one is answered.

use std::{
    cell::Cell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use futures_util::future::try_join_all;

use crate::{
    floor::{self, Batch, Floor, Sums},
    http::{self, Connection},
    latency::Latencies,
};

/// How long a sender waits at first when the server has no room, as the edge agent would.
const BACK_OFF: Duration = Duration::from_millis(50);
/// It waits twice as long each time, up to what the server asks for.
const MAX_BACK_OFF: Duration = Duration::from_secs(1);

/// No server of ours is short of room for so long.
const MAX_REFUSALS: u64 = 2_000;

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) events: u64,
    pub(crate) elapsed: Duration,
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    /// How often a batch was refused because the server had no room for it.
    pub(crate) refusals: u64,
    /// What the events add up to.
    pub(crate) fresh: Sums,
    pub(crate) latencies: Latencies,
}

impl Load {
    pub(crate) fn events_per_s(&self) -> f64 {
        self.events as f64 / self.elapsed.as_secs_f64()
    }
}

/// Sends the reports of a floor with these numbers in time, all of them, without holding all of them at once.
pub(crate) async fn fill(
    address: SocketAddr,
    factory: &str,
    floor: Floor,
    numbers: std::ops::Range<u64>,
) -> Result<()> {
    const BATCH_EVENTS: usize = 1_000;
    const CONNECTIONS: usize = 8;
    /// How many events are prepared at once.
    const WAVE_EVENTS: u64 = 500_000;
    /// None of ours takes longer.
    const NO_LIMIT: Duration = Duration::from_hours(1);
    let mut from = numbers.start;
    while from < numbers.end {
        let wave = from..numbers.end.min(from + WAVE_EVENTS);
        from = wave.end;
        let batches = floor::batches(factory, floor::in_time(floor, wave), BATCH_EVENTS);
        let load = drive(address, &batches, CONNECTIONS, NO_LIMIT).await?;
        ensure!(load.accepted == load.events, "{} of {} events were accepted", load.accepted, load.events);
    }
    Ok(())
}

/// Sends batches in their order until all are answered; after `limit` no further one is begun.
pub(crate) async fn drive(
    address: SocketAddr,
    batches: &[Batch],
    connections: usize,
    limit: Duration,
) -> Result<Load> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let next = Cell::new(0);
    let started = Instant::now();
    let take = || {
        let batch = batches.get(next.get()).filter(|_| started.elapsed() < limit)?;
        next.set(next.get() + 1);
        Some(batch)
    };
    let parts = try_join_all(open.iter_mut().map(|connection| send(connection, &take))).await?;
    let mut load = Load { elapsed: started.elapsed(), ..Load::default() };
    for part in parts {
        load.events += part.events;
        load.accepted += part.accepted;
        load.duplicates += part.duplicates;
        load.refusals += part.refusals;
        load.fresh += part.fresh;
        load.latencies.append(part.latencies);
    }
    Ok(load)
}

async fn send<'a>(connection: &mut Connection, take: &impl Fn() -> Option<&'a Batch>) -> Result<Load> {
    let mut load = Load::default();
    while let Some(batch) = take() {
        let sent = Instant::now();
        let mut back_off = BACK_OFF;
        while !deliver(connection, batch, &mut load).await? {
            load.refusals += 1;
            ensure!(
                load.refusals < MAX_REFUSALS,
                "the server refused {MAX_REFUSALS} batches of one connection"
            );
            tokio::time::sleep(back_off).await;
            back_off = MAX_BACK_OFF.min(2 * back_off);
        }
        load.events += batch.events;
        load.fresh += batch.fresh;
        load.latencies.push(sent.elapsed());
    }
    Ok(load)
}

/// Sends a batch once; false when the server has no room for it now.
async fn deliver(connection: &mut Connection, batch: &Batch, load: &mut Load) -> Result<bool> {
    let Ok((status, body)) = connection.exchange(&batch.request).await else {
        // It was refused before it was read to its end. If there is no server any more, this fails.
        connection.reopen().await?;
        return Ok(false);
    };
    if http::find(body, b"OVERLOADED").is_some() {
        return Ok(false);
    }
    let number = |name: &[u8]| http::number_after(body, name);
    let (Some(accepted), Some(duplicates)) = (number(b"\"accepted\":"), number(b"\"duplicates\":")) else {
        bail!("a batch was answered with {status} {}", String::from_utf8_lossy(body));
    };
    load.accepted += accepted as u64;
    load.duplicates += duplicates as u64;
    Ok(true)
}
