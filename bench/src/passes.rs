//! A decision about more than one transaction may count again: how long until all figures follow it, how long it holds the writer
//! at a time, and what ingest of the same factory has meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    andon,
    bench::Bench,
    decisions::{People, is_applied, median},
    floor::{self, Floor},
    latency::{Latencies, Percentiles},
    load,
};

const FACTORY: &str = "month";
const WORKERS: u64 = 200;
const BATCH_EVENTS: usize = 1_000;
const CONNECTIONS: usize = 8;
/// How often one looks how far it is.
const PROGRESS_POLL: Duration = Duration::from_millis(2);
/// How often ingest is measured with and without a decision being applied.
const ROUNDS: usize = 3;
/// What no server exceeds while something is applied.
const MAX_EVENTS_PER_S: f64 = 250_000.0;

/// A quarantine of a month of minute events, or of a part of one.
#[derive(Debug, Serialize)]
pub(crate) struct Passes {
    pub(crate) events: u64,
    pub(crate) made_s: f64,
    pub(crate) withdrawn_s: f64,
    /// Between two steps that one sees.
    pub(crate) step: Option<Percentiles>,
    /// Of the same factory, the medians of the rounds.
    pub(crate) events_per_s_without: f64,
    pub(crate) events_per_s_meanwhile: f64,
    /// The median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// Measures it on one server, and audits the database at the end.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Passes> {
    let url = bench.databases.fresh().await?;
    let server = bench.andon.serve(&url).await?;
    andon::create_factory(server.address, FACTORY).await?;
    let from_ms = bench.hour_ms - 40 * domain::MS_PER_DAY;
    let floor = Floor { from_ms, workers: WORKERS, workstations: 0, duration_ms: domain::MS_PER_MINUTE };
    let events = bench.plan.pass_events;
    load::fill(server.address, FACTORY, floor, 0..events).await?;
    bench.databases.settle(&url).await?;
    bench.say(format_args!("{events} events stored"));
    let mut people = People::of(server.address, FACTORY).await?;
    let to = floor::instant(from_ms + 31 * domain::MS_PER_DAY);
    let rule = json!({ "standing": { "standing": "QUARANTINED", "to": to } });
    let mut steps = Latencies::default();
    let began = Instant::now();
    let made = people.begin(&rule).await?;
    follow(&mut people, &mut steps).await?;
    let made_s = began.elapsed().as_secs_f64();
    let began = Instant::now();
    people.begin(&json!({ "withdrawal": made["number"] })).await?;
    follow(&mut people, &mut steps).await?;
    let withdrawn_s = began.elapsed().as_secs_f64();
    bench.say(format_args!("made in {made_s:.1} s, withdrawn in {withdrawn_s:.1} s"));

    let (mut without, mut meanwhile, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let load_events = (MAX_EVENTS_PER_S * bench.plan.load_time.as_secs_f64()) as u64;
    let mut next = events;
    for _ in 0..ROUNDS {
        let (mut rates, mut made) = ([0.0; 2], Value::Null);
        for is_during_pass in [false, true] {
            if is_during_pass {
                made = people.begin(&rule).await?;
            }
            let batches =
                floor::batches(FACTORY, floor::in_time(floor, next..next + load_events), BATCH_EVENTS);
            let load = load::drive(server.address, &batches, CONNECTIONS, bench.plan.load_time).await?;
            next += load.events;
            if is_during_pass && is_applied(&people.look().await?) {
                bail!("the decision was applied before the load ended: a larger past is needed");
            }
            rates[usize::from(is_during_pass)] = load.events_per_s();
        }
        people.begin(&json!({ "withdrawal": made["number"] })).await?;
        follow(&mut people, &mut Latencies::default()).await?;
        without.push(rates[0]);
        meanwhile.push(rates[1]);
        ratios.push(rates[1] / rates[0]);
    }
    server.stop().await?;
    bench.say(format_args!("audit: {}", bench.andon.audit(&url).await?));
    Ok(Passes {
        events,
        made_s,
        withdrawn_s,
        step: steps.percentiles(),
        events_per_s_without: median(without),
        events_per_s_meanwhile: median(meanwhile),
        ratio: median(ratios),
    })
}

/// Waits until the last decision is applied, noting how long each step took.
async fn follow(people: &mut People<'_>, steps: &mut Latencies) -> Result<()> {
    let (mut seen, mut since) = (people.look().await?, Instant::now());
    while !is_applied(&seen) {
        tokio::time::sleep(PROGRESS_POLL).await;
        let now = people.look().await?;
        if now != seen {
            steps.push(since.elapsed());
            (seen, since) = (now, Instant::now());
        }
    }
    Ok(())
}
