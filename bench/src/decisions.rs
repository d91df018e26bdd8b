//! What decisions cost: how long one waits for them, and what ingest pays for those that were made before.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    andon,
    bench::Bench,
    floor::{self, Floor, MODEL_VERSION, instant},
    http::Connection,
    ingest,
    latency::{Latencies, Percentiles},
    load,
};

const BATCH_EVENTS: usize = 1_000;
const CONNECTIONS: usize = 8;
/// What no server exceeds.
const MAX_EVENTS_PER_S: f64 = 500_000.0;
/// An end to filling that is never reached.
const NO_LIMIT: Duration = Duration::from_hours(1);
/// How often one asks whether the figures follow a decision that its answer did not yet show.
const PROGRESS_POLL: Duration = Duration::from_millis(5);

/// A shift of minute events.
const SHIFT_MINUTES: u64 = 480;
const EVERYBODY: u64 = 1_000;
const RULES: usize = 10;
const CORRECTIONS: i64 = 100;

/// One decision that is made and withdrawn, and how long it takes until all figures follow.
#[derive(Debug, Serialize)]
pub(crate) struct DecisionRow {
    pub(crate) what: String,
    /// How many stored events are counted again.
    pub(crate) events: i64,
    pub(crate) made: Option<Percentiles>,
    pub(crate) withdrawn: Option<Percentiles>,
}

/// Ingest into a factory with decisions beside one without.
#[derive(Debug, Serialize)]
pub(crate) struct IngestBeside {
    pub(crate) rounds: usize,
    /// The medians of the rounds.
    pub(crate) events_per_s_without: f64,
    pub(crate) events_per_s_with: f64,
    /// The median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// All that was found out about decisions.
#[derive(Debug, Serialize)]
pub(crate) struct Decisions {
    pub(crate) rows: Vec<DecisionRow>,
    pub(crate) ingest: IngestBeside,
}

/// Measures all of it on one server, and audits the database at the end.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Decisions> {
    let url = bench.databases.fresh().await?;
    let server = bench.andon.serve(&url).await?;
    let mut rows = Vec::new();
    for case in [shifts(bench), everybody(bench), quarantine(bench)] {
        rows.push(case.measure(bench, server.address).await?);
    }
    let ingest = beside(bench, server.address).await?;
    server.stop().await?;
    bench.say(format_args!("audit: {}", bench.andon.audit(&url).await?));
    Ok(Decisions { rows, ingest })
}

/// A filled factory and decisions about it, each of which is made and withdrawn.
struct Case {
    what: String,
    factory: &'static str,
    floor: Floor,
    events: u64,
    decisions: Vec<Value>,
}

/// A correction of each worker's shift.
fn shifts(bench: &Bench<'_>) -> Case {
    let floor = Floor { workers: bench.plan.asks as u64, ..ingest::floor(bench, 1) };
    let shift = |worker: u64| correction(floor, worker..worker + 1, SHIFT_MINUTES, "ABSENT");
    Case {
        what: "correction of a shift of one worker".to_owned(),
        factory: "shifts",
        floor,
        events: floor.workers * SHIFT_MINUTES,
        decisions: (1..=floor.workers).map(shift).collect(),
    }
}

/// A correction of an hour of everybody.
fn everybody(bench: &Bench<'_>) -> Case {
    let floor = Floor { workers: EVERYBODY, ..ingest::floor(bench, 1) };
    let hour = |said| correction(floor, 1..EVERYBODY + 1, 60, said);
    Case {
        what: format!("correction of an hour of {EVERYBODY} workers"),
        factory: "everybody",
        floor,
        events: EVERYBODY * 60,
        decisions: ["IDLE", "NOT_OBSERVED", "WORKING"].map(hour).into(),
    }
}

/// A quarantine of one of ten cameras.
fn quarantine(bench: &Bench<'_>) -> Case {
    let floor = ingest::floor(bench, 1);
    let rule = |camera: u64| json!({ "standing": { "standing": "QUARANTINED", "sourceId": format!("cam-{camera}") } });
    Case {
        what: "quarantine of a camera of ten".to_owned(),
        factory: "quarantine",
        floor,
        events: bench.plan.quarantine_events,
        decisions: (1..=3).map(rule).collect(),
    }
}

fn correction(floor: Floor, workers: std::ops::Range<u64>, minutes: u64, said: &str) -> Value {
    let ids: Vec<String> = workers.map(|worker| format!("W{worker}")).collect();
    let (from, to) = (floor.from_ms, floor.from_ms + minutes as i64 * domain::MS_PER_MINUTE);
    json!({ "correction": { "entityType": "WORKER", "entityIds": ids, "from": instant(from), "to": instant(to),
                            "state": said } })
}

