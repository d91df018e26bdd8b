//! Windows on the factory's calendar: between which instants they lie, and which one comes before and after.

use super::span::Span;
use super::window::WindowChoice;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::instant::CivilDate;

/// From Monday to Monday.
pub(crate) const DAYS_PER_WEEK: i64 = 7;

/// The instants between which a window lies; none for all time.
pub(crate) fn span(window: WindowChoice, zone: &Zone, now: Instant) -> Option<Span> {
    let today = zone.local(now).date.days();
    let days = |from: i64, to: i64| days(zone, from, to);
    let monday = monday(today);
    Some(match window {
        WindowChoice::Today => days(today, today + 1),
        WindowChoice::Yesterday => days(today - 1, today),
        WindowChoice::ThisWeek => days(monday, monday + DAYS_PER_WEEK),
        WindowChoice::Last7Days => days(today - 6, today + 1),
        WindowChoice::Last30Days => days(today - 29, today + 1),
        WindowChoice::Day(day) => days(day, day + 1),
        WindowChoice::Range(span) => span,
        WindowChoice::LastMinutes(minutes) => {
            // Ends with the bucket that holds now, as the server's windows do.
            let to_ms = (now.0.div_euclid(BUCKET_MS) + 1) * BUCKET_MS;
            Span { from: Instant(to_ms - i64::from(minutes) * MS_PER_MINUTE), to: Instant(to_ms) }
        }
        WindowChoice::AllTime => return None,
    })
}

/// The week before the one that holds now.
pub(crate) fn last_week(zone: &Zone, now: Instant) -> WindowChoice {
    let monday = monday(zone.local(now).date.days());
    WindowChoice::Range(days(zone, monday - DAYS_PER_WEEK, monday))
}

/// The calendar month before the one that holds now.
pub(crate) fn last_month(zone: &Zone, now: Instant) -> WindowChoice {
    let CivilDate { year, month, .. } = zone.local(now).date;
    WindowChoice::Range(month_of(zone, year, month - 1))
}

/// From the first day to the last one, whichever of them is named first.
pub(crate) fn from_day_to_day(zone: &Zone, one: i64, other: i64) -> WindowChoice {
    let (first, last) = (one.min(other), one.max(other));
    if first == last { WindowChoice::Day(first) } else { WindowChoice::Range(days(zone, first, last + 1)) }
}

/// Into the past or towards now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Back,
    Forth,
}

/// The window of the same length that ends where this one begins, or begins where it ends; a day leads to a day, a month to a
/// month. None where nothing has begun yet.
pub(crate) fn next_to(
    window: WindowChoice,
    zone: &Zone,
    now: Instant,
    direction: Direction,
) -> Option<WindowChoice> {
    let steps = if direction == Direction::Back { -1 } else { 1 };
    let today = zone.local(now).date.days();
    if let Some(day) = day_of_window(window, now, zone) {
        return (day + steps <= today).then(|| window_of_day(day + steps, now, zone));
    }
    let moved = shifted(span(window, zone, now)?, zone, steps);
    (moved.from <= now).then_some(WindowChoice::Range(moved))
}

/// A span moved by its own length: by months or days of the calendar where it consists of such.
fn shifted(span: Span, zone: &Zone, steps: i64) -> Span {
    let (from, to) = (zone.local(span.from), zone.local(span.to));
    if !from.is_midnight() || !to.is_midnight() {
        let by_ms = steps * (span.to.0 - span.from.0);
        return Span { from: Instant(span.from.0 + by_ms), to: Instant(span.to.0 + by_ms) };
    }
    if is_month(span, zone) {
        return month_of(zone, from.date.year, from.date.month + steps);
    }
    let (first, end) = (from.date.days(), to.date.days());
    let by_days = steps * (end - first);
    days(zone, first + by_days, end + by_days)
}

/// Whether a span is a whole month of the calendar.
pub(crate) fn is_month(span: Span, zone: &Zone) -> bool {
    let CivilDate { year, month, .. } = zone.local(span.from).date;
    span == month_of(zone, year, month)
}

/// A month, whose number may be one before the first or after the last.
fn month_of(zone: &Zone, year: i64, month: i64) -> Span {
    days(zone, first_of_month(year, month), first_of_month(year, month + 1))
}

/// The first day of a month, in days since 1970; months may be counted beyond the year.
pub(crate) fn first_of_month(year: i64, month: i64) -> i64 {
    let months = month - 1;
    CivilDate { year: year + months.div_euclid(12), month: months.rem_euclid(12) + 1, day: 1 }.days()
}

fn days(zone: &Zone, from: i64, to: i64) -> Span {
    Span { from: zone.instant(from, 0), to: zone.instant(to, 0) }
}

/// The Monday of the week that holds a day; 1 January 1970 was a Thursday.
pub(crate) fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(DAYS_PER_WEEK)
}

