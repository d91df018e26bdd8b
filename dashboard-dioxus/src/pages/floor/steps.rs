//! How the window went: the API's series as charts take them.

use crate::chart::heatmap::{Column, hour_columns};
use crate::chart::series::{Measure, Step};
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::{Point, Series, Span};
use crate::words::{figure, floor as words};
use domain::window::Resolution;
use domain::{MS_PER_DAY, MS_PER_HOUR};
use std::rc::Rc;

/// Steps of 5 minutes up to this length, in ms: 48 of them.
const FIVE_MINUTES_UP_TO_MS: i64 = 4 * MS_PER_HOUR;
/// Steps of a quarter of an hour up to this length, in ms: a long shift.
const FIFTEEN_MINUTES_UP_TO_MS: i64 = 12 * MS_PER_HOUR;
/// Hours up to this length, in ms: two days, of which a thousand workers have fewer steps than the server gives at once.
const HOURS_UP_TO_MS: i64 = 2 * MS_PER_DAY;
/// A step of this share of the longest is whole: a day of 23 hours is.
const WHOLE_SHARE: f64 = 0.9;
/// A line is between two steps.
const LINE_STEPS: usize = 2;
/// The most days that are drawn as columns: a year.
const MOST_DAYS: usize = 366;

pub(super) const PRODUCTIVE: Measure =
    Measure { name: figure::PRODUCTIVE_TIME, unit: words::MINUTES, decimals: 1, ceiling: None };
pub(super) const UNITS: Measure =
    Measure { name: figure::UNITS_PRODUCED, unit: words::UNITS, decimals: 0, ceiling: None };
pub(super) const UTILIZATION: Measure =
    Measure { name: figure::UTILIZATION, unit: words::PERCENT, decimals: 1, ceiling: Some(100.0) };
pub(super) const RATE: Measure =
    Measure { name: words::PRODUCTION_RATE, unit: words::PER_HOUR, decimals: 1, ceiling: None };

/// How long the steps of a window's course are.
pub(crate) fn resolution(window: Span) -> Resolution {
    match window.to.0 - window.from.0 {
        length if length <= FIVE_MINUTES_UP_TO_MS => Resolution::FiveMinutes,
        length if length <= FIFTEEN_MINUTES_UP_TO_MS => Resolution::FifteenMinutes,
        length if length <= HOURS_UP_TO_MS => Resolution::Hour,
        _ => Resolution::Day,
    }
}

/// How long the steps of a window's heatmap are: hours, and days where the hours would be too many.
pub(super) fn heat_resolution(window: Span) -> Resolution {
    if window.to.0 - window.from.0 <= HOURS_UP_TO_MS { Resolution::Hour } else { Resolution::Day }
}

/// How long the steps of the states of many can be, in seconds. From five minutes on the server has whole sums of them.
const STATE_STEPS_SECONDS: [i64; 13] = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 21_600, 86_400];
/// The most steps of an entity: about as many as a chart has pixels.
const MOST_STATE_STEPS: i64 = 960;

/// How long the steps of a window's states are, in seconds.
pub(super) fn state_step_seconds(window: Span) -> i64 {
    let seconds = (window.to.0 - window.from.0) / 1_000;
    let is_enough = |step: &i64| seconds <= step * MOST_STATE_STEPS;
    STATE_STEPS_SECONDS.into_iter().find(is_enough).unwrap_or(MS_PER_DAY / 1_000)
}

/// One value of each point.
pub(super) fn steps(series: &Series, value: impl Fn(&Point) -> Option<f64>) -> Rc<[Step]> {
    let step = |point: &Point| Step {
        from_ms: point.span.from.ms(),
        to_ms: point.span.to.ms(),
        value: value(point),
    };
    series.points.iter().map(step).collect()
}

/// The steps that are over and not cut by the window; none where they are too few for a line.
pub(super) fn whole(steps: &[Step], now_ms: f64) -> Option<Rc<[Step]>> {
    let length_ms = |step: &Step| step.to_ms - step.from_ms;
    let longest_ms = steps.iter().map(length_ms).fold(0.0, f64::max);
    let is_whole = |step: &&Step| length_ms(step) >= WHOLE_SHARE * longest_ms && step.to_ms <= now_ms;
    let whole: Rc<[Step]> = steps.iter().filter(is_whole).copied().collect();
    (whole.len() >= LINE_STEPS).then_some(whole)
}

