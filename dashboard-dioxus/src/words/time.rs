//! Days and spans of time.

use crate::lean::zone::Local;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
pub(crate) const JUST_NOW: &str = "just now";

pub(crate) fn date(local: &Local) -> String {
    let weekday = WEEKDAYS.get(local.weekday).copied().unwrap_or_default();
    format!("{weekday} {} {}", day_and_month(local), local.date.year)
}

/// Such as `5 Jan`.
pub(crate) fn day_and_month(local: &Local) -> String {
    let month = usize::try_from(local.date.month - 1).ok().and_then(|month| MONTHS.get(month));
    format!("{} {}", local.date.day, month.copied().unwrap_or_default())
}

/// Such as `Mon 5 Jan`.
pub(crate) fn weekday_and_month(local: &Local) -> String {
    format!("{} {}", WEEKDAYS.get(local.weekday).copied().unwrap_or_default(), day_and_month(local))
}

/// A time of another day, such as `5 Jan, 08:05`.
pub(crate) fn on_day(local: &Local, time: &str) -> String {
    format!("{}, {time}", day_and_month(local))
}

pub(crate) fn ago(span: &str) -> String {
    format!("{span} ago")
}

pub(crate) fn from_to(from: &str, to: &str) -> String {
    format!("{from} to {to}")
}

pub(crate) fn in_zone(zone: &str) -> String {
    format!("Times in {zone}")
}
