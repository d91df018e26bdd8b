//! What repeats and late events cost beside clean ones. The three kinds take turns, so that what else happens on the
//! machine meets all of them.

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::{
    andon,
    bench::Bench,
    floor::{self, Batch, Floor},
    ingest,
    load::{self, Load},
};

/// How many events a batch has.
const BATCH_EVENTS: usize = 1_000;
/// How many connections send.
const CONNECTIONS: usize = 8;
/// What no server exceeds.
const MAX_EVENTS_PER_S: f64 = 500_000.0;
/// How far back in the stream the original of a repeat is at most: some seconds.
const REPEATS_REACH_EVENTS: u64 = 20_000;
/// How late a late event is.
const LATE_MINUTES: u64 = 60;

/// One kind of stream and what it cost.
#[derive(Debug, Serialize)]
pub(crate) struct FaultRow {
    pub(crate) kind: &'static str,
    pub(crate) events: u64,
    pub(crate) micros_per_event: f64,
    /// The time of an event, repeats and late ones included, beside that of a clean one.
    pub(crate) of_clean: f64,
}

#[derive(Clone, Copy)]
enum Kind {
    Clean,
    Repeats,
    Late,
}

const KINDS: [(Kind, &str); 3] =
    [(Kind::Clean, "clean"), (Kind::Repeats, "30 % duplicates"), (Kind::Late, "10 % late by an hour")];

/// Measures each kind, and audits the database at the end.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Vec<FaultRow>> {
    let url = bench.databases.fresh().await?;
    let server = bench.andon.serve(&url).await?;
    let floor = ingest::floor(bench, 1);
    let mut totals = [(0, 0.0); KINDS.len()];
    for round in 0..bench.plan.fault_rounds {
        for (total, (kind, _)) in totals.iter_mut().zip(KINDS) {
            let factory = format!("{}-{round}", ["clean", "repeats", "late"][kind as usize]);
            andon::create_factory(server.address, &factory).await?;
            let seconds = bench.plan.load_time.as_secs_f64();
            let batches = stream(kind, floor, &factory, (MAX_EVENTS_PER_S * seconds) as u64);
            let load = load::drive(server.address, &batches, CONNECTIONS, bench.plan.load_time).await?;
            judge(&load)?;
            andon::verify(server.address, &factory, load.fresh).await?;
            total.0 += load.events;
            total.1 += load.elapsed.as_secs_f64();
        }
    }
    server.stop().await?;
    bench.say(format_args!("audit: {}", bench.andon.audit(&url).await?));
    let micros_per_event = |(events, seconds): (u64, f64)| seconds * 1e6 / events as f64;
    let clean = micros_per_event(totals[Kind::Clean as usize]);
    let rows = KINDS.iter().zip(totals).map(|((_, name), total)| FaultRow {
        kind: name,
        events: total.0,
        micros_per_event: micros_per_event(total),
        of_clean: micros_per_event(total) / clean,
    });
    Ok(rows.collect())
}

fn stream(kind: Kind, floor: Floor, factory: &str, events: u64) -> Vec<Batch> {
    let all = 0..events;
    match kind {
        Kind::Clean => floor::batches(factory, floor::in_time(floor, all), BATCH_EVENTS),
        Kind::Repeats => {
            floor::batches(factory, floor::with_repeats(floor, all, REPEATS_REACH_EVENTS), BATCH_EVENTS)
        }
        Kind::Late => {
            let delay = LATE_MINUTES * floor.entities();
            floor::batches(factory, floor::with_late(floor, all, delay), BATCH_EVENTS)
        }
    }
}

/// Every event that came once must be accepted, and every repeat be a duplicate.
fn judge(load: &Load) -> Result<()> {
    let repeats = load.events - load.fresh.events;
    ensure!(
        load.accepted == load.fresh.events && load.duplicates == repeats,
        "of {} events and {repeats} repeats {} were accepted and {} duplicates",
        load.fresh.events,
        load.accepted,
        load.duplicates
    );
    Ok(())
}
