//! The one law on a real database: the sums are those of the set of stored events, however the events came.

use std::collections::{BTreeMap, HashSet};

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, Level, bucket_of},
    event::{EntityType, Event, EventForm, EventType, Extent},
    id::EntityId,
    state_steps::{StepGrid, StepTimes},
    time::{DurationMs, TimestampMs},
    timeline::{self, BucketTotals, Observation, Segment},
    totals::Totals,
    window::Window,
};
use proptest::{collection::vec, option, prelude::*, sample::Index, test_runner::TestCaseError};
use server::store::{
    Snapshot, Store,
    access::SeeFigures,
    audit,
    entities::{self, Entity, EntityFilter},
    issues::Issues,
    rebuild,
    rollups::{self, FactorySums},
    seen::{self, LastSeen},
    states, timeline as store_timeline,
    writer::{Batch, Verdict, Writer},
};
use test_harness::rounds;

use crate::{
    expected::{Expected, extent},
    harness::{T0_MS, empty_store, plant_scope, whole},
};

const STEP_MS: i64 = 60_000;

/// Events of three entities that crowd into five hours, some of a day. Half of them are state reports.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    let event_type = prop_oneof![Just(EventType::Working), Just(EventType::Idle), Just(EventType::Absent)];
    let minutes = prop_oneof![1 => Just(0), 8 => 1_i64..20, 2 => 20_i64..200, 1 => Just(1_440)];
    let hold = prop_oneof![4 => Just(None), 2 => (1_u16..60).prop_map(Some), 1 => Just(Some(1_440))];
    let extent = prop_oneof![
        minutes.prop_map(|minutes| Extent::Interval(DurationMs(minutes * STEP_MS))),
        hold.prop_map(|hold_minutes| Extent::State { hold_minutes }),
    ];
    let names = (option::of(0..2), option::of(0..2), option::of(0..2));
    // Few instants, so that reports are made at the same one.
    let start = prop_oneof![0_i64..300, (0_i64..10).prop_map(|half_hour| half_hour * 30)];
    (0..3, event_type, start, extent, 0_i64..20, option::of(0_u16..4), names, "[ab]{0,1}").prop_map(
        |(entity, event_type, start, extent, units, confidence, (model, source, workstation), event_code)| {
            Event {
                entity_type: if entity == 0 { EntityType::Workstation } else { EntityType::Worker },
                entity_code: format!("E{entity}"),
                event_type,
                started_at_ms: TimestampMs(T0_MS + start * STEP_MS),
                extent,
                units,
                confidence: confidence.map(|parts| parts * 2_500),
                model_version: model.map(|model| format!("m{model}")),
                event_code,
                source: source.map(|source| format!("camera {source}")),
                // The workstation that has events of its own, or one that is only told of.
                workstation: workstation
                    .filter(|_| entity != 0)
                    .map(|workstation| if workstation == 0 { "E0".to_owned() } else { "E9".to_owned() }),
            }
        },
    )
}

type Identity = (String, EventForm, EventType, TimestampMs, String, Option<String>, Option<String>);

fn identity(event: &Event) -> Identity {
    let source = event.source.clone().filter(|_| event.form() == EventForm::State);
    (
        event.entity_code.clone(),
        event.form(),
        event.event_type,
        event.started_at_ms,
        event.event_code.clone(),
        source,
        event.model_version.clone(),
    )
}

/// A set of events, and the same events with repeats in some order.
fn arrivals() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    vec(event(), 1..40)
        .prop_map(|mut events| {
            let mut seen = HashSet::new();
            events.retain(|event| seen.insert(identity(event)));
            events
        })
        .prop_flat_map(|events| {
            let repeated = vec(any::<Index>(), 0..10);
            (Just(events), repeated).prop_flat_map(|(events, repeated)| {
                let repeats = repeated.iter().map(|index| index.get(&events).clone());
                let arrivals: Vec<Event> = events.iter().cloned().chain(repeats).collect();
                (Just(events), Just(arrivals).prop_shuffle())
            })
        })
}

/// Cuts arrivals into batches and batches into groups, at most these many of each.
fn groups(arrivals: &[Event], batch_size: usize, group_size: usize) -> Vec<Vec<Batch>> {
    let batches: Vec<Batch> = arrivals
        .chunks(batch_size)
        .map(|events| Batch {
            factory_slug: "plant".into(),
            events: events.to_vec(),
            received_at_ms: TimestampMs(T0_MS),
            credential_id: None,
            issues: Issues::default(),
            numbered: None,
        })
        .collect();
    batches.chunks(group_size).map(<[Batch]>::to_vec).collect()
}

