//! What entities did over time, in charts and files.

pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const STATE: &str = "State";
pub(crate) const MINUTES: &str = "Minutes";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const MODEL: &str = "Model";
pub(crate) const SOURCE: &str = "Source";
pub(crate) const EXPORT: &str = "CSV";
pub(crate) const TRUNCATED: &str =
    "There is more in this window than can be drawn. Choose a shorter window to see the rest.";

pub(crate) fn in_minutes(name: &str) -> String {
    format!("{name}, min")
}

pub(crate) fn in_percent(name: &str) -> String {
    format!("{name}, %")
}
