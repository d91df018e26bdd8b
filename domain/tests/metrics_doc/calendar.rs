//! Checks windows and the steps of series, and reads the page's instants.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use domain::MS_PER_HOUR;
use domain::time::TimestampMs;
use domain::window::{Period, Resolution, Window, WindowSpec, steps};
use domain::zone::Zone;

use crate::check_figure;
use crate::example::Table;

/// The day on which the events of the examples are.
pub(crate) const DAY: &str = "2026-01-05";

/// More steps than any example has.
const MAX_STEPS: usize = 2_000;

/// Resolves each row's window in its zone at its time.
pub(crate) fn check_windows(table: &Table) {
    for row in table.rows() {
        let window = resolve(table, row);
        let from = table.text(row, "from");
        if from == "refused" {
            assert!(window.is_none(), "line {} of the page: {window:?}", table.line(row));
            continue;
        }
        let expected = Window { from_ms: instant_ms(from), to_ms: instant_ms(table.text(row, "to")) };
        assert_eq!(window, Some(expected), "line {} of the page", table.line(row));
        let hours = (expected.to_ms - expected.from_ms).0 as f64 / MS_PER_HOUR as f64;
        check_figure(table, row, "hours", Some(hours));
    }
}

/// Cuts each row's window into steps.
pub(crate) fn check_steps(table: &Table) {
    for row in table.rows() {
        let window = resolve(table, row).expect("the windows of series are not refused");
        let resolution = resolution(table.text(row, "resolution"));
        let steps = steps(window, resolution, zone(table, row), MAX_STEPS).expect("not too many steps");
        let (first, last) = (steps[0], steps[steps.len() - 1]);
        check_figure(table, row, "steps", Some(steps.len() as f64));
        assert_eq!(
            (first.from_ms, last.from_ms),
            (instant_ms(table.text(row, "first step")), instant_ms(table.text(row, "last step"))),
            "line {} of the page",
            table.line(row)
        );
        assert_eq!((first.from_ms, last.to_ms), (window.from_ms, window.to_ms));
        assert!(steps.windows(2).all(|pair| pair[0].to_ms == pair[1].from_ms));
    }
}

/// A window of the sums' tables: `all time`, `the day`, or two times of the examples' day. None is all time.
pub(crate) fn window_of_day(text: &str) -> Option<Window> {
    if text == "all time" {
        return None;
    }
    if text == "the day" {
        let date = DAY.parse::<NaiveDate>().expect("a day");
        return WindowSpec::Day(date).resolve(Zone::UTC, TimestampMs(0)).expect("a day that was not skipped");
    }
    let (from, to) = text.split_once(" to ").expect("two times");
    let spec = WindowSpec::Range { from_ms: time_ms(from), to_ms: time_ms(to) };
    spec.resolve(Zone::UTC, TimestampMs(0)).expect("a window that is not refused")
}

/// A time of the examples' day, Unix milliseconds.
pub(crate) fn time_ms(time: &str) -> TimestampMs {
    instant_ms(&format!("{DAY}T{time}:00Z"))
}

/// An instant such as `12 Jan 09:12`, Unix milliseconds.
pub(crate) fn written_ms(text: &str) -> TimestampMs {
    let instant =
        NaiveDateTime::parse_from_str(&format!("2026 {text}"), "%Y %d %b %H:%M").expect("an instant");
    TimestampMs(instant.and_utc().timestamp_millis())
}

/// An instant, Unix milliseconds.
pub(crate) fn instant_ms(text: &str) -> TimestampMs {
    TimestampMs(DateTime::parse_from_rfc3339(text).expect("an instant").timestamp_millis())
}

fn resolve(table: &Table, row: usize) -> Option<Window> {
    let now_ms = instant_ms(table.text(row, "now"));
    spec(table.text(row, "window")).resolve(zone(table, row), now_ms).ok().flatten()
}

fn zone(table: &Table, row: usize) -> Zone {
    time_zones::find(table.text(row, "zone")).expect("a time zone")
}

fn spec(text: &str) -> WindowSpec {
    if let Some((from, to)) = text.split_once(" to ") {
        return WindowSpec::Range { from_ms: instant_ms(from), to_ms: instant_ms(to) };
    }
    if let Some(day) = text.strip_prefix("day ") {
        return WindowSpec::Day(day.parse::<NaiveDate>().expect("a day"));
    }
    if let Some(minutes) = text.strip_prefix("last ").and_then(|rest| rest.strip_suffix(" minutes")) {
        return WindowSpec::LastMinutes(minutes.parse().expect("minutes"));
    }
    WindowSpec::Period(match text {
        "today" => Period::Today,
        "yesterday" => Period::Yesterday,
        "this week" => Period::ThisWeek,
        "last 7 days" => Period::Last7Days,
        "last 30 days" => Period::Last30Days,
        _ => panic!("{text} is no window"),
    })
}

fn resolution(name: &str) -> Resolution {
    match name {
        "FIVE_MINUTES" => Resolution::FiveMinutes,
        "FIFTEEN_MINUTES" => Resolution::FifteenMinutes,
        "HOUR" => Resolution::Hour,
        "DAY" => Resolution::Day,
        _ => panic!("{name} is no resolution"),
    }
}
