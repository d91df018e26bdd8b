//! How a figure stands to the window before.

use crate::lean::zone::Zone;
use crate::model::Span;
use crate::model::window::WindowChoice;
use crate::words::floor as words;
use crate::words::quantity::Quantity;

/// From so many times as much on, percent are no longer understood.
const TOLD_AS_TIMES: f64 = 10.0;

/// A figure against the one before, in words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// Such as `+4.2 %`; where the one before was nothing, that.
    pub(super) text: String,
    /// Such as `vs yesterday until 10:15`.
    pub(super) than: String,
}

/// The change of a figure. Percentages change by points, everything else in percent of what it was. None where either has
/// no value.
pub(super) fn change(
    quantity: Quantity,
    value: Option<f64>,
    before: Option<f64>,
    when: &str,
) -> Option<Change> {
    let (value, before) = (value?, before?);
    let text = match quantity {
        Quantity::Percent => words::points(&Quantity::PerHour.change(Some(value), Some(before))?.text),
        _ if before <= 0.0 => {
            return Some(Change { text: quantity.text(Some(before)), than: when.to_owned() });
        }
        _ if value >= TOLD_AS_TIMES * before => words::times(&Quantity::PerHour.text(Some(value / before))),
        _ => Quantity::Percent.change(Some(100.0 * value / before), Some(100.0))?.text,
    };
    Some(Change { text, than: words::than(when) })
}

/// What the window before is called, given the one that the server used and the one before, which is shorter while the
/// window still runs.
pub(super) fn before_in_words(choice: WindowChoice, window: Span, before: Span, zone: &Zone) -> String {
    let is_cut = before.to < window.from;
    let time = || zone.time(before.to);
    let date_time = || zone.date_time(before.to);
    match choice {
        WindowChoice::Today if is_cut => words::until(words::YESTERDAY, &time()),
        WindowChoice::Today => words::YESTERDAY.to_owned(),
        WindowChoice::LastMinutes(minutes) => words::minutes_before(minutes),
        _ => {
            let name = match choice {
                WindowChoice::Yesterday | WindowChoice::Day(_) => words::DAY_BEFORE,
                WindowChoice::ThisWeek => words::WEEK_BEFORE,
                WindowChoice::Last7Days => words::SEVEN_DAYS_BEFORE,
                WindowChoice::Last30Days => words::THIRTY_DAYS_BEFORE,
                _ => words::SPAN_BEFORE,
            };
            if is_cut { words::until(name, &date_time()) } else { name.to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;

    fn told(quantity: Quantity, value: Option<f64>, before: Option<f64>) -> Option<String> {
        let Change { text, than } = change(quantity, value, before, "yesterday until 10:15")?;
        Some(format!("{text} {than}"))
    }

    #[test]
    fn amounts_change_in_percent_and_percentages_by_points() {
        let cases = [
            (Quantity::Count, Some(104.2), Some(100.0), "+4.2\u{a0}% vs yesterday until 10:15"),
            (Quantity::Duration, Some(50.0), Some(100.0), "\u{2212}50.0\u{a0}% vs yesterday until 10:15"),
            (Quantity::Percent, Some(75.0), Some(70.0), "+5.0\u{a0}points vs yesterday until 10:15"),
            (Quantity::Count, Some(140.0), Some(10.0), "14.0\u{a0}\u{d7} vs yesterday until 10:15"),
            (Quantity::PerHour, Some(7.0), Some(7.0), "\u{b1}0.0\u{a0}% vs yesterday until 10:15"),
        ];
        for (quantity, value, before, expected) in cases {
            assert_eq!(told(quantity, value, before).as_deref(), Some(expected));
        }
    }

    #[test]
    fn nothing_before_is_told_as_it_was_and_no_value_is_not_compared() {
        let told = |quantity, value, before| told(quantity, value, before);
        assert_eq!(told(Quantity::Count, Some(5.0), Some(0.0)).as_deref(), Some("0 yesterday until 10:15"));
        assert_eq!(told(Quantity::Percent, Some(5.0), None), None);
        assert_eq!(told(Quantity::PerHour, None, Some(8.0)), None);
    }

    #[test]
    fn the_window_before_is_named_and_where_it_was_cut_too() {
        let at = |text| Instant::parse(text).unwrap();
        let today = Span { from: at("2026-01-05T00:00Z"), to: at("2026-01-06T00:00Z") };
        let zone = Zone::fixed("UTC", 0);
        let named = |choice, until| {
            let before = Span { from: at("2026-01-04T00:00Z"), to: at(until) };
            before_in_words(choice, today, before, &zone)
        };
        assert_eq!(named(WindowChoice::Today, "2026-01-04T10:15Z"), "yesterday until 10:15");
        assert_eq!(named(WindowChoice::Today, "2026-01-05T00:00Z"), "yesterday");
        assert_eq!(named(WindowChoice::Yesterday, "2026-01-05T00:00Z"), "the day before");
        assert_eq!(named(WindowChoice::LastMinutes(480), "2026-01-05T00:00Z"), "the 8 hours before");
        assert_eq!(
            named(WindowChoice::ThisWeek, "2026-01-04T10:15Z"),
            "the week before until Sun 4 Jan 2026, 10:15"
        );
    }
}
