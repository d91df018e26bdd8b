use super::*;
use crate::event::EventType;

const NOW_MS: TimestampMs = TimestampMs(1_767_600_000_000); // 2026-01-05T08:00:00Z
const SKEW_MS: DurationMs = DurationMs(10 * crate::MS_PER_MINUTE);

fn raw() -> RawEvent {
    RawEvent {
        timestamp: "2026-01-05T07:00:00Z".into(),
        entity_type: EntityType::Worker,
        entity_id: "W1".into(),
        event_type: EventType::Working,
        duration_minutes: Some(30.0),
        hold_minutes: None,
        units_produced: 0,
        confidence: None,
        model_version: None,
        event_id: None,
        source_id: None,
        workstation_id: None,
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut RawEvent), expected: Result<(), RejectionCode>) -> Option<Event> {
    let mut event = raw();
    change(&mut event);
    let judged = validate(event, NOW_MS, SKEW_MS);
    assert_eq!(judged.as_ref().map(|_| ()).map_err(|rejection| rejection.code), expected, "{judged:?}");
    judged.ok()
}

#[test]
fn a_timestamp_is_an_instant_with_an_offset_cut_to_milliseconds() {
    let event = check(|e| e.timestamp = "2026-01-05T09:00:00.0019+02:00".into(), Ok(())).unwrap();
    assert_eq!(event.started_at_ms, NOW_MS - DurationMs(crate::MS_PER_HOUR - 1));
    for invalid in [
        "",
        "yesterday",
        "2026-01-05T07:00:00",
        "2026-01-05T07:00:60Z",
        "2016-12-31T23:59:60Z",
        "2026-02-30T07:00:00Z",
        "2026-01-05",
        "2026-01-05T07:00:00\u{2212}05:00",
        "1767600000",
    ] {
        check(|e| e.timestamp = invalid.into(), Err(RejectionCode::TimestampInvalid));
    }
}

#[test]
fn a_timestamp_lies_in_2000_or_later() {
    check(|e| e.timestamp = "1999-12-31T23:59:59.999Z".into(), Err(RejectionCode::TimestampOutOfRange));
    check(|e| e.timestamp = "2000-01-01T01:00:00+01:00".into(), Ok(()));
}

#[test]
fn an_interval_ends_at_most_the_allowed_skew_after_now() {
    check(|e| e.timestamp = "2026-01-05T07:40:00Z".into(), Ok(()));
    check(|e| e.timestamp = "2026-01-05T07:40:00.001Z".into(), Err(RejectionCode::TimestampInFuture));
    check(|e| e.timestamp = "9999-12-31T23:59:59Z".into(), Err(RejectionCode::TimestampInFuture));
}

#[test]
fn a_duration_is_finite_and_at_most_a_day() {
    for (minutes, ms) in [(0.0, 0), (-0.0, 0), (1e-6, 0), (0.000_008_333_333_333_333_4, 1)] {
        assert_eq!(
            check(|e| e.duration_minutes = Some(minutes), Ok(())).unwrap().duration_ms(),
            DurationMs(ms),
            "{minutes}"
        );
    }
    let day = |e: &mut RawEvent, minutes: f64| {
        e.timestamp = "2026-01-01T00:00:00Z".into();
        e.duration_minutes = Some(minutes);
    };
    assert_eq!(check(|e| day(e, 1_440.0), Ok(())).unwrap().duration_ms(), DurationMs(crate::MS_PER_DAY));
    for minutes in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9, 1_440.0 + 1.0 / 60_000.0, 1e300] {
        check(|e| day(e, minutes), Err(RejectionCode::DurationOutOfRange));
    }
}

fn state_report(event: &mut RawEvent) {
    event.duration_minutes = None;
}

#[test]
fn an_event_without_a_duration_is_a_state_report_with_the_hold_that_was_sent() {
    let extent = |hold_minutes: Option<i64>| {
        let change = |e: &mut RawEvent| {
            state_report(e);
            e.hold_minutes = hold_minutes;
        };
        check(change, Ok(())).unwrap().extent
    };
    assert_eq!(extent(None), Extent::State { hold_minutes: None });
    assert_eq!(extent(Some(1)), Extent::State { hold_minutes: Some(1) });
    assert_eq!(extent(Some(1_440)), Extent::State { hold_minutes: Some(1_440) });
    assert_eq!(
        check(|_| {}, Ok(())).unwrap().extent,
        Extent::Interval(DurationMs(30 * crate::MS_PER_MINUTE))
    );
}

#[test]
fn a_hold_is_a_minute_to_a_day_and_of_state_reports_alone() {
    for minutes in [0, 1_441, -1, 65_537, i64::MIN, i64::MAX] {
        let change = |e: &mut RawEvent| {
            state_report(e);
            e.hold_minutes = Some(minutes);
        };
        check(change, Err(RejectionCode::HoldInvalid));
    }
    for beside in [0.0, 30.0] {
        let change = |e: &mut RawEvent| {
            e.duration_minutes = Some(beside);
            e.hold_minutes = Some(15);
        };
        check(change, Err(RejectionCode::HoldInvalid));
    }
}

