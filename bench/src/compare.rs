//! Ingest of this program beside that of another one, such as the release before: both serve all the time and take turns, so that
//! what else the machine does hits both alike.

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::{
    andon::{self, Andon},
    bench::Bench,
    decisions::median,
    floor, ingest, load,
};

/// How often the programs take turns.
const ROUNDS: usize = 7;
/// The batches' sizes, and over how many connections they come.
const SHAPES: [(usize, usize); 2] = [(1_000, 8), (1, 64)];
/// What no server exceeds, in batches and in events.
const MAX_BATCHES_PER_S: f64 = 15_000.0;
const MAX_EVENTS_PER_S: f64 = 250_000.0;

/// One load and what became of it in both programs.
#[derive(Debug, Serialize)]
pub(crate) struct CompareRow {
    pub(crate) batch_events: usize,
    pub(crate) connections: usize,
    /// Into which time the events fall.
    pub(crate) into: &'static str,
    /// The medians of the rounds.
    pub(crate) other_events_per_s: f64,
    pub(crate) events_per_s: f64,
    /// The median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// Measures both programs, and audits what this one stored.
pub(crate) async fn measure(bench: &Bench<'_>, other: &Andon) -> Result<Vec<CompareRow>> {
    let urls = [bench.databases.fresh().await?, bench.databases.fresh().await?];
    let servers = [other.serve(&urls[0]).await?, bench.andon.serve(&urls[1]).await?];
    let mut rows = Vec::new();
    for (batch_events, connections) in SHAPES {
        for into in ["200 days ago", "last hour"] {
            let mut rates: [Vec<f64>; 2] = Default::default();
            let mut ratios = Vec::new();
            for round in 0..ROUNDS {
                let factory = format!("compare-{batch_events}-{}-{round}", rows.len());
                let most = (MAX_BATCHES_PER_S * batch_events as f64).min(MAX_EVENTS_PER_S);
                let events = (most * bench.plan.load_time.as_secs_f64()) as u64;
                let floor =
                    if into == "last hour" { floor::last_hour(events) } else { ingest::floor(bench, 1) };
                let batches = floor::batches(&factory, floor::in_time(floor, 0..events), batch_events);
                // Each is first in turn.
                for turn in [round % 2, (round + 1) % 2] {
                    let address = servers[turn].address;
                    andon::create_factory(address, &factory).await?;
                    let load = load::drive(address, &batches, connections, bench.plan.load_time).await?;
                    ensure!(load.accepted == load.events, "not all events were accepted");
                    rates[turn].push(load.events_per_s());
                }
                ratios.push(rates[1][round] / rates[0][round]);
            }
            let [other_events_per_s, events_per_s] = rates.map(median);
            let ratio = median(ratios);
            let row = CompareRow { batch_events, connections, into, other_events_per_s, events_per_s, ratio };
            bench.say(format_args!("{row:?}"));
            rows.push(row);
        }
    }
    for server in servers {
        server.stop().await?;
    }
    bench.say(format_args!("audit: {}", bench.andon.audit(&urls[1]).await?));
    Ok(rows)
}
