//! How far the charts of a page windows, given its window: what is too long to be read as a whole is cut to its last days.

use crate::api::operation::{WindowInput, range_input, window_input};
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Span;
use crate::model::window::{WindowChoice, date};
use domain::{MS_PER_DAY, MS_PER_MINUTE};

/// Windows up to this length are read as one row of a timeline, in ms: two days.
const ONE_ROW_MS: i64 = 2 * MS_PER_DAY;
/// The most days that stand below each other, and the most whose hours are drawn: a week.
pub(crate) const MOST_DAYS: usize = 7;
const WEEK_DAYS: i64 = 7;
/// So many days at least are drawn as days: two weeks, so that a weekday can be compared with its last.
const LEAST_DAYS: i64 = 14;
/// So many days are drawn where the window has no beginning.
const DAYS_OF_ALL_TIME: i64 = 30;
/// The most days that are drawn as days: a year.
const MOST_DAY_STEPS: i64 = 366;

/// The rows of one entity's timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rows {
    /// The whole window.
    Whole(WindowInput),
    /// One for each of these days of the factory's calendar, the latest first, at most [`MOST_DAYS`].
    Days(Vec<i64>),
}

/// What the charts show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChartWindows {
    pub(crate) rows: Rows,
    /// What is drawn hour by hour, at most a week.
    pub(crate) hours: WindowInput,
    /// What is drawn day by day.
    pub(crate) days: WindowInput,
    /// The first and the last of those days.
    pub(crate) day_range: (i64, i64),
    /// Whether the window is longer than what its hours and rows show.
    pub(crate) is_cut: bool,
}

impl ChartWindows {
    /// `window` is the one that the server used, none for all time; `last_seen` matters only then.
    pub(crate) fn new(
        choice: WindowChoice,
        window: Option<Span>,
        last_seen: Option<Instant>,
        now: Instant,
        zone: &Zone,
    ) -> Self {
        let day_of = |instant: Instant| zone.local(instant).date.days();
        let last_ms = match window {
            // Days that have not begun are not drawn.
            Some(span) => now.0.clamp(span.from.0, (span.to.0 - 1).max(span.from.0)),
            None => last_seen.map_or(now.0, |at| at.0 - 1),
        };
        let last = day_of(Instant(last_ms));
        let from = window.map(|span| day_of(span.from));
        let week = (last - WEEK_DAYS + 1).max(from.unwrap_or(i64::MIN));
        let days_from = match from {
            Some(from) if last - from >= LEAST_DAYS => from.max(last - MOST_DAY_STEPS + 1),
            Some(_) => last - LEAST_DAYS + 1,
            None => last - DAYS_OF_ALL_TIME + 1,
        };
        let between = |first: i64, last: i64| {
            range_input(Span { from: zone.instant(first, 0), to: zone.instant(last + 1, 0) })
        };
        let length_ms = length_ms(choice);
        let whole =
            |limit_ms: i64| window_input(choice).filter(|_| length_ms.is_some_and(|ms| ms <= limit_ms));
        Self {
            rows: whole(ONE_ROW_MS).map_or_else(|| Rows::Days((week..=last).rev().collect()), Rows::Whole),
            hours: whole(WEEK_DAYS * MS_PER_DAY).unwrap_or_else(|| between(week, last)),
            days: between(days_from, last),
            day_range: (days_from, last),
            is_cut: length_ms.is_none_or(|ms| ms > WEEK_DAYS * MS_PER_DAY),
        }
    }

    /// Whether the window is short enough for its hours to be told apart beside others.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self.rows, Rows::Whole(_))
    }

    /// The windows of the rows.
    pub(crate) fn row_windows(&self) -> Vec<WindowInput> {
        match &self.rows {
            Rows::Whole(window) => vec![window.clone()],
            Rows::Days(days) => days.iter().map(|day| WindowInput::Day(date(*day))).collect(),
        }
    }
}