async fn check_numbers(store: &Store, events: &[Event]) -> Result<(), TestCaseError> {
    let differences = audit(store).await.expect("an audit");
    prop_assert!(differences.is_empty(), "{differences:?}");
    let expected = Expected::of(events);
    let snapshot = store.snapshot().await.expect("a snapshot");
    let scope = plant_scope::<SeeFigures>(&snapshot).await;
    let found = entities::list(&snapshot, &scope, EntityFilter::default()).await.expect("entities");
    for entity in &found {
        let counted = expected.counted(&entity.code);
        let sums: BucketTotals = timeline::totals(counted);
        let whole: Totals = sums.values().copied().sum();
        let stored = rollups::totals(&snapshot, &scope, None, Some(&[entity.id])).await.expect("sums");
        prop_assert_eq!(stored.get(&entity.id).copied().unwrap_or_default(), whole);
        // A window with ragged ends, as buckets, hours and days.
        let window = Window {
            from_ms: TimestampMs(T0_MS + 7 * BUCKET_MS),
            to_ms: TimestampMs(T0_MS + 7 * BUCKET_MS + 26 * 12 * BUCKET_MS),
        };
        let part: Totals =
            sums.range(bucket_of(window.from_ms)..bucket_of(window.to_ms)).map(|(_, sum)| *sum).sum();
        let stored = rollups::totals(&snapshot, &scope, Some(window), None).await.expect("sums");
        prop_assert_eq!(stored.get(&entity.id).copied().unwrap_or_default(), part);
        if let Some(last_seen_at_ms) = expected.last_seen_at_ms.get(&entity.code) {
            prop_assert_eq!(entity.last_seen_at_ms, *last_seen_at_ms);
        }
        check_series(&snapshot, entity, &sums).await?;
        check_timeline(&snapshot, entity, counted, window).await?;
        let current = entity.current.map(|segment| (segment.from_ms, segment.to_ms, segment.event_type));
        let latest = timeline::segments(counted).pop();
        prop_assert_eq!(current, latest.map(|segment| (segment.from_ms, segment.to_ms, segment.event_type)));
    }
    check_states(&snapshot, &found, &expected).await?;
    check_seen(&snapshot, &found, events).await?;
    check_factory_series(&snapshot, &found, &expected).await
}

/// What was seen as of an instant is what the events say that end up to it.
async fn check_seen(snapshot: &Snapshot, entities: &[Entity], events: &[Event]) -> Result<(), TestCaseError> {
    let shown = |current: Option<Segment>| {
        current.map(|segment| (segment.from_ms, segment.to_ms, segment.event_type))
    };
    for minute in [-1, 0, 17, 150, 301, 1_440, 1_500, 3_000] {
        let until_ms = TimestampMs(T0_MS + minute * STEP_MS);
        let ahead = seen::as_of(snapshot, &plant_scope(snapshot).await, entities, until_ms)
            .await
            .expect("what was seen");
        let is_over = |event: &&Event| event.ended_at_ms() <= until_ms;
        let expected = Expected::of(&events.iter().filter(is_over).cloned().collect::<Vec<_>>());
        for entity in entities {
            let counted = expected.counted(&entity.code);
            if counted.is_empty() {
                continue;
            }
            let latest = LastSeen { at_ms: Some(entity.last_seen_at_ms), current: entity.current };
            let found = ahead.get(&entity.id).copied().unwrap_or(latest);
            prop_assert_eq!(found.at_ms, expected.last_seen_at_ms.get(&entity.code).copied());
            prop_assert_eq!(shown(found.current), shown(timeline::segments(counted).pop()));
        }
    }
    Ok(())
}

/// Steps of 65 minutes, some with a whole hour in them.
fn ragged_steps() -> Vec<Window> {
    const STEP_BUCKETS: i64 = 13;
    (0..30)
        .map(|step| TimestampMs(T0_MS + step * STEP_BUCKETS * BUCKET_MS))
        .map(|from_ms| Window { from_ms, to_ms: from_ms + DurationMs(STEP_BUCKETS * BUCKET_MS) })
        .collect()
}

