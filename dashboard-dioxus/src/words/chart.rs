//! The words of charts, which need their scales and calendars.

use crate::chart::clock::{Local, Zone};
use crate::chart::time_tick::{Pace, TimeTick};
use crate::model::State;

/// What says that nobody observed anything: it is neither idle nor absent.
pub(crate) const NOT_OBSERVED: &str = "Not observed";
/// What says that something was observed but there is nothing to compute a ratio from.
pub(crate) const NO_VALUE: &str = "Observed, but neither working nor idle";
/// A column of a heatmap that has not begun.
pub(crate) const NOT_YET: &str = "Yet to come";
/// What a chart says in place of a reading when there is nothing in its window.
pub(crate) const NOTHING_OBSERVED: &str = "Nothing was observed in this window.";

pub(crate) const SHOW_TABLE: &str = "Show as table";
pub(crate) const HIDE_TABLE: &str = "Hide the table";

pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const ROW: &str = "Row";
pub(crate) const STATE: &str = "State";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const MODEL: &str = "Model";

/// How the keys move through a chart of one row.
pub(crate) const KEYS_ALONG: &str = "Left and right arrows move in time.";
/// How the keys move through a chart of several rows.
pub(crate) const KEYS_ACROSS: &str = "Left and right arrows move in time, up and down between rows.";
/// The same, where a row can be opened.
pub(crate) const KEYS_OPEN: &str =
    "Left and right arrows move in time, up and down between rows, Enter opens the row.";

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// What a worker does who is neither idle nor absent.
pub(crate) const WORKING: &str = "Working";

/// The word for a state.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Working => WORKING,
        State::Idle => "Idle",
        State::Absent => "Absent",
    }
}

/// The shape that stands for a state, so that it is told without a colour.
pub(crate) fn state_mark(state: Option<State>) -> &'static str {
    match state {
        Some(State::Working) => "●",
        Some(State::Idle) => "▲",
        Some(State::Absent) => "○",
        None => "▨",
    }
}

/// A time of day, to the second only where that is not a whole minute.
pub(crate) fn time_of_day(local: Local) -> String {
    let Local { hour, minute, second, .. } = local;
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

/// A date with its weekday.
pub(crate) fn date(local: Local) -> String {
    format!("{} {} {} {}", weekday(local), local.day, month(local), local.year)
}

/// A date and a time of day.
pub(crate) fn instant(zone: &Zone, at_ms: f64) -> String {
    let local = zone.local(at_ms);
    format!("{}, {}", date(local), time_of_day(local))
}

/// A span of time, without telling a date twice: a whole day by its date, one within a day by its times.
pub(crate) fn span(zone: &Zone, from_ms: f64, to_ms: f64) -> String {
    let (from, to) = (zone.local(from_ms), zone.local(to_ms));
    // The span does not include its end, so a day's last date is that of the instant before.
    let last = zone.local(to_ms - 1.0);
    if from.is_midnight() && to.is_midnight() && to_ms > from_ms {
        return if from.is_date_of(last) { date(from) } else { format!("{} to {}", date(from), date(last)) };
    }
    let is_within_a_day = from.is_date_of(last);
    let end = if is_within_a_day && to.is_midnight() {
        "24:00".to_owned()
    } else if is_within_a_day {
        time_of_day(to)
    } else {
        format!("{}, {}", date(to), time_of_day(to))
    };
    format!("{}, {} to {end}", date(from), time_of_day(from))
}

/// How long a span is, in its two largest units.
pub(crate) fn length(length_ms: f64) -> String {
    let seconds = (length_ms.max(0.0) / 1_000.0).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let (large, small) = match (days, hours, minutes) {
        (0, 0, 0) => return format!("{seconds} s"),
        (0, 0, _) => ((minutes, "min"), (seconds % 60, "s")),
        (0, _, _) => ((hours, "h"), (minutes % 60, "min")),
        _ => ((days, "d"), (hours % 24, "h")),
    };
    if small.0 == 0 {
        format!("{} {}", large.0, large.1)
    } else {
        format!("{} {} {} {}", large.0, large.1, small.0, small.1)
    }
}

/// What a mark on a time axis is labelled with.
pub(crate) fn tick(tick: &TimeTick) -> String {
    let local = tick.local;
    match tick.pace {
        Pace::Minutes(_) if !local.is_midnight() => time_of_day(local),
        // A week or less of days is told by weekdays, which is how a shift leader knows them.
        Pace::Minutes(_) | Pace::Days(1) => format!("{} {}", weekday(local), local.day),
        Pace::Days(_) => format!("{} {}", local.day, month(local)),
        Pace::Months(months) if months % 12 != 0 && local.month != 1 => month(local).to_owned(),
        Pace::Months(_) => local.year.to_string(),
    }
}

/// What a sparkline shows, for those who cannot see it.
pub(crate) fn sparkline(name: &str, last: Option<&str>) -> String {
    match last {
        Some(last) => format!("{name}: course over the window, last {last}"),
        None => format!("{name}: nothing observed in the window"),
    }
}

/// A series' value in a reading.
pub(crate) fn named_value(name: &str, value: &str) -> String {
    format!("{name} {value}")
}

/// How sure a model was.
pub(crate) fn confidence(confidence: f64) -> String {
    format!("confidence {}", crate::lean::number::grouped(confidence, 2))
}

/// Which model judged.
pub(crate) fn model(model: &str) -> String {
    format!("model {model}")
}

/// The name of a chart's drawing.
pub(crate) fn drawing(title: &str) -> String {
    format!("{title}, chart")
}

/// The name of a chart's table.
pub(crate) fn table(title: &str) -> String {
    format!("{title}, table")
}

/// A label below several days, which would be the date of one of them at either end.
pub(crate) fn time_below_days(label: &str, share: f64) -> &str {
    match label {
        time if time.contains(':') => time,
        _ if share < 0.5 => "00:00",
        _ => "24:00",
    }
}

/// The values that a colour stands for.
pub(crate) fn shade([from, to]: [usize; 2]) -> String {
    format!("{from} to {to}\u{a0}%")
}

/// A utilization.
pub(crate) fn percent(percent: f64) -> String {
    format!("{}\u{a0}%", crate::lean::number::grouped(percent, 1))
}

fn month(local: Local) -> &'static str {
    MONTHS[usize::from(local.month - 1) % MONTHS.len()]
}

