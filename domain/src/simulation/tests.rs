use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::{
    MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE,
    event::Event,
    metric::{units_per_hour, utilization},
    state::covered_ms,
    time::DurationMs,
    totals::Totals,
    validate::validate,
    zone::tests::zone,
};

/// 2026-01-05, a Monday.
const MONDAY_MS: i64 = 1_767_571_200_000;

fn factory(cameras: Cameras) -> SimulatedFactory {
    SimulatedFactory { seed: 7, zone: Zone::UTC, cameras }
}

fn a_day(cameras: Cameras) -> Vec<RawEvent> {
    factory(cameras).events(MONDAY_MS, MONDAY_MS + MS_PER_DAY)
}

fn trusted(event: &RawEvent) -> Event {
    validate(event.clone(), TimestampMs(MONDAY_MS + 30 * MS_PER_DAY), DurationMs::ZERO).unwrap()
}

/// What each worker or workstation did, when no two events overlap.
fn totals_by_code(events: &[RawEvent]) -> BTreeMap<String, Totals> {
    let mut totals_by_code = BTreeMap::<String, Totals>::new();
    for event in events.iter().map(trusted) {
        let totals = totals_by_code.entry(event.entity_code.clone()).or_default();
        totals.units += event.units;
        match event.event_type {
            EventType::Working => totals.working_ms += event.duration_ms().0,
            EventType::Idle => totals.idle_ms += event.duration_ms().0,
            EventType::Absent => totals.absent_ms += event.duration_ms().0,
        }
    }
    totals_by_code
}

#[test]
fn the_roster_is_everyone_that_events_are_about() {
    let events = a_day(Cameras::One);
    let seen: HashSet<_> = events.iter().map(|event| (event.entity_type, event.entity_id.as_str())).collect();
    let roster: HashSet<_> =
        factory(Cameras::One).roster().iter().map(|entity| (entity.entity_type, entity.code)).collect();
    assert_eq!(seen, roster);
    assert_eq!(roster.len(), 12);
    let places: HashSet<_> = events.iter().filter_map(|event| event.workstation_id.as_deref()).collect();
    assert_eq!(places, HashSet::from(["S1", "S2", "S3", "S4", "S5", "S6"]));
}

#[test]
fn every_event_is_valid() {
    for event in factory(Cameras::TwoWithFaults).events(MONDAY_MS, MONDAY_MS + 7 * MS_PER_DAY) {
        assert_eq!(
            validate(event.clone(), TimestampMs(MONDAY_MS + 8 * MS_PER_DAY), DurationMs::ZERO).err(),
            None,
            "{event:?}"
        );
    }
}

#[test]
fn events_last_one_to_fifteen_minutes_and_no_two_have_one_identity() {
    let events = factory(Cameras::TwoWithFaults).events(MONDAY_MS, MONDAY_MS + 7 * MS_PER_DAY);
    let identity =
        |event: &Event| (event.entity_type, event.entity_code.clone(), event.event_type, event.started_at_ms);
    let identities: HashSet<_> = events.iter().map(|event| identity(&trusted(event))).collect();
    assert_eq!(identities.len(), events.len());
    let first_camera = factory(Cameras::One).events(MONDAY_MS, MONDAY_MS + 7 * MS_PER_DAY);
    for event in &first_camera {
        assert!((1.0..=15.0).contains(&event.duration_minutes.unwrap_or_default()), "{event:?}");
    }
}

#[test]
fn numbers_are_plausible_on_every_day() {
    for day in 0..14 {
        let from_ms = MONDAY_MS + day * MS_PER_DAY;
        for (code, totals) in totals_by_code(&factory(Cameras::One).events(from_ms, from_ms + MS_PER_DAY)) {
            let utilization = utilization(&totals).unwrap();
            let units_per_hour = units_per_hour(&totals).unwrap();
            let expected = if code.starts_with('W') { 70.0..95.0 } else { 20.0..60.0 };
            assert!(expected.contains(&utilization), "{code} on day {day}: {utilization} %");
            assert!((5.0..30.0).contains(&units_per_hour), "{code} on day {day}: {units_per_hour} units/h");
        }
    }
}

#[test]
fn workstations_report_nearly_the_units_of_the_workers() {
    let totals = totals_by_code(&a_day(Cameras::One));
    let sum = |side: char| -> i64 {
        totals.iter().filter(|(code, _)| code.starts_with(side)).map(|(_, totals)| totals.units).sum()
    };
    assert!(sum('S') < sum('W') && sum('S') * 100 > sum('W') * 95, "{} and {}", sum('S'), sum('W'));
}

#[test]
fn one_camera_never_reports_an_entity_twice_at_once() {
    let mut ended_at_ms = BTreeMap::new();
    for event in factory(Cameras::One).events(MONDAY_MS, MONDAY_MS + 3 * MS_PER_DAY).iter().map(trusted) {
        let before_ms = ended_at_ms.insert(event.entity_code.clone(), event.ended_at_ms());
        assert!(before_ms.is_none_or(|before_ms| before_ms <= event.started_at_ms), "{event:?}");
    }
}

