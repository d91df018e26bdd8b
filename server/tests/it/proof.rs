//! The proof on a crowded day: late inserts cost the entity's neighbourhood, not the factory's day, and each leaves the sums
//! of a recomputation.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::{
    MS_PER_DAY, MS_PER_HOUR,
    bucket::{BUCKET_MS, Level, bucket_of},
    event::{EntityType, Event, EventType, Extent},
    time::{DurationMs, TimestampMs},
    timeline::{self, Observation},
    totals::Totals,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use server::store::{
    issues::Issues,
    writer::{Batch, Verdict, Writer},
};
use test_harness::rounds;

use crate::harness::{Connection, T0_MS, empty_store, whole};

const EVENTS: usize = 60_000;
const CHANGES: usize = 40;
const ENTITIES: i64 = 300;
const CAMERAS: i64 = 2;
/// The day, and the hours into which its last intervals reach.
const BUCKETS: i64 = (MS_PER_DAY + 4 * MS_PER_HOUR) / BUCKET_MS;

/// What one camera saw of one entity in its n-th interval: the two cameras are half an interval apart.
fn seen(entity: i64, camera: i64, n: i64, interval_ms: i64, random: &mut ChaCha8Rng) -> Event {
    let event_type = match random.random_range(0..10) {
        0..7 => EventType::Working,
        7..9 => EventType::Idle,
        _ => EventType::Absent,
    };
    Event {
        entity_type: if entity % 2 == 0 { EntityType::Worker } else { EntityType::Workstation },
        entity_code: format!("E{entity}"),
        event_type,
        started_at_ms: TimestampMs(T0_MS + n * interval_ms + camera * interval_ms / 2),
        extent: Extent::Interval(DurationMs(interval_ms)),
        units: random.random_range(0..3),
        confidence: Some(random.random_range(5_000..=10_000)),
        model_version: Some("v1".into()),
        event_code: format!("c{camera}"),
        source: Some(format!("camera {camera}")),
        workstation: None,
    }
}

fn late(interval_ms: i64, number: i64, random: &mut ChaCha8Rng) -> Event {
    let mut event = seen(random.random_range(0..ENTITIES), 0, 0, interval_ms, random);
    event.started_at_ms = TimestampMs(T0_MS + random.random_range(0..MS_PER_DAY - interval_ms));
    event.extent = Extent::Interval(DurationMs(random.random_range(1..=interval_ms)));
    event.event_code = format!("late {number}");
    event
}

fn number(value: Option<&str>) -> i64 {
    value.and_then(|value| value.parse().ok()).expect("a number")
}

/// One entity as its raw rows have it, read without the code under test.
struct Recomputed {
    id: i32,
    events: Vec<Observation>,
}

impl Recomputed {
    async fn read(conn: &mut Connection, code: &str) -> Self {
        let ids = conn.rows(&format!("SELECT id FROM tracked_entity WHERE code = '{code}'")).await;
        let id = number(ids[0][0].as_deref()) as i32;
        let first = bucket_of(TimestampMs(T0_MS));
        let buckets: Vec<String> = (first..first + BUCKETS).map(|bucket| bucket.to_string()).collect();
        let sql = format!(
            "SELECT started_at, event_type, event_code, duration_ms, units, confidence FROM event \
             WHERE factory_id = 1 AND entity_id = {id} AND bucket IN ({})",
            buckets.join(",")
        );
        let rows = conn.rows(&sql).await;
        let events = rows
            .iter()
            .map(|row| Observation {
                units: number(row[4].as_deref()),
                confidence: row[5].is_some().then(|| number(row[5].as_deref()) as u16),
                event_code: row[2].clone().expect("a text"),
                ..Observation::interval(
                    [EventType::Absent, EventType::Idle, EventType::Working]
                        [number(row[1].as_deref()) as usize],
                    TimestampMs(number(row[0].as_deref())),
                    DurationMs(number(row[3].as_deref())),
                )
            })
            .collect();
        Self { id, events }
    }

    fn starting_in(&self, from_ms: i64, to_ms: i64) -> usize {
        let buckets = bucket_of(TimestampMs(from_ms))..=bucket_of(TimestampMs(to_ms));
        self.events.iter().filter(|event| buckets.contains(&bucket_of(event.started_at_ms))).count()
    }