impl Case {
    async fn measure(self, bench: &Bench<'_>, address: std::net::SocketAddr) -> Result<DecisionRow> {
        andon::create_factory(address, self.factory).await?;
        let batches = floor::batches(self.factory, floor::in_time(self.floor, 0..self.events), BATCH_EVENTS);
        let load = load::drive(address, &batches, CONNECTIONS, NO_LIMIT).await?;
        let mut people = People::of(address, self.factory).await?;
        let (mut made, mut withdrawn, mut events) = (Latencies::default(), Latencies::default(), 0);
        for decision in &self.decisions {
            let began = Instant::now();
            let answer = people.decide(decision).await?;
            made.push(began.elapsed());
            events = answer["progress"]["events"].as_i64().unwrap_or_default();
            let began = Instant::now();
            people.decide(&json!({ "withdrawal": answer["number"] })).await?;
            withdrawn.push(began.elapsed());
        }
        andon::verify(address, self.factory, load.fresh).await?;
        let row = DecisionRow {
            what: self.what,
            events,
            made: made.percentiles(),
            withdrawn: withdrawn.percentiles(),
        };
        bench.say(format_args!("{row:?}"));
        Ok(row)
    }
}

/// People who decide about a factory, one after the other.
pub(crate) struct People<'a> {
    connection: Connection,
    factory: &'a str,
    requests: usize,
    /// What was asked last.
    variables: Value,
}

impl<'a> People<'a> {
    pub(crate) async fn of(address: std::net::SocketAddr, factory: &'a str) -> Result<Self> {
        let connection = Connection::open(address).await?;
        Ok(Self { connection, factory, requests: 0, variables: Value::Null })
    }

    /// Makes a decision and waits until all figures follow it.
    async fn decide(&mut self, decision: &Value) -> Result<Value> {
        let mut made = self.begin(decision).await?;
        while !is_applied(&made) {
            tokio::time::sleep(PROGRESS_POLL).await;
            made = self.look().await?;
        }
        Ok(made)
    }

    /// Makes a decision, which the figures may follow later.
    pub(crate) async fn begin(&mut self, decision: &Value) -> Result<Value> {
        self.requests += 1;
        self.variables =
            json!({ "factory": self.factory, "request": self.requests.to_string(), "decision": decision });
        self.look().await
    }

    /// How far the last one is: the same request again says it.
    pub(crate) async fn look(&mut self) -> Result<Value> {
        const DECIDE: &str = "mutation Decide($factory: ID!, $request: ID!, $decision: DecisionInput!) { decide(factoryId: $factory, \
             requestId: $request, decision: $decision, note: \"Measured.\") { number progress { state appliedBefore events } } }";
        Ok(self.connection.run(DECIDE, &self.variables).await?["decide"].take())
    }
}

/// Whether the figures follow a decision.
pub(crate) fn is_applied(made: &Value) -> bool {
    made["progress"]["state"] == "APPLIED"
}

/// Takes turns between a factory without decisions and one with some from the time before what is sent.
async fn beside(bench: &Bench<'_>, address: std::net::SocketAddr) -> Result<IngestBeside> {
    let floor = ingest::floor(bench, 1);
    let events = (MAX_EVENTS_PER_S * bench.plan.load_time.as_secs_f64()) as u64;
    let rounds = 2 * bench.plan.fault_rounds as usize + 1;
    let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Each is first in turn.
        let order = if round % 2 == 0 { [false, true] } else { [true, false] };
        let mut rates = [0.0; 2];
        for is_decided in order {
            let factory = format!("beside-{round}-{is_decided}");
            andon::create_factory(address, &factory).await?;
            if is_decided {
                decide_about_the_past(address, &factory, floor).await?;
            }
            let batches = floor::batches(&factory, floor::in_time(floor, 0..events), BATCH_EVENTS);
            let load = load::drive(address, &batches, CONNECTIONS, bench.plan.load_time).await?;
            ensure!(
                load.accepted == load.events,
                "{} of {} events were accepted",
                load.accepted,
                load.events
            );
            // The corrections are of no time that was reported, and take it away.
            andon::verify(address, &factory, load.fresh).await?;
            rates[usize::from(is_decided)] = load.events_per_s();
        }
        without.push(rates[0]);
        with.push(rates[1]);
        ratios.push(rates[1] / rates[0]);
    }
    Ok(IngestBeside {
        rounds,
        events_per_s_without: median(without),
        events_per_s_with: median(with),
        ratio: median(ratios),
    })
}

/// Rules of which half are about the events that will come, and corrections of the days before them.
async fn decide_about_the_past(address: std::net::SocketAddr, factory: &str, floor: Floor) -> Result<()> {
    let mut people = People::of(address, factory).await?;
    for number in 0..RULES {
        let rule = if number % 2 == 0 {
            json!({ "standing": "SERVING", "sourceId": format!("cam-{}", number + 1), "modelVersion": MODEL_VERSION })
        } else {
            json!({ "standing": "SHADOW", "sourceId": format!("old-{number}"), "to": instant(floor.from_ms) })
        };
        people.decide(&json!({ "standing": rule })).await?;
    }
    for number in 0..CORRECTIONS {
        let from_ms = floor.from_ms - (number + 1) * 6 * domain::MS_PER_HOUR;
        let hour = json!({ "entityType": "WORKER", "entityIds": [format!("W{}", number + 1)], "from": instant(from_ms),
                           "to": instant(from_ms + domain::MS_PER_HOUR), "state": "NOT_OBSERVED" });
        people.decide(&json!({ "correction": hour })).await?;
    }
    Ok(())
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle_whatever_the_order() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