#[test]
fn a_second_camera_overlaps_the_first_and_leaves_its_reports_as_they_are() {
    let (one, two) = (a_day(Cameras::One), a_day(Cameras::TwoThatOverlap));
    let of_first_camera = |event: &RawEvent| event.source_id.as_ref().unwrap().ends_with("-1");
    let (first, second): (Vec<RawEvent>, Vec<RawEvent>) = two.into_iter().partition(of_first_camera);
    assert_eq!(first, one);
    let minutes = |events: &[RawEvent]| events.iter().filter_map(|event| event.duration_minutes).sum::<f64>();
    assert!(minutes(&second) > minutes(&one) / 2.0);
    assert!(second.iter().all(|event| event.units_produced == 0), "units would count twice");
}

#[test]
fn each_second_camera_with_a_fault_shows_it_and_what_is_reported_over_intervals_is_as_ever() {
    let all = factory(Cameras::TwoWithFaults).events(MONDAY_MS, MONDAY_MS + MS_PER_DAY);
    let of_source = |source: &str| {
        all.iter().filter(|event| event.source_id.as_deref() == Some(source)).collect::<Vec<_>>()
    };
    let is_first = |event: &&RawEvent| event.source_id.as_ref().unwrap().ends_with("-1");
    let first: Vec<RawEvent> =
        all.iter().filter(is_first).filter(|event| !is_of_states(event)).cloned().collect();
    let mut as_ever = a_day(Cameras::One);
    as_ever.retain(|event| !is_of_states(event));
    assert_eq!(first, as_ever);

    let versions: HashSet<_> =
        of_source("cam-turning-2").iter().filter_map(|event| event.model_version.as_deref()).collect();
    assert_eq!(versions, HashSet::from(["activity-2.2", "activity-2.3"]));

    let unsure = of_source("cam-milling-2");
    assert!(unsure.len() > 50 && unsure.iter().all(|event| event.confidence.unwrap() <= 0.6));

    let failing: Vec<Event> = of_source("cam-assembly-2").into_iter().map(trusted).collect();
    let works = TimestampMs(MONDAY_MS + MS_PER_HOUR)..TimestampMs(MONDAY_MS + 3 * MS_PER_HOUR);
    assert!(!failing.is_empty() && failing.iter().all(|event| works.contains(&event.started_at_ms)));
}

/// Whether it is of what the camera of the third line reports as states where cameras have faults.
fn is_of_states(event: &RawEvent) -> bool {
    event.source_id.as_deref() == Some("cam-assembly-1") && event.entity_type == EntityType::Worker
}

#[test]
fn one_camera_of_a_factory_with_faults_reports_its_workers_as_states_that_add_up_to_the_same() {
    // From one change of shifts to another one, whose last reports belong to it.
    let span = (MONDAY_MS + 6 * MS_PER_HOUR, MONDAY_MS + 2 * MS_PER_DAY + 6 * MS_PER_HOUR + MS_PER_MINUTE);
    let all = factory(Cameras::TwoWithFaults).events(span.0, span.1);
    let (states, others): (Vec<&RawEvent>, Vec<&RawEvent>) =
        all.iter().partition(|event| event.duration_minutes.is_none());
    assert!(states.iter().all(|event| is_of_states(event) && event.hold_minutes == Some(20)));
    assert!(others.iter().all(|event| !is_of_states(event) && event.hold_minutes.is_none()));

    for worker in ["W5", "W6"] {
        let of_worker: Vec<Event> =
            states.iter().filter(|event| event.entity_id == worker).map(|event| trusted(event)).collect();
        let mut covered = Totals::default();
        for (at, next) in of_worker.iter().zip(&of_worker[1..]) {
            let covered_ms = covered_ms(at.started_at_ms, 20, Some(next.started_at_ms)).0;
            match at.event_type {
                EventType::Working => covered.working_ms += covered_ms,
                EventType::Idle => covered.idle_ms += covered_ms,
                EventType::Absent => covered.absent_ms += covered_ms,
            }
        }
        let intervals = factory(Cameras::One).events(span.0, span.1);
        let of_worker: Vec<RawEvent> =
            intervals.into_iter().filter(|event| event.entity_id == worker).collect();
        let expected = totals_by_code(&of_worker)[worker];
        // What nobody saw between two spells belongs to the state before; off shift is not observed.
        for (is, was) in [
            (covered.working_ms, expected.working_ms),
            (covered.idle_ms, expected.idle_ms),
            (covered.absent_ms, expected.absent_ms),
        ] {
            assert!(is >= was * 95 / 100 && is <= was * 110 / 100, "{worker}: {is} of {was}");
        }
    }
    // Where a worker is at work, the workstation is named; each shift ends with a report of absence.
    let works = |event: &&&RawEvent| event.event_type == EventType::Working;
    assert!(states.iter().filter(works).all(|event| event.workstation_id.is_some()));
    let units = |events: &[RawEvent]| -> i64 {
        events.iter().filter(|event| is_of_states(event)).map(|event| event.units_produced).sum()
    };
    let reported = units(&factory(Cameras::TwoWithFaults).events(MONDAY_MS, MONDAY_MS + 7 * MS_PER_DAY));
    let finished = units(&factory(Cameras::One).events(MONDAY_MS, MONDAY_MS + 7 * MS_PER_DAY));
    assert!((reported - finished).abs() <= 2, "{reported} of {finished}");
}