    async fn assert_stored_sums_are_these(&self, conn: &mut Connection) {
        let mut expected: BTreeMap<(i64, i64), Totals> = BTreeMap::new();
        for (bucket, totals) in timeline::totals(&self.events) {
            for level in Level::ALL {
                *expected
                    .entry((level.code().into(), level.bucket_of(TimestampMs(bucket * BUCKET_MS))))
                    .or_default() += totals;
            }
        }
        let mut stored: BTreeMap<(i64, i64), Totals> = BTreeMap::new();
        for level in Level::ALL {
            let first = bucket_of(TimestampMs(T0_MS));
            let buckets: std::collections::BTreeSet<i64> = (first..first + BUCKETS)
                .map(|bucket| level.bucket_of(TimestampMs(bucket * BUCKET_MS)))
                .collect();
            // The level is in the number of the bucket.
            let level_bits = i64::from(level.code()) << 40;
            let buckets: Vec<String> =
                buckets.iter().map(|bucket| (level_bits + bucket).to_string()).collect();
            let sql = format!(
                "SELECT bucket, working_ms, idle_ms, absent_ms, overlap_ms, contested_ms, corrected_ms, units, \
                 confidence_ms, confident_ms, events \
                 FROM rollup WHERE factory_id = 1 AND bucket IN ({}) AND entity_id = {}",
                buckets.join(","),
                self.id
            );
            for row in conn.rows(&sql).await {
                let [
                    bucket,
                    working_ms,
                    idle_ms,
                    absent_ms,
                    overlap_ms,
                    contested_ms,
                    corrected_ms,
                    units,
                    confidence_ms,
                    confident_ms,
                    events,
                ] = std::array::from_fn(|column| number(row[column].as_deref()));
                let totals = Totals {
                    working_ms,
                    idle_ms,
                    absent_ms,
                    overlap_ms,
                    contested_ms,
                    corrected_ms,
                    units,
                    confidence_ms,
                    confident_ms,
                    events,
                };
                stored.insert((level.code().into(), bucket - level_bits), totals);
            }
        }
        stored.retain(|_, totals| !totals.is_zero());
        let differing: Vec<_> =
            stored.iter().filter(|(key, totals)| expected.get(key) != Some(totals)).collect();
        assert!(differing.is_empty() && stored.len() == expected.len(), "entity {}: {differing:?}", self.id);
    }
}

fn p99(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

#[tokio::test]
async fn late_inserts_on_a_crowded_day_cost_their_neighbourhood_and_stay_exact() {
    let events = rounds(EVENTS) as i64;
    let changes = rounds(CHANGES) as i64;
    let per_camera = events / ENTITIES / CAMERAS;
    let interval_ms = MS_PER_DAY / per_camera;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (database, store) = empty_store("plant").await;
    let mut writer = Writer::new(store.clone());
    let batch = |events: Vec<Event>| Batch {
        factory_slug: "plant".into(),
        events,
        received_at_ms: TimestampMs(T0_MS),
        credential_id: None,
        issues: Issues::default(),
        numbered: None,
    };

    let began = Instant::now();
    let mut waiting = Vec::new();
    for n in 0..per_camera {
        for camera in 0..CAMERAS {
            waiting.extend((0..ENTITIES).map(|entity| seen(entity, camera, n, interval_ms, &mut random)));
        }
        if waiting.len() >= 9_000 || n + 1 == per_camera {
            writer.store(&whole(&[batch(std::mem::take(&mut waiting))])).await.expect("a commit");
        }
    }
    let filling = began.elapsed();

    let mut conn = database.connect().await;
    let mut insert_times = Vec::new();
    let mut most_read = 0;
    let mut checked = async |event: &Event, rows_read: usize| {
        let recomputed = Recomputed::read(&mut conn, &event.entity_code).await;
        recomputed.assert_stored_sums_are_these(&mut conn).await;
        let (from_ms, to_ms) = (event.started_at_ms.0 - interval_ms, event.ended_at_ms().0);
        // Where it touches what the entity is doing now, that is looked up backwards from the end.
        let ends_ms = T0_MS + MS_PER_DAY + interval_ms;
        let at_the_end = to_ms >= ends_ms - 3 * interval_ms;
        let now = if at_the_end {
            2 * recomputed.starting_in(ends_ms - MS_PER_HOUR - 2 * interval_ms, ends_ms)
        } else {
            0
        };
        assert!(
            rows_read <= recomputed.starting_in(from_ms, to_ms) + now + 1,
            "{rows_read} rows for {event:?}"
        );
        most_read = most_read.max(rows_read);
    };
    for number in 0..changes {
        let event = late(interval_ms, number, &mut random);
        let began = Instant::now();
        let stored = writer.store(&whole(&[batch(vec![event.clone()])])).await.expect("a commit");
        insert_times.push(began.elapsed());
        assert_eq!(stored.parts[0].as_ref().expect("the factory").verdicts, [Verdict::Accepted]);
        checked(&event, stored.neighbours_read).await;
    }
    let (insert_p50, insert_p99) = p99(insert_times);
    println!(
        "{events} events of {ENTITIES} entities in {filling:.1?} ({:.0} events/s); late insert p50 {insert_p50:.2?} \
         p99 {insert_p99:.2?}; at most {most_read} rows read",
        events as f64 / filling.as_secs_f64()
    );
}
