//! Questions of a few kilobytes that read for as long as they are let, over a large database.

use std::time::Duration;

use anyhow::Result;
use domain::MS_PER_MINUTE;
use futures_util::future::{FutureExt as _, join_all};

use super::{
    FACTORY, Prepared,
    attacker::{Attacker, Repeat},
    request::aliased,
};
use crate::{
    andon,
    floor::{self, Floor},
    http, load, websocket,
};

const AT_ONCE: usize = 8;
const SOCKETS: usize = 4;
/// As many as a socket may have.
const QUESTIONS_A_SOCKET: usize = 50;
/// As many as a document may have.
const ALIASES: usize = 30;
/// A factory whose few workers were seen every minute.
const BUSY: Floor = Floor { workers: 200, workstations: 0, duration_ms: MS_PER_MINUTE, ..WIDE };
const BUSY_FACTORY: &str = "busy";
const FACTORIES: [&str; 2] = [FACTORY, BUSY_FACTORY];
const BUSY_MINUTES: u64 = 3_000;
/// The attacked factory has as many workers and workstations as it may have, each seen once. 2025-01-01, within the five
/// years.
const WIDE: Floor = Floor {
    from_ms: 1_735_689_600_000,
    workers: 10_000,
    workstations: 10_000,
    duration_ms: 5 * MS_PER_MINUTE,
};
const FROM: &str = "2020-01-01T00:00:00Z";
const TO: &str = "2025-06-01T00:00:00Z";
const BATCH_EVENTS: usize = 10_000;
/// How many events are prepared at once.
const WAVE_EVENTS: u64 = 100_000;
const CONNECTIONS: usize = 4;
/// No load of ours takes longer.
const LOAD_LIMIT: Duration = Duration::from_mins(10);

/// Over HTTP.
pub(super) async fn prepare(attacker: Attacker) -> Result<Prepared> {
    fill_both(&attacker).await?;
    let requests = FACTORIES.map(|factory| http::post(question(factory).as_bytes()));
    Ok(async move { attacker.flood(&requests, AT_ONCE).await }.boxed_local())
}

/// Over websockets, all that one may ask at once on each, and again on another.
pub(super) async fn over_sockets(attacker: Attacker) -> Result<Prepared> {
    fill_both(&attacker).await?;
    let questions = FACTORIES.map(question);
    let ask = |number: usize| websocket::subscribe(&number.to_string(), &questions[number % questions.len()]);
    let frames: Vec<u8> = (0..QUESTIONS_A_SOCKET).flat_map(ask).collect();
    Ok(async move {
        join_all((0..SOCKETS).map(|_| attacker.talk(&frames, Repeat::Never))).await;
    }
    .boxed_local())
}

async fn fill_both(attacker: &Attacker) -> Result<()> {
    andon::create_factory(attacker.server, BUSY_FACTORY).await?;
    fill(attacker, BUSY_FACTORY, BUSY, BUSY_MINUTES * BUSY.workers).await?;
    fill(attacker, FACTORY, WIDE, WIDE.entities()).await
}

/// Stores so many of a floor's reports.
pub(super) async fn fill(attacker: &Attacker, factory: &str, floor: Floor, events: u64) -> Result<()> {
    for first in (0..events).step_by(WAVE_EVENTS as usize) {
        let wave = floor::in_time(floor, first..events.min(first + WAVE_EVENTS));
        let batches = floor::batches(factory, wave, BATCH_EVENTS);
        load::drive(attacker.server, &batches, CONNECTIONS, LOAD_LIMIT).await?;
    }
    Ok(())
}

/// The operation in JSON.
fn question(factory: &str) -> String {
    let series = format!(
        "metricSeries(factoryId:\"{factory}\",window:{{range:{{from:\"{FROM}\",to:\"{TO}\"}}}},resolution:DAY)\
         {{points{{from}}}}"
    );
    aliased(&series, ALIASES)
}