/// The factory's steps are the sums of its entities' buckets.
async fn check_factory_series(
    snapshot: &Snapshot,
    entities: &[Entity],
    expected_events: &Expected,
) -> Result<(), TestCaseError> {
    let steps = ragged_steps();
    let mut expected = vec![FactorySums::default(); steps.len()];
    for entity in entities {
        let sums = timeline::totals(expected_events.counted(&entity.code));
        for (step, expected) in steps.iter().zip(&mut expected) {
            let in_step = bucket_of(step.from_ms)..bucket_of(step.to_ms);
            let sums: Totals = sums.range(in_step).map(|(_, sum)| *sum).sum();
            match entity.entity_type {
                EntityType::Worker => expected.workers += sums,
                EntityType::Workstation => expected.workstation_units += sums.units,
            }
        }
    }
    let series = rollups::factory_series(snapshot, &plant_scope(snapshot).await, &steps, None)
        .await
        .expect("a series");
    prop_assert_eq!(series, expected);
    Ok(())
}

/// Steps add up to their buckets.
async fn check_series(
    snapshot: &Snapshot,
    entity: &Entity,
    sums: &BucketTotals,
) -> Result<(), TestCaseError> {
    let steps = ragged_steps();
    let series = rollups::series(snapshot, &plant_scope(snapshot).await, &steps, &[entity.id])
        .await
        .expect("a series");
    let expected: Vec<(usize, EntityId, Totals)> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let buckets = bucket_of(step.from_ms)..bucket_of(step.to_ms);
            (index, entity.id, sums.range(buckets).map(|(_, sum)| *sum).sum::<Totals>())
        })
        .filter(|(_, _, totals)| !totals.is_zero())
        .collect();
    prop_assert_eq!(series, expected);
    Ok(())
}

/// A timeline is the segments of the events, cut at the window.
async fn check_timeline(
    snapshot: &Snapshot,
    entity: &Entity,
    events: &[Observation],
    window: Window,
) -> Result<(), TestCaseError> {
    let picture = store_timeline::picture(snapshot, &plant_scope(snapshot).await, entity, window)
        .await
        .expect("a timeline");
    let found: Vec<_> =
        picture.segments.iter().map(|segment| (segment.from_ms, segment.to_ms, segment.event_type)).collect();
    let expected: Vec<_> = timeline::segments(events)
        .iter()
        .map(|segment| {
            (segment.from_ms.max(window.from_ms), segment.to_ms.min(window.to_ms), segment.event_type)
        })
        .filter(|(from_ms, to_ms, _)| from_ms < to_ms)
        .collect();
    prop_assert_eq!(found, expected);
    Ok(())
}

/// The states of steps are those of the segments, whether they are read from events or from sums of any level.
async fn check_states(
    snapshot: &Snapshot,
    entities: &[Entity],
    expected_events: &Expected,
) -> Result<(), TestCaseError> {
    let from_ms = TimestampMs(T0_MS + 7 * BUCKET_MS);
    let window = Window { from_ms, to_ms: from_ms + DurationMs(26 * 12 * BUCKET_MS) };
    for (step_ms, coarsest) in [
        (7_000, None),
        (BUCKET_MS, Some(Level::FiveMinutes)),
        (12 * BUCKET_MS, Some(Level::FiveMinutes)),
        (12 * BUCKET_MS, Some(Level::Hour)),
        (MS_PER_DAY, Some(Level::Day)),
    ] {
        let grid = StepGrid::new(window, DurationMs(step_ms));
        let mut read = vec![
            states::from_events(snapshot, &plant_scope(snapshot).await, entities, grid, usize::MAX)
                .await
                .expect("events")
                .expect("few events"),
        ];
        if let Some(coarsest) = coarsest {
            read.push(
                states::from_sums(snapshot, &plant_scope(snapshot).await, entities, grid, coarsest)
                    .await
                    .expect("sums"),
            );
        }
        for entity in entities {
            let mut expected = StepTimes::new(grid);
            for segment in timeline::segments(expected_events.counted(&entity.code)) {
                expected.add_segment(segment.from_ms, segment.to_ms, segment.event_type);
            }
            for read in &read {
                let found = read.get(&entity.id).cloned().unwrap_or_else(|| StepTimes::new(grid));
                prop_assert_eq!(&found, &expected);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(12) as u32, ..ProptestConfig::default() })]

    #[test]
    fn any_order_batching_and_repetition_stores_each_event_once_and_gives_the_sums_of_a_recomputation(
        (events, arrivals) in arrivals(),
        batch_size in 1_usize..12,
        group_size in 1_usize..4,
        writers in 1_usize..3,
    ) {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
            let (_directory, store) = empty_store("plant").await;
            // Several, so that what one has in its cache is outdated.
            let mut writers: Vec<Writer> = (0..writers).map(|_| Writer::new(store.clone())).collect();
            let mut counts: BTreeMap<bool, usize> = BTreeMap::new();
            for group in groups(&arrivals, batch_size, group_size) {
                writers.rotate_left(1);
                for stored in writers[0].store(&whole(&group)).await.expect("a commit").parts.into_iter().flatten() {
                    for verdict in stored.verdicts {
                        *counts.entry(verdict == Verdict::Accepted).or_default() += 1;
                    }
                }
            }
            prop_assert_eq!(counts.get(&true).copied().unwrap_or(0), events.len());
            prop_assert_eq!(counts.get(&false).copied().unwrap_or(0), arrivals.len() - events.len());
            check_numbers(&store, &events).await?;

            rebuild(&store).await.expect("a rebuild");
            check_numbers(&store, &events).await
        })?;
    }
}