#[test]
fn someone_works_at_any_hour() {
    for hour in 0..24 {
        let from_ms = MONDAY_MS + hour * MS_PER_HOUR;
        let events = factory(Cameras::One).events_ended(from_ms, from_ms + MS_PER_HOUR);
        assert!(events.iter().any(|event| event.event_type == EventType::Working), "hour {hour}");
    }
}

#[test]
fn shifts_follow_the_local_clock() {
    // On the 29th of March the clock in Berlin goes from 2 to 3.
    let berlin = SimulatedFactory { zone: zone("Europe/Berlin"), ..factory(Cameras::One) };
    for six_o_clock in ["2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z"] {
        let shift_ms = DateTime::parse_from_rfc3339(six_o_clock).unwrap().timestamp_millis();
        let of_w1 =
            |from_ms, to_ms| berlin.events(from_ms, to_ms).iter().any(|event| event.entity_id == "W1");
        assert!(!of_w1(shift_ms - 11 * MS_PER_HOUR, shift_ms), "off shift before {six_o_clock}");
        assert!(of_w1(shift_ms, shift_ms + 5 * MS_PER_MINUTE), "on shift from {six_o_clock}");
    }
}

#[test]
fn another_seed_is_another_day() {
    let other = SimulatedFactory { seed: 8, ..factory(Cameras::One) };
    assert_ne!(other.events(MONDAY_MS, MONDAY_MS + MS_PER_DAY), a_day(Cameras::One));
}

#[test]
fn an_empty_span_has_no_events() {
    assert_eq!(factory(Cameras::One).events(MONDAY_MS, MONDAY_MS), []);
    assert_eq!(factory(Cameras::One).events_ended(MONDAY_MS, MONDAY_MS - MS_PER_DAY), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn events_do_not_depend_on_how_a_span_is_cut(
        name in prop::sample::select(&["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia"][..]),
        cameras in prop::sample::select(&[Cameras::TwoThatOverlap, Cameras::TwoWithFaults][..]),
        seed: u64,
        from_ms in 1_325_000_000_000..1_330_000_000_000_i64,
        first_ms in 0..2 * MS_PER_DAY,
        second_ms in 0..2 * MS_PER_DAY,
    ) {
        let factory = SimulatedFactory { seed, zone: zone(name), cameras };
        let (middle_ms, to_ms) = (from_ms + first_ms, from_ms + first_ms + second_ms);
        let together = [factory.events(from_ms, middle_ms), factory.events(middle_ms, to_ms)].concat();
        prop_assert_eq!(together, factory.events(from_ms, to_ms));
        let together = [factory.events_ended(from_ms, middle_ms), factory.events_ended(middle_ms, to_ms)].concat();
        prop_assert_eq!(together, factory.events_ended(from_ms, to_ms));
    }

    #[test]
    fn a_delivery_brings_every_event_and_nothing_else(
        duplicate_share in 0.0..=1.0,
        late_share in 0.0..=1.0,
        shuffle: bool,
        batch_sizes in (0..50_usize, 0..50_usize),
        seed: u64,
    ) {
        let sent = factory(Cameras::One).events(MONDAY_MS, MONDAY_MS + 2 * MS_PER_HOUR);
        let faults = DeliveryFaults { duplicate_share, late_share, shuffle, batch_sizes: batch_sizes.0..=batch_sizes.1 };
        let batches = deliver(&sent, &faults, seed);
        prop_assert_eq!(&batches, &deliver(&sent, &faults, seed), "the same seed, the same delivery");
        let largest = batch_sizes.0.max(batch_sizes.1).max(1);
        prop_assert!(batches.iter().all(|batch| (1..=largest).contains(&batch.len())));
        let arrived = batches.concat();
        prop_assert!(sent.iter().all(|event| arrived.contains(event)));
        prop_assert!(arrived.iter().all(|event| sent.contains(event)));
    }
}

#[test]
fn a_faultless_delivery_keeps_the_order_and_a_faulty_one_does_not() {
    let sent = a_day(Cameras::One);
    let faultless =
        DeliveryFaults { duplicate_share: 0.0, late_share: 0.0, shuffle: false, batch_sizes: 7..=7 };
    assert_eq!(deliver(&sent, &faultless, 1).concat(), sent);
    let late = deliver(&sent, &DeliveryFaults { late_share: 0.2, ..faultless.clone() }, 1).concat();
    assert!(late.len() == sent.len() && late != sent);
    let repeated = deliver(&sent, &DeliveryFaults { duplicate_share: 1.0, ..faultless.clone() }, 1).concat();
    assert_eq!(repeated.len(), 2 * sent.len());
    let shuffled = deliver(&sent, &DeliveryFaults { shuffle: true, ..faultless }, 1).concat();
    assert!(shuffled.len() == sent.len() && shuffled != sent);
}
