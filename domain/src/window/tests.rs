use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDateTime};
use proptest::prelude::*;

use super::*;
use crate::{MS_PER_DAY, MS_PER_HOUR, zone::tests::zone};

mod oracle;
mod series;

/// Zones with an instant around which their clock does something worth a test.
const OCCASIONS: [(&str, &str); 22] = [
    ("UTC", "2026-02-28T23:59:00Z"),
    // Midnight is skipped, midnight is shown twice.
    ("America/Santiago", "2026-09-06T04:00:00Z"),
    ("America/Santiago", "2026-04-05T03:00:00Z"),
    ("Africa/Cairo", "2026-04-23T22:00:00Z"),
    ("Africa/Cairo", "2026-10-29T21:00:00Z"),
    ("America/Havana", "2025-11-02T05:00:00Z"),
    ("America/Havana", "2026-03-08T05:00:00Z"),
    // A day is skipped.
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Pacific/Kwajalein", "1993-08-20T12:00:00Z"),
    // The clock falls back over midnight, at a minute that is not on the grid.
    ("America/St_Johns", "2006-10-29T02:31:00Z"),
    ("America/St_Johns", "2006-04-02T03:31:00Z"),
    // Daylight saving of half an hour, of two hours; offsets of half and quarter hours.
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),
    ("Asia/Kolkata", "2026-01-05T18:30:00Z"),
    ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
    ("Asia/Kathmandu", "2026-01-05T18:15:00Z"),
    ("Pacific/Chatham", "2026-04-04T14:00:00Z"),
    // The offset changes by half an hour for good; an offset of odd seconds ends.
    ("America/Caracas", "2016-05-01T07:00:00Z"),
    ("Africa/Monrovia", "1972-01-07T00:44:30Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
];

const EPOCH: TimestampMs = TimestampMs(0);

fn ms(instant: &str) -> TimestampMs {
    TimestampMs(DateTime::parse_from_rfc3339(instant).unwrap().timestamp_millis())
}

fn date(date: &str) -> NaiveDate {
    date.parse().unwrap()
}

fn window(from: &str, to: &str) -> Window {
    Window { from_ms: ms(from), to_ms: ms(to) }
}

fn day(zone: Zone, day: &str) -> Result<Option<Window>, WindowError> {
    WindowSpec::Day(date(day)).resolve(zone, EPOCH)
}

fn period(period: Period, zone: Zone, now: &str) -> Window {
    WindowSpec::Period(period).resolve(zone, ms(now)).unwrap().unwrap()
}

fn occasion() -> impl Strategy<Value = (Zone, TimestampMs)> {
    prop::sample::select(&OCCASIONS[..]).prop_map(|(name, instant)| (zone(name), ms(instant)))
}

/// An instant within two days of an occasion, often right beside it.
fn instant_near_occasion() -> impl Strategy<Value = (Zone, TimestampMs)> {
    let distance = prop_oneof![-2 * MS_PER_DAY..2 * MS_PER_DAY, -BUCKET_MS..BUCKET_MS, Just(0)];
    (occasion(), distance)
        .prop_map(|((zone, occasion_ms), distance_ms)| (zone, occasion_ms + DurationMs(distance_ms)))
}

#[test]
fn no_window_is_all_time_and_never_moves() {
    assert_eq!(WindowSpec::AllTime.resolve(Zone::UTC, EPOCH), Ok(None));
    assert_eq!(WindowSpec::AllTime.moves_at_ms(Zone::UTC, EPOCH), None);
}

#[test]
fn both_ends_of_a_range_snap_down() {
    let spec =
        WindowSpec::Range { from_ms: ms("2026-01-05T08:47:00Z"), to_ms: ms("2026-01-05T08:57:59.999Z") };
    assert_eq!(
        spec.resolve(Zone::UTC, EPOCH),
        Ok(Some(window("2026-01-05T08:45:00Z", "2026-01-05T08:55:00Z")))
    );
    assert_eq!(spec.moves_at_ms(Zone::UTC, EPOCH), None);
}