fn one(minute: i64, minutes: i64, units: i64) -> Event {
    Event {
        entity_type: EntityType::Worker,
        entity_code: "W1".into(),
        event_type: EventType::Working,
        started_at_ms: TimestampMs(T0_MS + minute * STEP_MS),
        extent: extent(Some(minutes)),
        units,
        confidence: None,
        model_version: None,
        event_code: String::new(),
        source: None,
        workstation: None,
    }
}

fn batch(events: &[Event]) -> Batch {
    Batch {
        factory_slug: "plant".into(),
        events: events.to_vec(),
        received_at_ms: TimestampMs(T0_MS),
        credential_id: None,
        issues: Issues::default(),
        numbered: None,
    }
}

#[tokio::test]
async fn a_contradiction_is_a_conflict_and_what_was_stored_first_stays() {
    let (_directory, store) = empty_store("plant").await;
    let mut writer = Writer::new(store.clone());
    let first = one(0, 10, 5);
    let stored = writer.store(&whole(&[batch(std::slice::from_ref(&first))])).await.unwrap();
    let revision = stored.parts[0].as_ref().unwrap().revision;

    let again = writer.store(&whole(&[batch(&[one(0, 10, 6), first.clone(), one(0, 10, 6)])])).await.unwrap();
    let again = again.parts[0].as_ref().unwrap();
    assert_eq!(again.verdicts, [Verdict::Conflict, Verdict::Duplicate, Verdict::Conflict]);
    assert_eq!(again.revision, revision.next(), "the conflict was kept");

    let repeated = writer.store(&whole(&[batch(&[one(0, 10, 6)])])).await.unwrap();
    let repeated = repeated.parts[0].as_ref().unwrap();
    assert_eq!(
        (repeated.verdicts.as_slice(), repeated.revision),
        ([Verdict::Conflict].as_slice(), revision.next())
    );
    check_numbers(&store, &[first]).await.unwrap();
}

#[tokio::test]
async fn an_outdated_cache_is_not_used_after_another_writer_wrote() {
    let (_directory, store) = empty_store("plant").await;
    let mut writer = Writer::new(store.clone());
    let (first, last, late) = (one(0, 10, 1), one(20, 10, 1), one(5, 2, 1));
    writer.store(&whole(&[batch(&[first.clone(), last.clone()])])).await.unwrap();
    let other = one(4, 3, 1);
    Writer::new(store.clone()).store(&whole(&[batch(std::slice::from_ref(&other))])).await.unwrap();
    writer.store(&whole(&[batch(std::slice::from_ref(&late))])).await.unwrap();
    check_numbers(&store, &[first, last, other, late]).await.unwrap();
}

#[tokio::test]
async fn batches_of_one_group_are_judged_and_numbered_one_by_one() {
    let (_directory, store) = empty_store("plant").await;
    let mut writer = Writer::new(store.clone());
    let other = Batch { factory_slug: "nowhere".into(), ..batch(&[one(0, 1, 0)]) };
    let group =
        [batch(&[one(0, 10, 5)]), batch(&[one(0, 10, 5)]), other, batch(&[]), batch(&[one(5, 10, 1)])];
    let stored = writer.store(&whole(&group)).await.unwrap().parts;
    let numbered: Vec<Option<(i64, usize)>> = stored
        .iter()
        .map(|stored| {
            let stored = stored.as_ref()?;
            let accepted = stored.verdicts.iter().filter(|verdict| **verdict == Verdict::Accepted).count();
            Some((stored.revision.0, accepted))
        })
        .collect();
    assert_eq!(numbered, [Some((2, 1)), Some((2, 0)), None, Some((2, 0)), Some((3, 1))]);
}

