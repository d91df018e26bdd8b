//! The page that compares entities.

use super::isolated;
use domain::event::EntityType;

pub(crate) const TITLE: &str = "Compare";
pub(crate) const NOBODY: &str = "Choose two to four workers or workstations to compare.";
pub(crate) const PICKER: &str = "Comparison";
pub(crate) const KIND: &str = "Kind";
pub(crate) const FIELD: &str = "Add by name, id or area";
pub(crate) const FOUND: &str = "Results";
pub(crate) const FULL: &str = "Four is the maximum. Remove one to add another.";
pub(crate) const NOTHING: &str = "Nothing else in this factory matches.";
pub(crate) const CHOSEN: &str = "Compared";
pub(crate) const METRICS: &str = "Metrics";
pub(crate) const METRIC: &str = "Metric";
pub(crate) const BEST: &str = "highest";
pub(crate) const TIMELINES: &str = "Timelines";
pub(crate) const UTILIZATION_BY_HOUR: &str = "Utilization by hour";
pub(crate) const UTILIZATION_BY_DAY: &str = "Utilization by day";
pub(crate) const UNITS_BY_HOUR: &str = "Units by hour";
pub(crate) const UNITS_BY_DAY: &str = "Units by day";
pub(crate) const NOT_SEEN: &str = "not seen in this window";
pub(crate) const HOW_NOW: &str = "What the latest report says, whatever the window. No data when nothing was seen for as long as the floor's setting says, 10 minutes by default.";

pub(crate) fn one_more(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => "Add another worker to compare with.",
        EntityType::Workstation => "Add another workstation to compare with.",
    }
}

pub(crate) fn remove(name: &str) -> String {
    format!("Remove {}", isolated(name))
}

pub(crate) fn add(name: &str) -> String {
    format!("Add {}", isolated(name))
}

pub(crate) fn more(count: usize) -> String {
    format!("{count} more. Type more of the name.")
}
