//! How soon a server is ready, what it holds while nobody asks, how big it is.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::{andon, bench::Bench, floor, ingest, load, process};

const FACTORY: &str = "plant";
const BATCH_EVENTS: usize = 10_000;
const CONNECTIONS: usize = 4;
/// How many batches are prepared at once.
const WAVE_EVENTS: u64 = 500_000;
/// No load of ours takes longer.
const NO_LIMIT: Duration = Duration::from_hours(1);

/// Times in milliseconds, from starting the process to a ready answer.
#[derive(Debug, Serialize)]
pub(crate) struct Start {
    /// On a database that is made by this start.
    pub(crate) new_database_ms: f64,
    /// Each start on a database without events.
    pub(crate) empty_ms: Vec<f64>,
    pub(crate) events: u64,
    /// Each start with so many events.
    pub(crate) with_events_ms: Vec<f64>,
    pub(crate) resident_bytes_empty: Option<u64>,
    pub(crate) resident_bytes_after_ingest: Option<u64>,
    pub(crate) resident_bytes_with_events: Option<u64>,
    /// As it was built, with the lines of code for a backtrace.
    pub(crate) binary_bytes: u64,
    /// Of that, what is loaded; none where there is no `size`.
    pub(crate) loaded_bytes: Option<u64>,
}

pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Start> {
    let url = bench.databases.fresh().await?;
    let (new_database_ms, _) = start(bench, &url).await?;
    let (empty_ms, resident_bytes_empty) = starts(bench, &url).await?;

    let server = bench.andon.serve(&url).await?;
    andon::create_factory(server.address, FACTORY).await?;
    let floor = ingest::floor(bench, 1);
    let mut sent = 0;
    while sent < bench.plan.start_events {
        let wave = sent..bench.plan.start_events.min(sent + WAVE_EVENTS);
        sent = wave.end;
        let batches = floor::batches(FACTORY, floor::in_time(floor, wave), BATCH_EVENTS);
        let load = load::drive(server.address, &batches, CONNECTIONS, NO_LIMIT).await?;
        ensure!(load.accepted == load.events, "{} of {} events were accepted", load.accepted, load.events);
    }
    let resident_bytes_after_ingest = process::resident_bytes(server.pid);
    server.stop().await?;
    let (with_events_ms, resident_bytes_with_events) = starts(bench, &url).await?;
    let program = &bench.andon.program;
    Ok(Start {
        new_database_ms,
        empty_ms,
        events: bench.plan.start_events,
        with_events_ms,
        resident_bytes_empty,
        resident_bytes_after_ingest,
        resident_bytes_with_events,
        binary_bytes: fs::metadata(program).with_context(|| format!("no {}", program.display()))?.len(),
        loaded_bytes: loaded_bytes(bench).await,
    })
}

/// Starts a server several times; answers with all times and the memory of the last.
async fn starts(bench: &Bench<'_>, url: &str) -> Result<(Vec<f64>, Option<u64>)> {
    let mut times = Vec::new();
    let mut resident_bytes = None;
    for _ in 0..bench.plan.starts {
        let (ms, bytes) = start(bench, url).await?;
        times.push(ms);
        resident_bytes = bytes;
    }
    Ok((times, resident_bytes))
}

async fn start(bench: &Bench<'_>, url: &str) -> Result<(f64, Option<u64>)> {
    let server = bench.andon.serve(url).await?;
    let ready = server.ready().await?;
    let resident_bytes = process::resident_bytes(server.pid);
    server.stop().await?;
    Ok((ready.as_secs_f64() * 1_000.0, resident_bytes))
}

/// What `size` says of the program's parts that are loaded: code and data, without what a debugger needs.
async fn loaded_bytes(bench: &Bench<'_>) -> Option<u64> {
    let program = bench.andon.program.to_string_lossy();
    let printed = process::run("size".as_ref(), &[&program]).await.ok()?;
    let numbers: Vec<u64> =
        printed.lines().nth(1)?.split_whitespace().map_while(|number| number.parse().ok()).collect();
    Some(numbers.first()? + numbers.get(1)?)
}
