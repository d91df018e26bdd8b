//! What a state report costs beside an interval: in order and late, into days that are long past and into the last hour.
//!
//! All kinds take turns in one run, each round with a factory of its own, so that what else the machine does hits all alike.

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::{
    andon,
    bench::Bench,
    floor::{self, Batch, Floor, Reported, Sent},
    ingest, load,
};

/// How many events a batch has.
const BATCH_EVENTS: usize = 1_000;
/// How many connections send.
const CONNECTIONS: usize = 8;
/// What no server exceeds.
const MAX_EVENTS_PER_S: f64 = 500_000.0;

/// One kind of stream and what it cost.
#[derive(Debug, Serialize)]
pub(crate) struct FormRow {
    pub(crate) kind: &'static str,
    pub(crate) time: &'static str,
    pub(crate) events: u64,
    pub(crate) micros_per_event: f64,
    /// The time of an event beside that of an interval that comes as it does, in order or late, into the same days.
    pub(crate) of_interval: f64,
}

#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    reported: Reported,
    is_late: bool,
}

const fn kind(name: &'static str, reported: Reported, is_late: bool) -> Kind {
    Kind { name, reported, is_late }
}

const KINDS: [Kind; 6] = [
    kind("intervals", Reported::Intervals, false),
    kind("states", Reported::States, false),
    kind("states at workstations", Reported::StatesAtWorkstations, false),
    kind("intervals, 10 % late", Reported::Intervals, true),
    kind("states, 10 % late", Reported::States, true),
    kind("states at workstations, 10 % late", Reported::StatesAtWorkstations, true),
];

/// Into which time the events fall.
#[derive(Clone, Copy)]
enum Time {
    LongPast,
    LastHour,
}

const TIMES: [(Time, &str); 2] = [(Time::LongPast, "200 days ago"), (Time::LastHour, "last hour")];

/// Measures each kind into each time, and audits the database at the end.
pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Vec<FormRow>> {
    let url = bench.databases.fresh().await?;
    let server = bench.andon.serve(&url).await?;
    let events = (MAX_EVENTS_PER_S * bench.plan.load_time.as_secs_f64()) as u64;
    let mut rows = Vec::new();
    for (time, time_name) in TIMES {
        let mut totals = [(0, 0.0); KINDS.len()];
        for round in 0..bench.plan.fault_rounds {
            for (index, (total, kind)) in totals.iter_mut().zip(KINDS).enumerate() {
                let factory = format!("form-{}-{index}-{round}", time as usize);
                andon::create_factory(server.address, &factory).await?;
                let floor = floor_in(bench, time, events);
                let batches = batches(&factory, floor, kind, events);
                let load = load::drive(server.address, &batches, CONNECTIONS, bench.plan.load_time).await?;
                drop(batches);
                ensure!(
                    load.accepted == load.events,
                    "{} of {} events were accepted",
                    load.accepted,
                    load.events
                );
                let sent = match kind.reported {
                    Reported::Intervals => load.fresh,
                    // Batches are begun in their order, and all that were begun are stored.
                    _ => floor::state_sums(stream(floor, kind, events).take(load.events as usize)),
                };
                andon::verify_workers(server.address, &factory, sent).await?;
                total.0 += load.events;
                total.1 += load.elapsed.as_secs_f64();
            }
        }
        let micros_per_event = |(events, seconds): (u64, f64)| seconds * 1e6 / events as f64;
        let interval = |is_late: bool| {
            let same =
                KINDS.iter().position(|kind| kind.reported == Reported::Intervals && kind.is_late == is_late);
            same.map_or(f64::NAN, |index| micros_per_event(totals[index]))
        };
        rows.extend(KINDS.iter().zip(totals).map(|(kind, total)| FormRow {
            kind: kind.name,
            time: time_name,
            events: total.0,
            micros_per_event: micros_per_event(total),
            of_interval: micros_per_event(total) / interval(kind.is_late),
        }));
    }
    server.stop().await?;
    bench.say(format_args!("audit: {}", bench.andon.audit(&url).await?));
    Ok(rows)
}

/// The floor that is seen. In the last hour it is seen more often, so that all events find room there.
fn floor_in(bench: &Bench<'_>, time: Time, events: u64) -> Floor {
    match time {
        Time::LongPast => ingest::floor(bench, 1),
        Time::LastHour => floor::last_hour(events),
    }
}

fn stream(floor: Floor, kind: Kind, events: u64) -> Box<dyn Iterator<Item = Sent>> {
    if !kind.is_late {
        return Box::new(floor::in_time(floor, 0..events));
    }
    // An hour late in minutes; in a floor that is seen for an hour alone, later than a tenth of the others.
    let delay = (60 * floor.entities()).min(events / 10);
    Box::new(floor::with_late(floor, 0..events, delay))
}

fn batches(factory: &str, floor: Floor, kind: Kind, events: u64) -> Vec<Batch> {
    floor::batches_as(factory, kind.reported, stream(floor, kind, events), BATCH_EVENTS)
}
