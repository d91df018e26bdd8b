//! What the core's work costs: judging, the sums of a timeline and what an insertion changes in them, windows and steps,
//! the order of ids. `cargo bench -p domain` prints the times.

use divan::{Bencher, black_box, counter::ItemsCount};
use domain::{
    MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE,
    bucket::cover,
    event::{EventType, RawEvent},
    id::{ModelVersionId, SourceId},
    id_order,
    simulation::{Cameras, SimulatedFactory},
    time::{DurationMs, TimestampMs},
    timeline::{self, Counted, Observation},
    validate::validate,
    window::{Resolution, Window, steps},
    zone::Zone,
};

fn main() {
    divan::main();
}

/// 2026-01-05T00:00:00Z, a Monday.
const MONDAY_MS: i64 = 1_767_571_200_000;
/// How many events a batch or a day of one entity has at least and at most.
const SIZES: [usize; 2] = [1_000, 10_000];

fn berlin() -> Zone {
    time_zones::find("Europe/Berlin").expect("a bundled zone")
}

/// Reports of one entity, one after the other without a gap.
fn minutes(events: usize) -> Vec<Observation> {
    let observation = |number: usize| Observation {
        units: 2,
        confidence: Some(9_300 + (number % 50) as u16),
        model_version: Some(ModelVersionId(1)),
        source: Some(SourceId(1)),
        ..Observation::interval(
            if number.is_multiple_of(7) { EventType::Idle } else { EventType::Working },
            TimestampMs(MONDAY_MS + number as i64 * MS_PER_MINUTE),
            DurationMs(MS_PER_MINUTE),
        )
    };
    (0..events).map(observation).collect()
}

/// Reports of one entity by a second camera, half a minute off.
fn minutes_of_another_camera(events: usize) -> Vec<Observation> {
    let mut observations = minutes(events);
    for observation in &mut observations {
        observation.started_at_ms = observation.started_at_ms + DurationMs(MS_PER_MINUTE / 2);
        observation.source = Some(SourceId(2));
    }
    observations
}

#[divan::bench(args = SIZES)]
fn validate_a_batch(bencher: Bencher<'_, '_>, events: usize) {
    let factory = SimulatedFactory { seed: 1, zone: berlin(), cameras: Cameras::TwoThatOverlap };
    let days = factory.events(MONDAY_MS, MONDAY_MS + 14 * MS_PER_DAY);
    let batch: Vec<RawEvent> = days.into_iter().cycle().take(events).collect();
    let now_ms = MONDAY_MS + 30 * MS_PER_DAY;
    bencher.counter(ItemsCount::new(events)).with_inputs(|| batch.clone()).bench_values(|batch| {
        batch
            .into_iter()
            .filter_map(|raw| validate(raw, TimestampMs(now_ms), DurationMs(5 * MS_PER_MINUTE)).ok())
            .count()
    });
}

#[divan::bench(args = SIZES)]
fn totals_of_a_timeline(bencher: Bencher<'_, '_>, events: usize) {
    let observations = minutes(events);
    bencher.counter(ItemsCount::new(events)).bench_local(|| timeline::totals(black_box(&observations)));
}

#[divan::bench(args = SIZES)]
fn totals_where_two_cameras_overlap(bencher: Bencher<'_, '_>, events: usize) {
    let mut observations = minutes(events / 2);
    observations.extend(minutes_of_another_camera(events / 2));
    bencher.counter(ItemsCount::new(events)).bench_local(|| timeline::totals(black_box(&observations)));
}

/// Ten minutes of one entity past everything it was ever seen doing: its share of a batch in the order of time.
#[divan::bench]
fn insertion_past_the_frontier(bencher: Bencher<'_, '_>) {
    let added = minutes(10);
    bencher.counter(ItemsCount::new(added.len())).bench_local(|| timeline::totals(black_box(&added)));
}

/// Ten late minutes into an hour in which another camera has seen everything.
#[divan::bench]
fn insertion_among_neighbours(bencher: Bencher<'_, '_>) {
    let existing = minutes_of_another_camera(60);
    let added = &minutes(40)[30..];
    let after: Vec<Observation> = existing.iter().chain(added).cloned().collect();
    bencher.counter(ItemsCount::new(added.len())).bench_local(|| {
        timeline::delta(&Counted::reports(black_box(&existing)), &Counted::reports(black_box(&after)))
    });
}

#[divan::bench]
fn cover_a_ragged_month() -> usize {
    let from_ms = MONDAY_MS + 3 * MS_PER_HOUR + 35 * MS_PER_MINUTE;
    let to_ms = MONDAY_MS + 30 * MS_PER_DAY + 14 * MS_PER_HOUR + 25 * MS_PER_MINUTE;
    cover(TimestampMs(black_box(from_ms)), TimestampMs(black_box(to_ms))).len()
}

#[divan::bench(args = [Resolution::FiveMinutes, Resolution::Hour, Resolution::Day])]
fn steps_of_a_week(bencher: Bencher<'_, '_>, resolution: Resolution) {
    const MAX_STEPS: usize = 2_016;
    let window = Window { from_ms: TimestampMs(MONDAY_MS), to_ms: TimestampMs(MONDAY_MS + 7 * MS_PER_DAY) };
    bencher.bench_local(|| steps(black_box(window), resolution, berlin(), MAX_STEPS));
}

#[divan::bench(args = [100, 10_000])]
fn sort_ids(bencher: Bencher<'_, '_>, ids: usize) {
    // Every number once, in no order: 7 919 is prime.
    let shuffled: Vec<String> = (0..ids).map(|number| format!("W{}", number * 7_919 % ids)).collect();
    bencher.counter(ItemsCount::new(ids)).with_inputs(|| shuffled.clone()).bench_values(|mut ids| {
        ids.sort_by(|a, b| id_order::compare(a, b));
        ids
    });
}