#[test]
fn a_range_that_is_empty_after_snapping_is_refused_and_says_what_to_do() {
    let (from_ms, to_ms) = (ms("2026-01-05T08:45:00Z"), ms("2026-01-05T08:49:59Z"));
    let error = WindowSpec::Range { from_ms, to_ms }.resolve(Zone::UTC, EPOCH).unwrap_err();
    assert_eq!(error, WindowError::RangeEmpty { from_ms, to_ms });
    let message = error.to_string();
    assert_eq!(
        message,
        "the range from 2026-01-05T08:45:00.000Z to 2026-01-05T08:49:59.000Z is empty once both ends are taken \
         down to whole 5 minutes; choose a `to` at least 5 minutes after `from`"
    );
    assert!(message.len() <= 200, "an answer would cut it");
    let backwards = WindowSpec::Range { from_ms: to_ms, to_ms: from_ms - DurationMs(1) };
    assert!(matches!(backwards.resolve(Zone::UTC, EPOCH), Err(WindowError::RangeEmpty { .. })));
}

#[test]
fn ranges_may_reach_from_1970_to_9999_and_no_further() {
    let widest = WindowSpec::Range { from_ms: EPOCH, to_ms: ms("9999-12-31T23:59:59Z") };
    assert_eq!(
        widest.resolve(Zone::UTC, EPOCH),
        Ok(Some(window("1970-01-01T00:00:00Z", "9999-12-31T23:55:00Z")))
    );
    for (from_ms, to_ms) in [(-1, 0), (0, INSTANT_MS_MAX.0 + 1), (i64::MIN, i64::MAX)] {
        let (from_ms, to_ms) = (TimestampMs(from_ms), TimestampMs(to_ms));
        let error = WindowSpec::Range { from_ms, to_ms }.resolve(Zone::UTC, EPOCH).unwrap_err();
        assert_eq!(error, WindowError::RangeOutOfBounds { from_ms, to_ms });
        assert!(
            error.to_string().contains("from 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z"),
            "{error}"
        );
    }
}

#[test]
fn last_minutes_are_the_bucket_that_holds_now_and_those_before_it() {
    let now_ms = ms("2026-01-05T08:47:12Z");
    for (minutes, from) in [(1, "08:45"), (5, "08:45"), (6, "08:40"), (15, "08:35"), (60, "07:50")] {
        let spec = WindowSpec::LastMinutes(minutes);
        let expected = window(&format!("2026-01-05T{from}:00Z"), "2026-01-05T08:50:00Z");
        assert_eq!(spec.resolve(Zone::UTC, now_ms), Ok(Some(expected)), "{minutes} minutes");
        assert_eq!(spec.moves_at_ms(Zone::UTC, now_ms), Some(ms("2026-01-05T08:50:00Z")));
    }
    let longest = WindowSpec::LastMinutes(44_640).resolve(Zone::UTC, now_ms).unwrap().unwrap();
    assert_eq!(longest.to_ms - longest.from_ms, DurationMs(31 * MS_PER_DAY));
}

#[test]
fn last_minutes_out_of_bounds_are_refused_with_what_is_allowed() {
    for minutes in [i64::MIN, -5, 0, 44_641, i64::MAX] {
        let error = WindowSpec::LastMinutes(minutes).resolve(Zone::UTC, EPOCH).unwrap_err();
        assert_eq!(error, WindowError::LastMinutesOutOfBounds(minutes));
        assert!(error.to_string().contains("from 1 to 44640"), "{error}");
    }
}