/// A window's columns in a heatmap.
pub(super) fn heat_columns(window: Span, resolution: Resolution, zone: &Zone) -> Rc<[Column]> {
    if resolution == Resolution::Day {
        return days(window, zone);
    }
    hour_columns(window.from.ms(), window.to.ms(), zone)
}

/// The calendar days of a window, the first and the last cut at it.
fn days(window: Span, zone: &Zone) -> Rc<[Column]> {
    let first = zone.local(window.from).date.days();
    let begins = (0..).map(|day| zone.instant(first + day, 0)).take_while(|begin| *begin < window.to);
    let column = |begin: Instant| Column { from_ms: begin.max(window.from).ms(), to_ms: window.to.ms() };
    let mut columns: Vec<Column> = begins.take(MOST_DAYS).map(column).collect();
    for next in 1..columns.len() {
        columns[next - 1].to_ms = columns[next].from_ms;
    }
    columns.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> Span {
        Span { from: Instant::parse(from).unwrap(), to: Instant::parse(to).unwrap() }
    }

    #[test]
    fn steps_are_as_long_as_the_window_needs() {
        let cases = [
            ("2026-01-05T04:00Z", Resolution::FiveMinutes),
            ("2026-01-05T08:00Z", Resolution::FifteenMinutes),
            ("2026-01-06T00:00Z", Resolution::Hour),
            ("2026-01-06T01:00Z", Resolution::Hour),
            ("2026-01-12T00:00Z", Resolution::Day),
        ];
        for (to, expected) in cases {
            assert_eq!(resolution(window("2026-01-05T00:00Z", to)), expected, "{to}");
        }
    }

    #[test]
    fn states_have_no_more_steps_than_a_chart_has_pixels() {
        let cases = [
            ("2026-01-05T00:15Z", 5),
            ("2026-01-05T01:00Z", 5),
            ("2026-01-05T08:00Z", 30),
            ("2026-01-06T00:00Z", 120),
            ("2026-01-12T00:00Z", 900),
            ("2026-02-04T00:00Z", 3_600),
            ("2036-01-05T00:00Z", 86_400),
        ];
        for (to, expected) in cases {
            assert_eq!(state_step_seconds(window("2026-01-05T00:00Z", to)), expected, "{to}");
        }
    }

    #[test]
    fn a_step_that_is_cut_or_still_runs_is_not_whole() {
        let step = |from: f64, to: f64| Step { from_ms: from, to_ms: to, value: Some(1.0) };
        let steps = [step(0.5, 1.0), step(1.0, 2.0), step(2.0, 3.0), step(3.0, 4.0)];
        assert_eq!(whole(&steps, 3.5).as_deref(), Some(&steps[1..3]));
        assert_eq!(whole(&steps, 2.5), None);
    }

    #[test]
    fn a_week_is_seven_columns_of_the_factorys_days() {
        let kolkata = Zone::fixed("Asia/Kolkata", 330);
        let week = window("2026-01-04T18:30Z", "2026-01-11T18:30Z");
        let columns = heat_columns(week, heat_resolution(week), &kolkata);
        assert_eq!(columns.len(), 7);
        assert!(columns.iter().all(|column| (column.to_ms - column.from_ms) as i64 == MS_PER_DAY));
        assert!((columns[0].from_ms - week.from.ms()).abs() < 0.5);
    }

    #[test]
    fn a_day_cut_at_both_ends_begins_and_ends_with_the_window() {
        let utc = Zone::fixed("UTC", 0);
        let cut = window("2026-01-04T06:00Z", "2026-01-08T09:00Z");
        let columns = heat_columns(cut, heat_resolution(cut), &utc);
        let ends = [columns[0].from_ms, columns[columns.len() - 1].to_ms];
        assert_eq!((columns.len(), ends), (5, [cut.from.ms(), cut.to.ms()]));
        assert_eq!(
            heat_columns(window("2026-01-05T08:00Z", "2026-01-05T10:20Z"), Resolution::Hour, &utc).len(),
            3
        );
    }
}
