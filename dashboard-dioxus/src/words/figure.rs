//! Figures: their names, units and how they come about, in the words of METRICS.

use domain::metric::UnitsBasis;

pub(crate) const PRODUCTIVE_TIME: &str = "Productive time";
pub(crate) const UNITS_PRODUCED: &str = "Units produced";
pub(crate) const AVERAGE_UTILIZATION: &str = "Average utilization";
pub(crate) const AVERAGE_PRODUCTION_RATE: &str = "Average units/hour";
pub(crate) const WORKING: &str = "Working";
pub(crate) const IN_USE: &str = "In use";
pub(crate) const IDLE: &str = "Idle";
pub(crate) const ABSENT: &str = "Absent";
pub(crate) const DOUBLE_COVERAGE: &str = "Double coverage";
pub(crate) const UTILIZATION: &str = "Utilization";
pub(crate) const UNITS: &str = "Units";
pub(crate) const UNITS_PER_HOUR: &str = "Units/hour";
pub(crate) const MEAN_CONFIDENCE: &str = "Mean confidence";

pub(crate) const HOW_PRODUCTIVE_TIME: &str =
    "The workers' working time, summed. Every instant of a worker counts once, however many cameras saw it.";
pub(crate) const HOW_AVERAGE_UTILIZATION: &str =
    "The mean of the workers' utilization (working / (working + idle)), over those that have one.";
pub(crate) const HOW_AVERAGE_PRODUCTION_RATE: &str = "Units produced / productive time in hours.";
pub(crate) const HOW_WORKING: &str =
    "Time seen working. Where events overlap, the one with the highest confidence counts.";
pub(crate) const HOW_IN_USE: &str =
    "Time seen in use. Where events overlap, the one with the highest confidence counts.";
pub(crate) const HOW_IDLE: &str = "Time seen idle. Time without data counts nowhere.";
pub(crate) const HOW_ABSENT: &str =
    "Time seen absent. It is neither working nor idle, so it lowers no utilization.";
pub(crate) const HOW_DOUBLE_COVERAGE: &str =
    "Time that was reported more than once and is counted once: two cameras, or a clock that is off.";
pub(crate) const HOW_UTILIZATION: &str = "100 * working / (working + idle). None when neither was seen.";
pub(crate) const HOW_UNITS: &str =
    "Units of the events in the window; those of an event are spread evenly over it.";
pub(crate) const HOW_UNITS_PER_HOUR: &str = "Units / working time in hours. None when no work was seen.";
pub(crate) const HOW_THROUGHPUT_PER_HOUR: &str = "Units / time in use in hours. None when it was not in use.";
pub(crate) const HOW_MEAN_CONFIDENCE: &str =
    "The confidence of the events that count, weighted by their time, over those that state one.";

pub(crate) fn how_units_produced(basis: UnitsBasis) -> &'static str {
    match basis {
        UnitsBasis::Workers => {
            "The workers' units. Workstations report the same goods, so they are not added."
        }
        UnitsBasis::Workstations => {
            "The workstations' units. Workers report the same goods, so they are not added."
        }
    }
}

/// What a figure's explanation says, with the window that it is about.
pub(crate) fn how(explanation: &str, window: &str) -> String {
    format!("{explanation} Window: {window}.")
}