#[test]
fn a_day_begins_at_its_first_existing_instant() {
    let santiago = day(zone("America/Santiago"), "2026-09-06");
    assert_eq!(santiago, Ok(Some(window("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"))), "23 hours");
    let cairo = day(zone("Africa/Cairo"), "2026-04-24");
    assert_eq!(cairo, Ok(Some(window("2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"))), "23 hours");
    let kathmandu = day(zone("Asia/Kathmandu"), "2026-01-06");
    assert_eq!(kathmandu, Ok(Some(window("2026-01-05T18:15:00Z", "2026-01-06T18:15:00Z"))));
    let lord_howe = day(zone("Australia/Lord_Howe"), "2026-04-05");
    assert_eq!(lord_howe, Ok(Some(window("2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"))), "24 1/2 hours");
}

#[test]
fn of_two_midnights_the_earlier_begins_the_day() {
    let havana = day(zone("America/Havana"), "2025-11-02");
    assert_eq!(havana, Ok(Some(window("2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"))), "25 hours");
}

#[test]
fn a_clock_that_falls_back_over_midnight_does_not_begin_the_day_twice() {
    // At 00:01 on the 29th the clock went back to 23:01 on the 28th.
    let st_johns = zone("America/St_Johns");
    assert_eq!(day(st_johns, "2006-10-29"), Ok(Some(window("2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z"))));
    let today = period(Period::Today, st_johns, "2006-10-29T03:00:00Z");
    assert_eq!(today.from_ms, ms("2006-10-29T02:30:00Z"), "though the clock shows 23:30 on the 28th");
}

#[test]
fn a_skipped_day_is_refused_by_name() {
    let error = day(zone("Pacific/Apia"), "2011-12-30").unwrap_err();
    assert_eq!(error, WindowError::DaySkipped { day: date("2011-12-30"), zone: zone("Pacific/Apia") });
    assert_eq!(
        error.to_string(),
        "the day 2011-12-30 does not exist in the time zone Pacific/Apia, which skipped it; choose the day before or after"
    );
    assert_eq!(day(zone("Pacific/Apia"), "2011-12-29").unwrap().unwrap().to_ms, ms("2011-12-30T10:00:00Z"));
    assert_eq!(day(zone("Pacific/Apia"), "2011-12-31").unwrap().unwrap().from_ms, ms("2011-12-30T10:00:00Z"));
}

#[test]
fn yesterday_is_the_last_day_that_there_was() {
    let yesterday = period(Period::Yesterday, zone("Pacific/Apia"), "2011-12-30T20:00:00Z");
    assert_eq!(yesterday, window("2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"));
}

#[test]
fn days_are_those_of_years_with_four_digits() {
    assert!(day(zone("Asia/Kolkata"), "1970-01-01").is_ok());
    assert!(day(zone("America/Havana"), "9999-12-30").is_ok());
    assert!(day(zone("America/Havana"), "9999-12-31").is_err(), "it ends in the year 10000");
    for outside in [date("1969-12-31"), date("+10000-01-01"), NaiveDate::MIN, NaiveDate::MAX] {
        let refused = WindowSpec::Day(outside).resolve(Zone::UTC, EPOCH);
        assert_eq!(refused, Err(WindowError::DayOutOfBounds(outside)));
    }
}

#[test]
fn periods_are_whole_calendar_days_in_the_factorys_zone() {
    // Wednesday in Kolkata, still Tuesday in UTC.
    let now = "2026-01-06T20:00:00Z";
    let check = |asked, from: &str, to: &str| {
        let expected = window(&format!("{from}T18:30:00Z"), &format!("{to}T18:30:00Z"));
        assert_eq!(period(asked, zone("Asia/Kolkata"), now), expected, "{asked:?}");
    };
    check(Period::Today, "2026-01-06", "2026-01-07");
    check(Period::Yesterday, "2026-01-05", "2026-01-06");
    check(Period::ThisWeek, "2026-01-04", "2026-01-11");
    check(Period::Last7Days, "2025-12-31", "2026-01-07");
    check(Period::Last30Days, "2025-12-08", "2026-01-07");
}

