//! Events per second that are accepted, durable and counted in the metrics, beside what only parsing and only storing
//! them would reach in the same run.

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::{
    andon,
    bare_table::{self, BareRate},
    bench::Bench,
    floor::{self, Batch, Floor},
    latency::Percentiles,
    load,
    plan::Shape,
    process::Server,
};

/// How many workers are seen.
const WORKERS: u64 = 100;
/// How far back the first event is: even an hour for every event of the longest load ends before now.
const DAYS_BACK: i64 = 200;
/// What a server and a machine can reach at most, for preparing no more than is sent.
const MAX_EVENTS_PER_S: u64 = 500_000;
/// What a server can answer at most.
const MAX_BATCHES_PER_S: u64 = 30_000;
/// Sent before anything is measured, so that caches and statements are there.
const WARM_UP_EVENTS: u64 = 20_000;

/// One load and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct IngestRow {
    pub(crate) batch_events: usize,
    pub(crate) connections: usize,
    pub(crate) event_minutes: i64,
    pub(crate) events: u64,
    pub(crate) events_per_s: f64,
    /// How long a sender waits for its answer.
    pub(crate) answer: Option<Percentiles>,
    /// How often a batch was refused because the server had no room for it.
    pub(crate) refusals: u64,
    /// What the server that only parses reached.
    pub(crate) parse_only_events_per_s: f64,
    /// What the bare table reached.
    pub(crate) bare: Vec<BareRate>,
}

impl IngestRow {
    pub(crate) fn of_parse_only(&self) -> f64 {
        self.events_per_s / self.parse_only_events_per_s
    }

    /// The share of the fastest way into the bare table.
    pub(crate) fn of_bare(&self) -> Option<f64> {
        let fastest = self.bare.iter().map(|bare| bare.rows_per_s).reduce(f64::max)?;
        Some(self.events_per_s / fastest)
    }
}

/// Measures every shape, one factory each, and audits the database at the end.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Vec<IngestRow>> {
    let url = bench.databases.fresh().await?;
    let server = bench.andon.serve(&url).await?;
    let parser = bench.parse_only().await?;
    warm_up(&server, &parser).await?;
    let mut rows: Vec<IngestRow> = Vec::new();
    for (index, shape) in bench.plan.shapes.iter().enumerate() {
        let row = measure_shape(bench, (&server, &parser), *shape, index, &rows).await?;
        bench.say(format_args!(
            "batches of {} over {} connections: {:.0} events/s, parse-only {:.0}",
            row.batch_events, row.connections, row.events_per_s, row.parse_only_events_per_s
        ));
        rows.push(row);
    }
    server.stop().await?;
    bench.say(format_args!("audit: {}", bench.andon.audit(&url).await?));
    Ok(rows)
}

async fn measure_shape(
    bench: &Bench<'_>,
    (server, parser): (&Server, &Server),
    shape: Shape,
    index: usize,
    before: &[IngestRow],
) -> Result<IngestRow> {
    let Shape { batch_events, connections, event_minutes } = shape;
    let factory = format!("ingest-{index}");
    let floor = floor(bench, event_minutes);
    let events = enough(shape, bench.plan.load_time.as_secs_f64());
    let batches = floor::batches(&factory, floor::in_time(floor, 0..events), batch_events);
    let parsed = load::drive(parser.address, &batches, connections, bench.plan.load_time).await?;

    andon::create_factory(server.address, &factory).await?;
    let load = load::drive(server.address, &batches, connections, bench.plan.load_time).await?;
    ensure!(load.accepted == load.events, "{} of {} events were accepted", load.accepted, load.events);
    andon::verify(server.address, &factory, load.fresh).await?;
    drop(batches);

    let same_rows = |row: &&IngestRow| row.batch_events == batch_events && row.event_minutes == event_minutes;
    let bare = if let Some(row) = before.iter().find(same_rows) {
        row.bare.clone()
    } else {
        let sizes = (events, batch_events);
        bare_table::measure(bench.andon, bench.databases, floor, sizes, bench.plan.load_time).await?
    };
    Ok(IngestRow {
        batch_events,
        connections,
        event_minutes,
        events: load.events,
        events_per_s: load.events_per_s(),
        refusals: load.refusals,
        answer: load.latencies.percentiles(),
        parse_only_events_per_s: parsed.events_per_s(),
        bare,
    })
}

/// A floor of workers whose events are so long.
pub(crate) fn floor(bench: &Bench<'_>, event_minutes: i64) -> Floor {
    Floor {
        // Not on the grid, so that an hour touches 13 buckets of five minutes.
        from_ms: bench.hour_ms - DAYS_BACK * domain::MS_PER_DAY + 2 * domain::MS_PER_MINUTE,
        workers: WORKERS,
        workstations: 0,
        duration_ms: event_minutes * domain::MS_PER_MINUTE,
    }
}

/// More events than can be sent in this time, at least one batch for every connection, and none in the future.
fn enough(shape: Shape, seconds: f64) -> u64 {
    let batch_events = shape.batch_events as u64;
    let batches_per_s = (MAX_EVENTS_PER_S / batch_events).min(MAX_BATCHES_PER_S);
    let batches = ((batches_per_s as f64 * seconds) as u64).max(2 * shape.connections as u64);
    let until_now = DAYS_BACK * domain::MS_PER_DAY / (shape.event_minutes * domain::MS_PER_MINUTE) - 1;
    (batches * batch_events).min(until_now as u64 * WORKERS)
}

async fn warm_up(server: &Server, parser: &Server) -> Result<()> {
    let floor = Floor {
        from_ms: 1_735_689_600_000,
        workers: WORKERS,
        workstations: 0,
        duration_ms: domain::MS_PER_MINUTE,
    };
    andon::create_factory(server.address, "warm-up").await?;
    let batches: Vec<Batch> = floor::batches("warm-up", floor::in_time(floor, 0..WARM_UP_EVENTS), 1_000);
    for address in [server.address, parser.address] {
        load::drive(address, &batches, 8, std::time::Duration::from_secs(10)).await?;
    }
    Ok(())
}