fn weekday(local: Local) -> &'static str {
    WEEKDAYS[usize::from(local.weekday) % WEEKDAYS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::time_tick::time_ticks;

    /// 2026-01-05T00:00Z, a Monday.
    const MONDAY: f64 = 1_767_571_200_000.0;
    const HOUR: f64 = 3_600_000.0;

    #[test]
    fn a_span_tells_each_date_once() {
        let utc = Zone::new(|_| 0);
        let cases = [
            (8.0, 9.0, "Mon 5 Jan 2026, 08:00 to 09:00"),
            (23.0, 24.0, "Mon 5 Jan 2026, 23:00 to 24:00"),
            (23.0, 25.5, "Mon 5 Jan 2026, 23:00 to Tue 6 Jan 2026, 01:30"),
            (0.0, 24.0, "Mon 5 Jan 2026"),
            (0.0, 48.0, "Mon 5 Jan 2026 to Tue 6 Jan 2026"),
            (8.0, 8.0 + 1.0 / 240.0, "Mon 5 Jan 2026, 08:00 to 08:00:15"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(span(&utc, MONDAY + from * HOUR, MONDAY + to * HOUR), expected);
        }
        assert_eq!(instant(&Zone::new(|_| 330), MONDAY), "Mon 5 Jan 2026, 05:30");
    }

    #[test]
    fn a_length_has_two_units_and_no_zeros() {
        let cases = [
            (15_000.0, "15 s"),
            (60_000.0, "1 min"),
            (90_000.0, "1 min 30 s"),
            (5.5 * HOUR, "5 h 30 min"),
            (48.0 * HOUR, "2 d"),
        ];
        for (length_ms, expected) in cases {
            assert_eq!(length(length_ms), expected);
        }
    }

    #[test]
    fn marks_tell_what_changes_between_them() {
        let labels = |hours: f64, at_most| -> Vec<String> {
            time_ticks(MONDAY + 18.0 * HOUR, MONDAY + (18.0 + hours) * HOUR, at_most, &|_| 0)
                .iter()
                .map(tick)
                .collect()
        };
        assert_eq!(labels(12.0, 6), ["18:00", "21:00", "Tue 6", "03:00", "06:00"]);
        assert_eq!(labels(72.0, 6), ["Tue 6", "Wed 7", "Thu 8"]);
        assert_eq!(labels(24.0 * 30.0, 8), ["12 Jan", "19 Jan", "26 Jan", "2 Feb"]);
        assert_eq!(labels(24.0 * 150.0, 8), ["Feb", "Mar", "Apr", "May", "Jun"]);
        assert_eq!(labels(24.0 * 1_000.0, 8), ["Jul", "2027", "Jul", "2028", "Jul"]);
    }
}