#[test]
fn a_week_begins_on_monday_and_holds_its_sunday() {
    let week = window("2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z");
    assert_eq!(period(Period::ThisWeek, Zone::UTC, "2026-01-05T00:00:00Z"), week);
    assert_eq!(period(Period::ThisWeek, Zone::UTC, "2026-01-11T23:59:59Z"), week);
}

#[test]
fn no_time_of_the_clock_is_out_of_reach() {
    let periods = [Period::Today, Period::Yesterday, Period::ThisWeek, Period::Last7Days, Period::Last30Days];
    for now_ms in [i64::MIN, -1, 0, INSTANT_MS_MAX.0, i64::MAX].map(TimestampMs) {
        for spec in periods.map(WindowSpec::Period).into_iter().chain([WindowSpec::LastMinutes(5)]) {
            let window = spec.resolve(zone("Pacific/Kiritimati"), now_ms).unwrap().unwrap();
            assert!(window.from_ms < window.to_ms);
            let moves_at_ms = spec.moves_at_ms(zone("Pacific/Kiritimati"), now_ms);
            assert!(moves_at_ms.is_none_or(|moves_at_ms| moves_at_ms > now_ms), "{spec:?} at {now_ms:?}");
        }
    }
}

proptest! {
    #[test]
    fn days_are_those_of_a_clock_read_every_half_minute((zone, instant_ms) in instant_near_occasion()) {
        let shown = oracle::local_clock(zone, instant_ms).date();
        for date in [shown - Days::new(1), shown, shown + Days::new(1)] {
            prop_assert_eq!(WindowSpec::Day(date).resolve(zone, EPOCH).ok().flatten(), oracle::day(zone, date));
        }
    }

    #[test]
    fn today_holds_now_and_touches_yesterday((zone, now_ms) in instant_near_occasion()) {
        let resolve = |period| WindowSpec::Period(period).resolve(zone, now_ms).unwrap().unwrap();
        let today = resolve(Period::Today);
        prop_assert!(today.from_ms <= now_ms && now_ms < today.to_ms);
        prop_assert!(resolve(Period::Yesterday).from_ms < today.from_ms);
        prop_assert_eq!(resolve(Period::Yesterday).to_ms, today.from_ms);
        for days in [Period::Last7Days, Period::Last30Days] {
            prop_assert_eq!(resolve(days).to_ms, today.to_ms);
        }
        let week = resolve(Period::ThisWeek);
        prop_assert!(week.from_ms <= today.from_ms && today.to_ms <= week.to_ms);
    }

    #[test]
    fn a_window_stays_until_it_moves((zone, now_ms) in instant_near_occasion(), spec in moving_spec()) {
        let moves_at_ms = spec.moves_at_ms(zone, now_ms).unwrap();
        prop_assert!(moves_at_ms > now_ms);
        let resolved = spec.resolve(zone, now_ms);
        prop_assert_eq!(&spec.resolve(zone, TimestampMs(i64::midpoint(now_ms.0, moves_at_ms.0))), &resolved);
        prop_assert_eq!(&spec.resolve(zone, moves_at_ms - DurationMs(1)), &resolved);
        prop_assert_ne!(&spec.resolve(zone, moves_at_ms), &resolved);
    }

    #[test]
    fn every_window_is_on_the_grid_and_not_empty((zone, now_ms) in instant_near_occasion(), spec in moving_spec()) {
        let window = spec.resolve(zone, now_ms).unwrap().unwrap();
        prop_assert!(window.from_ms < window.to_ms);
        prop_assert_eq!((window.from_ms.0 % BUCKET_MS, window.to_ms.0 % BUCKET_MS), (0, 0));
    }
}

fn moving_spec() -> impl Strategy<Value = WindowSpec> {
    let periods = [Period::Today, Period::Yesterday, Period::ThisWeek, Period::Last7Days, Period::Last30Days];
    prop_oneof![
        prop::sample::select(periods.to_vec()).prop_map(WindowSpec::Period),
        (1..=LAST_MINUTES_MAX).prop_map(WindowSpec::LastMinutes),
    ]
}