#[tokio::test]
async fn a_report_of_no_length_in_a_gap_is_met_by_what_repeats_or_contradicts_it() {
    let (_database, store) = empty_store("plant").await;
    let mut writer = Writer::new(store.clone());
    let working = |minute: i64, minutes: i64| Event {
        entity_type: EntityType::Worker,
        entity_code: "W1".into(),
        event_type: EventType::Working,
        started_at_ms: TimestampMs(T0_MS + minute * STEP_MS),
        extent: extent(Some(minutes)),
        units: 1,
        confidence: None,
        model_version: None,
        event_code: String::new(),
        source: None,
        workstation: None,
    };
    let mut verdict = async |event: Event| {
        let batch = Batch {
            factory_slug: "plant".into(),
            events: vec![event],
            received_at_ms: TimestampMs(T0_MS),
            credential_id: None,
            issues: Issues::default(),
            numbered: None,
        };
        let stored = writer.store(&whole(&[batch])).await.expect("a commit");
        stored.parts[0].as_ref().expect("the factory").verdicts[0]
    };
    // Two stretches with a gap between them, of which the writer knows that nothing was seen in it.
    assert_eq!(verdict(working(0, 5)).await, Verdict::Accepted);
    assert_eq!(verdict(working(60, 5)).await, Verdict::Accepted);
    assert_eq!(verdict(working(30, 0)).await, Verdict::Accepted);
    assert_eq!(verdict(working(30, 0)).await, Verdict::Duplicate);
    assert_eq!(verdict(working(30, 5)).await, Verdict::Conflict);
    assert_eq!(verdict(working(31, 5)).await, Verdict::Accepted);
    assert_eq!(verdict(working(31, 5)).await, Verdict::Duplicate);
    assert_eq!(audit(&store).await.expect("an audit"), []);
}

#[tokio::test]
async fn a_workstation_that_reports_itself_is_doing_what_it_said_whoever_writes_it_down() {
    let working = |minute: i64| Event {
        entity_type: EntityType::Workstation,
        entity_code: "E0".into(),
        extent: extent(None),
        ..one(minute, 0, 0)
    };
    for writers in [1, 2] {
        let (_directory, store) = empty_store("plant").await;
        let mut writers: Vec<Writer> = (0..writers).map(|_| Writer::new(store.clone())).collect();
        let events = [one(0, 0, 0), working(0), working(30), working(60)];
        for (index, event) in events.iter().enumerate() {
            writers.rotate_left(1);
            writers[0].store(&whole(&[batch(std::slice::from_ref(event))])).await.unwrap();
            check_numbers(&store, &events[..=index]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn whom_only_a_contradiction_names_gets_no_number_that_another_one_has() {
    let (_directory, store) = empty_store("plant").await;
    let at = |minute: i64, workstation: &str| Event {
        extent: extent(None),
        workstation: Some(workstation.to_owned()),
        ..one(minute, 0, 0)
    };
    let named = |code: &str| Event { entity_code: code.to_owned(), ..one(0, 10, 0) };
    let mut writer = Writer::new(store.clone());
    let verdict = async |writer: &mut Writer, event: Event| {
        let stored = writer.store(&whole(&[batch(&[event])])).await.unwrap();
        stored.parts[0].as_ref().unwrap().verdicts[0]
    };
    assert_eq!(verdict(&mut writer, at(0, "S1")).await, Verdict::Accepted);
    assert_eq!(verdict(&mut writer, at(0, "S2")).await, Verdict::Conflict);
    assert_eq!(verdict(&mut writer, named("W2")).await, Verdict::Accepted);
    // Another one knows what is stored, and no more.
    let mut other = Writer::new(store.clone());
    assert_eq!(verdict(&mut other, named("W3")).await, Verdict::Accepted);
    assert_eq!(verdict(&mut writer, at(1, "S2")).await, Verdict::Accepted);
    assert_eq!(verdict(&mut other, named("W4")).await, Verdict::Accepted);
    let snapshot = store.snapshot().await.expect("a snapshot");
    let found =
        entities::list(&snapshot, &plant_scope::<SeeFigures>(&snapshot).await, EntityFilter::default())
            .await
            .expect("entities");
    let codes: Vec<&str> = found.iter().map(|entity| entity.code.as_str()).collect();
    assert_eq!(codes, ["S1", "S2", "W1", "W2", "W3", "W4"]);
    assert_eq!(audit(&store).await.expect("an audit"), []);
}
