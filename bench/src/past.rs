//! What it costs to ask what was answered before: figures as they were at an instant beside those of now, and how large the ledger
//! is of which they are made.

use std::time::SystemTime;

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::MS_PER_DAY;
use serde::Serialize;
use serde_json::json;

use crate::{
    andon,
    bench::Bench,
    floor::{Floor, instant},
    http::{self, Connection},
    latency::{Latencies, Percentiles},
    load,
};

const FACTORY: &str = "plant";
const WORKERS: u64 = 1_000;
/// How long they are observed, and how long before now that begins: all of it is closed when it is sent.
const DAYS: i64 = 30;
const DAYS_BACK: i64 = 40;
const WARM_UP_ASKS: usize = 3;

/// Everything about what was answered before.
#[derive(Debug, Serialize)]
pub(crate) struct Past {
    pub(crate) events: u64,
    /// How much of the database the ledger is.
    pub(crate) ledger_share: f64,
    pub(crate) rows: Vec<PastRow>,
}

/// The workers' figures of a window, as they are and as they were.
#[derive(Debug, Serialize)]
pub(crate) struct PastRow {
    pub(crate) window: &'static str,
    pub(crate) now: Option<Percentiles>,
    /// When half of the events had come.
    pub(crate) half: Option<Percentiles>,
    /// When none had come.
    pub(crate) none: Option<Percentiles>,
}

/// Fills a factory with what is long past, and asks.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Past> {
    let url = bench.databases.fresh().await?;
    let server = bench.andon.serve(&url).await?;
    let from_ms = (bench.hour_ms / MS_PER_DAY - DAYS_BACK) * MS_PER_DAY;
    let events = bench.plan.past_events;
    let duration_ms = DAYS * MS_PER_DAY / events.div_ceil(WORKERS) as i64;
    let floor = Floor { from_ms, workers: WORKERS, workstations: 0, duration_ms };
    andon::create_factory(server.address, FACTORY).await?;
    let none_at = now();
    load::fill(server.address, FACTORY, floor, 0..events / 2).await?;
    let half_at = now();
    load::fill(server.address, FACTORY, floor, events / 2..events).await?;
    bench.databases.settle(&url).await?;
    let mut connection = Connection::open(server.address).await?;
    let mut rows = Vec::new();
    // All that moved in more days of so many workers is more than one answer may read.
    for (window, days) in [("a day", 1), ("10 days", 10)] {
        let window_of = |as_of: Option<&str>| {
            // What had come when half of it had is in the first days.
            let (from, to) = (instant(from_ms), instant(from_ms + days * MS_PER_DAY));
            let as_of = as_of.map(|at| format!(", asOf: \"{at}\"")).unwrap_or_default();
            format!(
                "{{ workerMetrics(factoryId: \"{FACTORY}\", window: {{ range: {{ from: \"{from}\", to: \"{to}\" }} }}{as_of}) \
                 {{ workers {{ workerId workingMinutes idleMinutes absentMinutes utilization unitsProduced }} }} }}"
            )
        };
        let queries = [None, Some(half_at.as_str()), Some(none_at.as_str())].map(window_of);
        let [now, half, none] = ask(&mut connection, &queries, bench.plan.asks).await?;
        rows.push(PastRow { window, now, half, none });
    }
    server.stop().await?;
    let ledger_share = bench.databases.share_of(&url, &["restatement", "restated_hour"]).await?;
    bench.say(format_args!("audit: {}", bench.andon.audit(&url).await?));
    Ok(Past { events, ledger_share, rows })
}

fn now() -> String {
    instant(DateTime::<Utc>::from(SystemTime::now()).timestamp_millis())
}

/// Asks all questions in turns.
async fn ask<const N: usize>(
    connection: &mut Connection,
    queries: &[String; N],
    asks: usize,
) -> Result<[Option<Percentiles>; N]> {
    let mut waits: [Latencies; N] = std::array::from_fn(|_| Latencies::default());
    for round in 0..WARM_UP_ASKS + asks {
        for (query, waits) in queries.iter().zip(&mut waits) {
            let request = http::post(json!({ "query": query }).to_string().as_bytes());
            let waited = connection.wait(&request).await?;
            if round >= WARM_UP_ASKS {
                waits.push(waited);
            }
        }
    }
    Ok(waits.map(Latencies::percentiles))
}
