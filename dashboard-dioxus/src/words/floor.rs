//! The floor: how it is doing, who needs somebody, who does what.

use super::{entity, time};
use domain::event::{EntityType, EventType};

pub(crate) const AREA: &str = "Area";
pub(crate) const ALL_AREAS: &str = "All areas";
pub(crate) const FIGURES: &str = "Figures";
pub(crate) const NEEDS: &str = "What needs you";
pub(crate) const UNSEEN_AFTER: &str = "Not observed after";
pub(crate) const NO_NEED: &str = "Nobody and nothing needs you now.";
pub(crate) const MORE: &str = "Rank all by what they do now";
pub(crate) const PRODUCTION: &str = "Production over time";
pub(crate) const NO_COURSE: &str =
    "All time has no beginning to draw from. Choose a window to see its course.";
pub(crate) const HEAT: &str = "Utilization of workers, hour by hour";
pub(crate) const HEAT_BY_DAY: &str = "Utilization of workers, day by day";
pub(crate) const NO_HEAT: &str = "No worker was seen in this window.";
pub(crate) const STATE_NOW: &str = "Now";
pub(crate) const HOW_STATE_NOW: &str = "What was seen last, and since when. When nothing was seen for as long as is set under What needs you, nobody knows: not observed.";
pub(crate) const HOW_NAME: &str = "The name, where one is set, and the id that cameras send.";
pub(crate) const HOW_AREA: &str = "The line or area that it was given.";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const PRODUCTION_RATE: &str = "Production rate";
pub(crate) const MINUTES: &str = "min";
pub(crate) const UNITS: &str = "units";
pub(crate) const PERCENT: &str = "%";
pub(crate) const PER_HOUR: &str = "units/h";

pub(crate) const YESTERDAY: &str = "yesterday";
pub(crate) const DAY_BEFORE: &str = "the day before";
pub(crate) const WEEK_BEFORE: &str = "the week before";
pub(crate) const SEVEN_DAYS_BEFORE: &str = "the 7 days before";
pub(crate) const THIRTY_DAYS_BEFORE: &str = "the 30 days before";
pub(crate) const SPAN_BEFORE: &str = "the same length before";

/// The columns of exported files.
pub(crate) const ROW_COLUMNS: [&str; 14] = [
    "Id",
    "Name",
    "Area",
    "Now",
    "Since",
    "Last seen",
    "Utilization, %",
    "Units",
    "Units per hour",
    "Working, min",
    "Idle, min",
    "Absent, min",
    "Overlap, min",
    "Mean confidence",
];
pub(crate) const SERIES_COLUMNS: [&str; 9] = [
    "From",
    "To",
    "Working, min",
    "Idle, min",
    "Absent, min",
    "Units",
    "Utilization, %",
    "Units per hour",
    "Mean confidence",
];
pub(crate) const SERIES_FILE: &str = "production";

pub(crate) fn minutes_before(minutes: u32) -> String {
    if minutes > 60 && minutes.is_multiple_of(60) {
        format!("the {} hours before", minutes / 60)
    } else {
        format!("the {minutes} minutes before")
    }
}

pub(crate) fn until(window: &str, end: &str) -> String {
    format!("{window} until {end}")
}

pub(crate) fn than(window: &str) -> String {
    format!("vs {window}")
}

/// The change of a percentage.
pub(crate) fn points(change: &str) -> String {
    format!("{change}\u{a0}points")
}

/// The change of what has become many times as much.
pub(crate) fn times(times: &str) -> String {
    format!("{times}\u{a0}\u{d7}")
}

/// What a change says on hover.
pub(crate) fn how_changed(before: &str, from: &str, to: &str) -> String {
    format!("Before: {before}, from {from} to {to}. Both windows are of the same length.")
}

pub(crate) fn since(time: &str) -> String {
    format!("since {time}")
}

pub(crate) fn state_for(kind: EntityType, state: EventType, minutes: u32) -> String {
    format!("{} for {}", entity::state(kind, state), length(minutes))
}

pub(crate) fn unseen_for(minutes: u32) -> String {
    format!("Not observed for {}", length(minutes))
}

pub(crate) fn low(percent: &str) -> String {
    format!("Utilization {percent}")
}

pub(crate) fn minutes(minutes: u16) -> String {
    format!("{minutes} min")
}

pub(crate) fn more(count: usize) -> String {
    format!("and {count} more.")
}

fn length(minutes: u32) -> String {
    match minutes {
        0..60 => format!("{minutes} min"),
        _ if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        _ => time::span(f64::from(minutes) * 60_000.0),
    }
}
