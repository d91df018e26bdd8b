//! Days and spans of time.

use crate::lean::calendar::LocalTime;
use crate::lean::date_format::{DateFields, written};
use domain::instant::CivilDate;

/// What is written where there is no browser.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
pub(crate) const JUST_NOW: &str = "just now";
/// Below this age in ms, data is called current: messages need that long to be worth counting.
const JUST_NOW_MS: f64 = 2_000.0;

/// Such as `Mon 5 Jan 2026`, as the browser's language writes it, here and below.
pub(crate) fn date(local: &LocalTime) -> String {
    written(DateFields::Date, local.date)
        .unwrap_or_else(|| format!("{} {}", weekday_and_month(local), local.date.year))
}

/// Such as `5 Jan`.
pub(crate) fn day_and_month(local: &LocalTime) -> String {
    written(DateFields::DayAndMonth, local.date)
        .unwrap_or_else(|| format!("{} {}", local.date.day, month(local)))
}

/// Such as `Mon 5 Jan`.
pub(crate) fn weekday_and_month(local: &LocalTime) -> String {
    written(DateFields::WeekdayAndMonth, local.date)
        .unwrap_or_else(|| format!("{} {}", weekday(local), day_and_month(local)))
}

/// Such as `Mon 5`, which is how a shift leader knows the days of a week.
pub(crate) fn weekday_and_day(local: &LocalTime) -> String {
    written(DateFields::WeekdayAndDay, local.date)
        .unwrap_or_else(|| format!("{} {}", weekday(local), local.date.day))
}

/// Such as `Jan`.
pub(crate) fn month(local: &LocalTime) -> String {
    let english = || {
        let month = usize::try_from(local.date.month - 1).ok().and_then(|month| MONTHS.get(month));
        month.copied().unwrap_or_default().to_owned()
    };
    written(DateFields::Month, local.date).unwrap_or_else(english)
}

/// Such as `January 2026`.
pub(crate) fn month_and_year(local: &LocalTime) -> String {
    written(DateFields::MonthAndYear, local.date)
        .unwrap_or_else(|| format!("{} {}", month(local), local.date.year))
}

/// Such as `M`, above the days of a calendar.
pub(crate) fn weekday_letter(local: &LocalTime) -> String {
    written(DateFields::Weekday, local.date).unwrap_or_else(|| weekday(local).chars().take(1).collect())
}

fn weekday(local: &LocalTime) -> &'static str {
    WEEKDAYS.get(local.weekday).copied().unwrap_or_default()
}

/// Such as `08:05`.
pub(crate) fn time(local: &LocalTime) -> String {
    format!("{:02}:{:02}", local.hour, local.minute)
}

/// Such as `08:05:30`.
pub(crate) fn time_with_seconds(local: &LocalTime) -> String {
    format!("{}:{:02}", time(local), local.second)
}

/// A time of day, to the second only where that is not a whole minute.
pub(crate) fn exact_time(local: &LocalTime) -> String {
    if local.second == 0 { time(local) } else { time_with_seconds(local) }
}

/// Such as `Mon 5 Jan 2026, 08:05:30`.
pub(crate) fn date_and_exact_time(local: &LocalTime) -> String {
    format!("{}, {}", date(local), exact_time(local))
}

/// A span by its ends and its last date, without telling a date twice.
pub(crate) fn date_span(from: &LocalTime, to: &LocalTime, last: CivilDate) -> String {
    let is_within_a_day = from.date == last;
    if from.is_midnight() && to.is_midnight() && from != to {
        let last = LocalTime::of_wall_ms(last.days() * domain::MS_PER_DAY);
        return if is_within_a_day { date(from) } else { from_to(&date(from), &date(&last)) };
    }
    let end = if is_within_a_day && to.is_midnight() {
        "24:00".to_owned()
    } else if is_within_a_day {
        exact_time(to)
    } else {
        date_and_exact_time(to)
    };
    from_to(&date_and_exact_time(from), &end)
}

/// A time of another day, such as `5 Jan, 08:05`.
pub(crate) fn on_day(local: &LocalTime, time: &str) -> String {
    format!("{}, {time}", day_and_month(local))
}

/// How long ago something was, given in ms.
pub(crate) fn age(age_ms: f64) -> String {
    if age_ms < JUST_NOW_MS { JUST_NOW.to_owned() } else { format!("{} ago", span(age_ms)) }
}

/// For how long something has been so, in whole minutes, as it stands beside a state: `12 min`, `1:12 h`, `3 d`.
pub(crate) fn elapsed(minutes: u32) -> String {
    let (hours, days) = (minutes / 60, minutes / 60 / 24);
    match (days, hours) {
        (0, 0) => format!("{minutes}\u{a0}min"),
        (0, _) => format!("{hours}:{:02}\u{a0}h", minutes % 60),
        _ => format!("{days}\u{a0}d"),
    }
}

/// A span of time in its two largest units.
pub(crate) fn span(span_ms: f64) -> String {
    match two_largest_units((span_ms.max(0.0) / 1_000.0) as u64) {
        (large, None) => large,
        (large, Some((count, unit))) => format!("{large} {count} {unit}"),
    }
}

/// How long a span is, in its two largest units, the smaller one only where it is not zero.
pub(crate) fn length(length_ms: f64) -> String {
    match two_largest_units((length_ms.max(0.0) / 1_000.0).round() as u64) {
        (large, None | Some((0, _))) => large,
        (large, Some((count, unit))) => format!("{large} {count} {unit}"),
    }
}

/// So many seconds in their largest unit, and the rest in the next smaller one; seconds have none.
fn two_largest_units(seconds: u64) -> (String, Option<(u64, &'static str)>) {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => (format!("{seconds} s"), None),
        (0, 0, _) => (format!("{minutes} min"), Some((seconds % 60, "s"))),
        (0, _, _) => (format!("{hours} h"), Some((minutes % 60, "min"))),
        _ => (format!("{days} d"), Some((hours % 24, "h"))),
    }
}

pub(crate) fn from_to(from: &str, to: &str) -> String {
    format!("{from} to {to}")
}

pub(crate) fn in_zone(zone: &str) -> String {
    format!("Times in {zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_two_units_and_no_zeros() {
        let cases = [
            (15_000.0, "15 s"),
            (60_000.0, "1 min"),
            (90_000.0, "1 min 30 s"),
            (5.5 * 3_600_000.0, "5 h 30 min"),
            (48.0 * 3_600_000.0, "2 d"),
        ];
        for (length_ms, expected) in cases {
            assert_eq!(length(length_ms), expected);
        }
    }

    #[test]
    fn for_how_long_something_is_so_is_short_enough_for_a_column() {
        let cases = [
            (0, "0\u{a0}min"),
            (59, "59\u{a0}min"),
            (72, "1:12\u{a0}h"),
            (1_439, "23:59\u{a0}h"),
            (4_400, "3\u{a0}d"),
        ];
        for (minutes, expected) in cases {
            assert_eq!(elapsed(minutes), expected);
        }
    }

    #[test]
    fn an_age_is_told_in_its_two_largest_units() {
        let cases = [
            (-5_000.0, "just now"),
            (0.0, "just now"),
            (1_999.0, "just now"),
            (2_000.0, "2 s ago"),
            (59_999.0, "59 s ago"),
            (200_000.0, "3 min 20 s ago"),
            (7_500_000.0, "2 h 5 min ago"),
            (266_400_000.0, "3 d 2 h ago"),
        ];
        for (age_ms, expected) in cases {
            assert_eq!(age(age_ms), expected);
        }
    }
}
