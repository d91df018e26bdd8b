//! The floor: how it is doing, who needs somebody, who does what.

use domain::event::EntityType;

pub(crate) const AREA: &str = "Area";
pub(crate) const CORRECT_SEVERAL: &str = "Correct several";
pub(crate) const ALL_AREAS: &str = "All areas";
pub(crate) const METRICS: &str = "Metrics";
pub(crate) const NEEDS: &str = "Needs attention";
pub(crate) const UNSEEN_AFTER: &str = "No data after";
pub(crate) const NO_NEED: &str = "All clear";
pub(crate) const MORE: &str = "Sort all by state";
pub(crate) const CRITICAL: &str = "Critical: ";
pub(crate) const PRODUCTION: &str = "Production over time";
pub(crate) const NO_COURSE: &str = "There is no chart for all time. Choose a time range.";
pub(crate) const TIMELINE: &str = "Timeline";
pub(crate) const BY_HOUR: &str = "By hour";
pub(crate) const CHARTS: &str = "Charts";
pub(crate) const CHART_OF: &str = "Shown";
pub(crate) const STATE_NOW: &str = "Now";
pub(crate) const HOW_STATE_NOW: &str = "What was seen last, and for how long. No data when nothing was seen for as long as is set under Needs attention.";
pub(crate) const HOW_NAME: &str = "The name, where one is set, and the id that cameras send.";
pub(crate) const HOW_AREA: &str = "The line or area that it is assigned to.";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const PRODUCTION_RATE: &str = "Production rate";
pub(crate) const MINUTES: &str = "min";
pub(crate) const UNITS: &str = "units";
pub(crate) const PERCENT: &str = "%";
pub(crate) const PER_HOUR: &str = "units/hour";

pub(crate) const YESTERDAY: &str = "yesterday";
pub(crate) const DAY_BEFORE: &str = "the day before";
pub(crate) const WEEK_BEFORE: &str = "the week before";
pub(crate) const SEVEN_DAYS_BEFORE: &str = "the 7 days before";
pub(crate) const THIRTY_DAYS_BEFORE: &str = "the 30 days before";
pub(crate) const SPAN_BEFORE: &str = "the same length before";
pub(crate) const NO_COMPARISON: &str = "No data for comparison";

/// The columns of exported files.
pub(crate) const ROW_COLUMNS: [&str; 12] = [
    "Id",
    "Name",
    "Area",
    "Now",
    "Utilization, %",
    "Units",
    "Units per hour",
    "Working, min",
    "Idle, min",
    "Absent, min",
    "Double coverage, min",
    "Mean confidence, %",
];
pub(crate) const SINCE: &str = "Since";
pub(crate) const LAST_SEEN: &str = "Last seen";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const SERIES_COLUMNS: [&str; 7] = [
    "Working, min",
    "Idle, min",
    "Absent, min",
    "Units",
    "Utilization, %",
    "Units per hour",
    "Mean confidence, %",
];
pub(crate) const SERIES_FILE: &str = "production";

/// What the timeline of many shows.
pub(crate) fn states(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => "What workers were doing",
        EntityType::Workstation => "What workstations were doing",
    }
}

pub(crate) fn heat(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => "Utilization of workers, hour by hour",
        EntityType::Workstation => "Utilization of workstations, hour by hour",
    }
}

pub(crate) fn heat_by_day(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => "Utilization of workers, day by day",
        EntityType::Workstation => "Utilization of workstations, day by day",
    }
}

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
pub(crate) fn how_changed(before: &str, span_before: &str, now: &str, span_now: &str) -> String {
    format!("{before} ({span_before}) against {now} ({span_now}): both are of the same length.")
}

/// Those who were not seen for the two hours after which nobody is missed.
pub(crate) fn not_seen(count: usize) -> String {
    format!("Not seen for 2\u{a0}h ({count})")
}

pub(crate) fn minutes(minutes: u16) -> String {
    format!("{minutes}\u{a0}min")
}

pub(crate) fn more(count: usize) -> String {
    format!("and {count} more.")
}