#[test]
fn a_hold_is_judged_after_the_duration_and_before_the_units() {
    let broken = |e: &mut RawEvent| {
        e.hold_minutes = Some(0);
        e.units_produced = -1;
    };
    check(broken, Err(RejectionCode::HoldInvalid));
    let too_long = |e: &mut RawEvent| {
        broken(e);
        e.duration_minutes = Some(1_441.0);
    };
    check(too_long, Err(RejectionCode::DurationOutOfRange));
}

#[test]
fn of_a_state_report_only_the_timestamp_is_judged_against_the_future() {
    let at = |timestamp: &str| {
        let timestamp = timestamp.to_owned();
        move |e: &mut RawEvent| {
            state_report(e);
            e.hold_minutes = Some(1_440);
            e.timestamp = timestamp;
        }
    };
    check(at("2026-01-05T08:10:00Z"), Ok(()));
    check(at("2026-01-05T08:10:00.001Z"), Err(RejectionCode::TimestampInFuture));
}

#[test]
fn units_and_confidence_stay_in_their_ranges() {
    for units in [-1, 1_000_001, i64::MIN, i64::MAX] {
        check(|e| e.units_produced = units, Err(RejectionCode::UnitsOutOfRange));
    }
    check(|e| e.units_produced = 1_000_000, Ok(()));
    for sent in [f64::NAN, f64::INFINITY, -0.000_001, 1.000_001] {
        check(|e| e.confidence = Some(sent), Err(RejectionCode::ConfidenceOutOfRange));
    }
    for (sent, parts) in [(0.0, 0), (-0.0, 0), (0.765, 7_650), (0.000_05, 1), (1.0, 10_000)] {
        assert_eq!(check(|e| e.confidence = Some(sent), Ok(())).unwrap().confidence, Some(parts));
    }
    assert_eq!(check(|_| {}, Ok(())).unwrap().confidence, None);
}

#[test]
fn an_id_is_short_visible_and_unpadded_in_any_script() {
    for good in ["W1", "Machine 4 - Turning & Milling", "عامل", "👩🏭", &"ä".repeat(64)] {
        assert_eq!(check(|e| e.entity_id = good.into(), Ok(())).unwrap().entity_code, good);
    }
    for bad in ["", " ", " W1", "W1\u{a0}", "W\n1", "W\u{85}1", "\0", &"ä".repeat(65)] {
        check(|e| e.entity_id = bad.into(), Err(RejectionCode::EntityIdInvalid));
        check(|e| e.model_version = Some(bad.into()), Err(RejectionCode::ModelVersionInvalid));
        check(|e| e.event_id = Some(bad.into()), Err(RejectionCode::EventIdInvalid));
        check(|e| e.source_id = Some(bad.into()), Err(RejectionCode::SourceIdInvalid));
        check(|e| e.workstation_id = Some(bad.into()), Err(RejectionCode::WorkstationIdInvalid));
    }
}

#[test]
fn only_a_worker_is_at_a_workstation() {
    check(|e| e.workstation_id = Some("S1".into()), Ok(()));
    let on_a_station = |e: &mut RawEvent| {
        e.entity_type = EntityType::Workstation;
        e.workstation_id = Some("S1".into());
    };
    check(on_a_station, Err(RejectionCode::WorkstationIdInvalid));
}

#[test]
fn the_first_rule_broken_is_the_one_reported() {
    let broken_twice = |e: &mut RawEvent| {
        e.entity_id = String::new();
        e.duration_minutes = Some(f64::NAN);
        e.units_produced = -1;
    };
    check(broken_twice, Err(RejectionCode::EntityIdInvalid));
}

#[test]
fn a_message_says_what_is_allowed_and_repeats_little_of_what_was_sent() {
    let mut event = raw();
    event.entity_id = format!("\u{1b}{}", "x".repeat(1_000));
    let message = validate(event, NOW_MS, SKEW_MS).unwrap_err().message;
    assert!(message.contains("1 to 64 characters") && message.contains("\\u{1b}xxx"), "{message}");
    assert!(message.chars().count() < 200 && !message.contains('\u{1b}'), "{message}");
}

#[test]
fn an_id_that_is_kept_with_its_event_has_no_invisible_character_and_one_that_is_registered_may_be_known() {
    let hidden = "\u{202e}1W";
    check(|e| e.event_id = Some(hidden.into()), Err(RejectionCode::EventIdInvalid));
    check(|e| e.workstation_id = Some(hidden.into()), Err(RejectionCode::WorkstationIdInvalid));
    let known = |e: &mut RawEvent| {
        e.entity_id = hidden.into();
        e.model_version = Some("m1".into());
        e.source_id = Some(hidden.into());
    };
    let event = check(known, Ok(())).unwrap();
    let rejection = RegisteredName::EntityId.rejection(&event).unwrap();
    assert_eq!(rejection.code, RejectionCode::EntityIdInvalid);
    assert!(rejection.message.contains("U+202E") && !rejection.message.contains('\u{202e}'), "{rejection:?}");
    assert_eq!(RegisteredName::ModelVersion.rejection(&event), None);
    assert_eq!(RegisteredName::SourceId.rejection(&event).unwrap().code, RejectionCode::SourceIdInvalid);
}

#[test]
fn an_excerpt_takes_the_sentence_around_it_into_no_other_order() {
    assert_eq!(excerpt("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
    assert_eq!(excerpt("عامل"), "\u{2068}عامل\u{2069}");
    assert_eq!(excerpt("Jörg"), "Jörg");
}