/// The calendar day that a window is, if it is one.
pub(crate) fn day_of_window(choice: WindowChoice, now: Instant, zone: &Zone) -> Option<i64> {
    let today = zone.local(now).date.days();
    match choice {
        WindowChoice::Today => Some(today),
        WindowChoice::Yesterday => Some(today - 1),
        WindowChoice::Day(day) => Some(day),
        _ => None,
    }
}

/// The window that is a calendar day; today keeps being today.
pub(crate) fn window_of_day(day: i64, now: Instant, zone: &Zone) -> WindowChoice {
    if day == zone.local(now).date.days() { WindowChoice::Today } else { WindowChoice::Day(day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05, a Monday.
    const MONDAY: i64 = 20_458;

    fn zone() -> Zone {
        Zone::fixed("Asia/Kolkata", 330)
    }

    /// A Wednesday, 01:30 in the zone.
    fn now() -> Instant {
        Instant::parse("2026-01-06T20:00Z").unwrap()
    }

    fn told(window: WindowChoice) -> [String; 2] {
        let Span { from, to } = span(window, &zone(), now()).unwrap();
        [zone().field(from), zone().field(to)]
    }

    fn stepped(window: WindowChoice, direction: Direction) -> Option<[String; 2]> {
        next_to(window, &zone(), now(), direction).map(told)
    }

    fn expected(from: &str, to: &str) -> [String; 2] {
        [from.to_owned(), to.to_owned()]
    }

    #[test]
    fn windows_are_the_factorys_days_and_the_grids_minutes() {
        for (window, from, to) in [
            (WindowChoice::Today, "2026-01-07T00:00", "2026-01-08T00:00"),
            (WindowChoice::Yesterday, "2026-01-06T00:00", "2026-01-07T00:00"),
            (WindowChoice::ThisWeek, "2026-01-05T00:00", "2026-01-12T00:00"),
            (WindowChoice::Last7Days, "2026-01-01T00:00", "2026-01-08T00:00"),
            (WindowChoice::LastMinutes(15), "2026-01-07T01:20", "2026-01-07T01:35"),
            (last_week(&zone(), now()), "2025-12-29T00:00", "2026-01-05T00:00"),
            (last_month(&zone(), now()), "2025-12-01T00:00", "2026-01-01T00:00"),
        ] {
            assert_eq!(told(window), expected(from, to), "{window}");
        }
        assert_eq!(span(WindowChoice::AllTime, &zone(), now()), None);
    }

    #[test]
    fn a_step_leads_to_the_neighbour_of_the_same_kind() {
        let back = |window| stepped(window, Direction::Back);
        assert_eq!(back(WindowChoice::Today), Some(expected("2026-01-06T00:00", "2026-01-07T00:00")));
        assert_eq!(back(WindowChoice::ThisWeek), Some(expected("2025-12-29T00:00", "2026-01-05T00:00")));
        assert_eq!(back(last_month(&zone(), now())), Some(expected("2025-11-01T00:00", "2025-12-01T00:00")));
        assert_eq!(
            back(WindowChoice::LastMinutes(60)),
            Some(expected("2026-01-06T23:35", "2026-01-07T00:35"))
        );
        assert_eq!(back(WindowChoice::AllTime), None);
        let forth = |window| stepped(window, Direction::Forth);
        let after_yesterday = next_to(WindowChoice::Yesterday, &zone(), now(), Direction::Forth);
        assert_eq!(after_yesterday, Some(WindowChoice::Today));
        assert_eq!(forth(WindowChoice::Today), None, "tomorrow has not begun");
        assert_eq!(forth(last_week(&zone(), now())), Some(expected("2026-01-05T00:00", "2026-01-12T00:00")));
        assert_eq!(forth(WindowChoice::ThisWeek), None);
        assert_eq!(forth(last_month(&zone(), now())), Some(expected("2026-01-01T00:00", "2026-02-01T00:00")));
    }

    #[test]
    fn two_days_are_a_range_in_either_order_and_one_day_is_itself() {
        assert_eq!(from_day_to_day(&zone(), MONDAY, MONDAY), WindowChoice::Day(MONDAY));
        let range = from_day_to_day(&zone(), MONDAY + 2, MONDAY);
        assert_eq!(told(range), expected("2026-01-05T00:00", "2026-01-08T00:00"));
        assert_eq!([monday(MONDAY + 6), monday(MONDAY)], [MONDAY, MONDAY]);
    }

    #[test]
    fn a_day_is_found_again_as_the_window_that_it_is() {
        let today = MONDAY + 2;
        assert_eq!(day_of_window(WindowChoice::Today, now(), &zone()), Some(today));
        assert_eq!(day_of_window(WindowChoice::Yesterday, now(), &zone()), Some(today - 1));
        assert_eq!(day_of_window(WindowChoice::LastMinutes(60), now(), &zone()), None);
        assert_eq!(window_of_day(today, now(), &zone()), WindowChoice::Today);
        assert_eq!(window_of_day(MONDAY, now(), &zone()), WindowChoice::Day(MONDAY));
    }
}
