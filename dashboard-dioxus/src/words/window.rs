//! The window picker and what it chooses.

pub(crate) const LABEL: &str = "Time range";
pub(crate) const TODAY: &str = "Today";
pub(crate) const YESTERDAY: &str = "Yesterday";
pub(crate) const THIS_WEEK: &str = "This week";
pub(crate) const LAST_7_DAYS: &str = "Last 7 days";
pub(crate) const LAST_30_DAYS: &str = "Last 30 days";
pub(crate) const ALL_TIME: &str = "All time";
pub(crate) const LAST_WEEK: &str = "Last week";
pub(crate) const LAST_MONTH: &str = "Last month";
pub(crate) const CUSTOM: &str = "Custom range";
pub(crate) const LAST: &str = "Last";
pub(crate) const MINUTES: &str = "minutes";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const APPLY: &str = "Apply";
pub(crate) const STEP_BACK: &str = "Earlier";
pub(crate) const STEP_FORTH: &str = "Later";
pub(crate) const MONTH_BACK: &str = "Previous month";
pub(crate) const MONTH_FORTH: &str = "Next month";
pub(crate) const PICK: &str = "Choose a day, or the first and last day of a range.";
pub(crate) const ONE_DAY: &str = "This day only";
pub(crate) const COPY_LINK: &str = "Copy link";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const NOT_COPIED: &str =
    "The browser does not let this page copy. Copy the address from the address bar.";
pub(crate) const EMPTY_RANGE: &str =
    "The end must be at least 5 minutes after the start, because a window consists of whole 5 minutes.";

pub(crate) fn last_minutes(minutes: u32) -> String {
    if minutes > 60 && minutes.is_multiple_of(60) {
        format!("Last {} hours", minutes / 60)
    } else {
        format!("Last {minutes} minutes")
    }
}

/// After the first day of a range.
pub(crate) fn begun(day: &str) -> String {
    format!("From {day}: choose the last day. ")
}
