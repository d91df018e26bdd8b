//! How long the three metric questions take over ever more events of the same floor and the same 30 days: the same time
//! observed in finer and finer reports, so that nothing but the number of events differs. The sizes take turns.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};
use serde::Serialize;
use serde_json::json;

use crate::{
    andon,
    bench::Bench,
    floor::{self, Floor, Sums, instant},
    http::{self, Connection},
    latency::{Latencies, Percentiles},
    load,
    process::Server,
};

/// How long the floor is observed.
const DAYS: i64 = 30;
const WORKERS: u64 = 100;
const WORKSTATIONS: u64 = 20;
const FACTORY: &str = "plant";
/// How many connections send the events.
const CONNECTIONS: usize = 8;
/// How many batches are prepared at once: with 10 000 events each, about a hundred megabytes.
const WAVE_BATCHES: u64 = 48;
/// A batch covers at most a million buckets, so long events come in smaller batches.
const MAX_BATCH_BUCKETS: i64 = 500_000;
/// Each question is asked so often before it is measured.
const WARM_UP_ASKS: usize = 5;
/// No load of ours takes longer.
const NO_LIMIT: Duration = Duration::from_hours(1);

/// Everything about questions.
#[derive(Debug, Serialize)]
pub(crate) struct Questions {
    pub(crate) sizes: Vec<SizeRow>,
    pub(crate) rows: Vec<QuestionRow>,
}

/// How a database of so many events came to be.
#[derive(Debug, Serialize)]
pub(crate) struct SizeRow {
    pub(crate) events: u64,
    pub(crate) event_s: f64,
    pub(crate) ingest_s: f64,
    pub(crate) events_per_s: f64,
}

/// One question in one window.
#[derive(Debug, Serialize)]
pub(crate) struct QuestionRow {
    pub(crate) question: &'static str,
    pub(crate) window: &'static str,
    /// One for each size, in their order.
    pub(crate) waits: Vec<Option<Percentiles>>,
}

impl QuestionRow {
    /// The median wait with the most events beside that with the fewest.
    pub(crate) fn last_to_first(&self) -> Option<f64> {
        let (first, last) = ((*self.waits.first()?)?, (*self.waits.last()?)?);
        Some(last.p50_ms / first.p50_ms)
    }
}

const TIMES: &str = "idleMinutes absentMinutes overlapMinutes utilization unitsProduced meanConfidence lastSeenAt \
                     current { eventType since until confidence }";

/// Fills a database of each size and asks.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Questions> {
    let from_ms = bench.hour_ms - DAYS * MS_PER_DAY;
    let mut sizes = Vec::new();
    let mut servers: Vec<Server> = Vec::new();
    for events in bench.plan.question_sizes {
        let url = bench.databases.fresh().await?;
        let server = bench.andon.serve(&url).await?;
        let size = fill(&server, from_ms, events).await?;
        bench.databases.settle(&url).await?;
        bench.say(format_args!("{events} events stored in {:.1} s", size.ingest_s));
        sizes.push(size);
        servers.push(server);
    }
    let mut connections = Vec::new();
    for server in &servers {
        connections.push(Connection::open(server.address).await?);
    }
    let mut rows = Vec::new();
    for (question, selection) in questions() {
        for (window, argument) in windows(from_ms) {
            let query =
                format!("{{ {question}(factoryId: \"{FACTORY}\"{argument}) {{ revision {selection} }} }}");
            let request = http::post(json!({ "query": query }).to_string().as_bytes());
            let waits = ask(&mut connections, &request, bench.plan.asks).await?;
            rows.push(QuestionRow { question, window, waits });
        }
    }
    for server in servers {
        server.stop().await?;
    }
    Ok(Questions { sizes, rows })
}

/// What is asked and what of it.
fn questions() -> [(&'static str, String); 3] {
    [
        (
            "factoryMetrics",
            "productiveMinutes idleMinutes absentMinutes unitsProduced averageUtilization utilization \
             averageProductionRate activeWorkers activeWorkstations"
                .to_owned(),
        ),
        ("workerMetrics", format!("workers {{ workerId name area workingMinutes unitsPerHour {TIMES} }}")),
        (
            "workstationMetrics",
            format!("workstations {{ workstationId name area occupiedMinutes throughputPerHour {TIMES} }}"),
        ),
    ]
}

/// The windows, as the rest of the arguments.
fn windows(from_ms: i64) -> [(&'static str, String); 3] {
    let ragged_from_ms = from_ms + MS_PER_DAY + 3 * MS_PER_HOUR + 35 * MS_PER_MINUTE;
    let ragged_to_ms = from_ms + (DAYS - 1) * MS_PER_DAY + 14 * MS_PER_HOUR + 25 * MS_PER_MINUTE;
    let range = format!(
        ", window: {{ range: {{ from: \"{}\", to: \"{}\" }} }}",
        instant(ragged_from_ms),
        instant(ragged_to_ms)
    );
    [
        ("all time", String::new()),
        ("last 30 days", ", window: { period: LAST_30_DAYS }".to_owned()),
        ("ragged range", range),
    ]
}

/// Asks all servers in turns.
async fn ask(
    connections: &mut [Connection],
    request: &[u8],
    asks: usize,
) -> Result<Vec<Option<Percentiles>>> {
    let mut waits: Vec<Latencies> = connections.iter().map(|_| Latencies::default()).collect();
    for round in 0..WARM_UP_ASKS + asks {
        for (connection, waits) in connections.iter_mut().zip(&mut waits) {
            let waited = connection.wait(request).await?;
            if round >= WARM_UP_ASKS {
                waits.push(waited);
            }
        }
    }
    Ok(waits.into_iter().map(Latencies::percentiles).collect())
}

/// Sends so many events of the same 30 days through the API.
async fn fill(server: &Server, from_ms: i64, events: u64) -> Result<SizeRow> {
    let entities = WORKERS + WORKSTATIONS;
    // The last reports of all end when the days do, so none is in the future.
    let duration_ms = DAYS * MS_PER_DAY / events.div_ceil(entities) as i64;
    let floor = Floor { from_ms, workers: WORKERS, workstations: WORKSTATIONS, duration_ms };
    let buckets_per_event =
        domain::bucket::buckets_touched(domain::time::TimestampMs(0), domain::time::DurationMs(duration_ms))
            + 1;
    let batch_events = (MAX_BATCH_BUCKETS / buckets_per_event).min(10_000) as u64;

    andon::create_factory(server.address, FACTORY).await?;
    let mut ingest_s = 0.0;
    let mut sent = Sums::default();
    while sent.events < events {
        let wave = sent.events..events.min(sent.events + WAVE_BATCHES * batch_events);
        let batches = floor::batches(FACTORY, floor::in_time(floor, wave), batch_events as usize);
        let load = load::drive(server.address, &batches, CONNECTIONS, NO_LIMIT).await?;
        ensure!(load.accepted == load.events, "{} of {} events were accepted", load.accepted, load.events);
        ingest_s += load.elapsed.as_secs_f64();
        sent += load.fresh;
    }
    andon::verify(server.address, FACTORY, sent).await?;
    Ok(SizeRow {
        events,
        event_s: duration_ms as f64 / 1_000.0,
        ingest_s,
        events_per_s: events as f64 / ingest_s,
    })
}

impl SizeRow {
    /// Such as `10 k` or `1 M`.
    pub(crate) fn name(&self) -> String {
        match self.events {
            millions if millions >= 1_000_000 => format!("{} M", millions / 1_000_000),
            thousands => format!("{} k", thousands / 1_000),
        }
    }
}