/// How long a window is, as the calendar counts; none for all time.
fn length_ms(choice: WindowChoice) -> Option<i64> {
    Some(match choice {
        WindowChoice::Today | WindowChoice::Yesterday | WindowChoice::Day(_) => MS_PER_DAY,
        WindowChoice::ThisWeek | WindowChoice::Last7Days => WEEK_DAYS * MS_PER_DAY,
        WindowChoice::Last30Days => 30 * MS_PER_DAY,
        WindowChoice::LastMinutes(minutes) => i64::from(minutes) * MS_PER_MINUTE,
        WindowChoice::Range(span) => span.to.0 - span.from.0,
        WindowChoice::AllTime => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05, a Monday.
    const MONDAY: i64 = 20_458;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn span(from: &str, to: &str) -> Span {
        Span { from: at(from), to: at(to) }
    }

    fn zone() -> Zone {
        Zone::fixed("Asia/Kolkata", 330)
    }

    #[test]
    fn a_day_is_one_row_with_its_hours_beside_the_two_weeks_that_end_with_it() {
        let window = span("2026-01-04T18:30Z", "2026-01-05T18:30Z");
        let windows =
            ChartWindows::new(WindowChoice::Today, Some(window), None, at("2026-01-05T10:00Z"), &zone());
        assert_eq!(windows.rows, Rows::Whole(window_input(WindowChoice::Today).unwrap()));
        assert_eq!(windows.hours, window_input(WindowChoice::Today).unwrap());
        assert_eq!(windows.days, range_input(span("2025-12-22T18:30Z", "2026-01-05T18:30Z")));
        assert_eq!(windows.day_range, (MONDAY - 13, MONDAY));
        assert!(!windows.is_cut && windows.is_short());
    }

    #[test]
    fn a_week_that_still_runs_is_a_row_for_each_day_that_has_begun_the_latest_first() {
        let window = span("2026-01-04T18:30Z", "2026-01-11T18:30Z");
        let now = at("2026-01-07T10:00Z");
        let windows = ChartWindows::new(WindowChoice::ThisWeek, Some(window), None, now, &zone());
        assert_eq!(windows.rows, Rows::Days(vec![MONDAY + 2, MONDAY + 1, MONDAY]));
        assert_eq!(windows.row_windows()[2], WindowInput::Day("2026-01-05".to_owned()));
        assert_eq!(windows.hours, window_input(WindowChoice::ThisWeek).unwrap());
    }

    #[test]
    fn of_a_long_window_the_last_week_is_drawn_closely_and_the_whole_day_by_day() {
        let window = span("2025-12-06T18:30Z", "2026-01-05T18:30Z");
        let now = at("2026-01-05T10:00Z");
        let windows = ChartWindows::new(WindowChoice::Last30Days, Some(window), None, now, &zone());
        assert_eq!(windows.rows, Rows::Days((MONDAY - 6..=MONDAY).rev().collect()));
        assert_eq!(windows.hours, range_input(span("2025-12-29T18:30Z", "2026-01-05T18:30Z")));
        assert_eq!(windows.days, range_input(window));
        assert!(windows.is_cut);
    }

    #[test]
    fn all_time_ends_with_the_day_that_was_last_seen() {
        let now = at("2026-03-01T10:00Z");
        let seen = Some(at("2026-01-05T18:30Z"));
        let windows = ChartWindows::new(WindowChoice::AllTime, None, seen, now, &zone());
        assert_eq!(windows.rows, Rows::Days((MONDAY - 6..=MONDAY).rev().collect()));
        assert_eq!(windows.day_range, (MONDAY - 29, MONDAY));
        assert!(windows.is_cut);
    }

    #[test]
    fn no_window_has_more_rows_or_steps_than_can_be_asked_for() {
        let years = span("2006-01-01T00:00Z", "2026-01-01T00:00Z");
        let windows = ChartWindows::new(
            WindowChoice::Range(years),
            Some(years),
            None,
            at("2026-06-01T00:00Z"),
            &zone(),
        );
        assert_eq!(windows.row_windows().len(), MOST_DAYS);
        assert_eq!(windows.day_range.1 - windows.day_range.0 + 1, MOST_DAY_STEPS);
    }

    #[test]
    fn a_window_that_has_not_begun_is_drawn_from_its_first_day() {
        let next = span("2026-02-01T18:30Z", "2026-02-11T18:30Z");
        let windows =
            ChartWindows::new(WindowChoice::Range(next), Some(next), None, at("2026-01-05T00:00Z"), &zone());
        assert_eq!(windows.rows, Rows::Days(vec![MONDAY + 28]));
    }
}
