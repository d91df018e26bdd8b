//! The window picker and what it chooses.

pub(crate) const LABEL: &str = "Window";
pub(crate) const TODAY: &str = "Today";
pub(crate) const YESTERDAY: &str = "Yesterday";
pub(crate) const THIS_WEEK: &str = "This week";
pub(crate) const LAST_7_DAYS: &str = "Last 7 days";
pub(crate) const LAST_30_DAYS: &str = "Last 30 days";
pub(crate) const ALL_TIME: &str = "All time";
pub(crate) const OTHER: &str = "Other window";
pub(crate) const LAST: &str = "Last";
pub(crate) const MINUTES: &str = "minutes";
pub(crate) const DAY: &str = "Day";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const SHOW: &str = "Show";
pub(crate) const EMPTY_RANGE: &str =
    "The end must be at least 5 minutes after the beginning: windows are runs of whole 5 minutes.";

pub(crate) fn last_minutes(minutes: u32) -> String {
    if minutes > 60 && minutes.is_multiple_of(60) {
        format!("Last {} hours", minutes / 60)
    } else {
        format!("Last {minutes} minutes")
    }
}
