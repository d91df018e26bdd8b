//! What entities did over time, in charts and files.

use crate::lean::csv_style::CsvStyle;

pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const STATE: &str = "State";
pub(crate) const MINUTES: &str = "Minutes";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const MODEL: &str = "Model";
pub(crate) const SOURCE: &str = "Source";
pub(crate) const EXPORT: &str = "CSV";
pub(crate) const TRUNCATED: &str =
    "This window holds more than can be drawn. Choose a shorter window to see the rest.";

pub(crate) const SEPARATOR: &str = "CSV separator";

pub(crate) fn separator(style: CsvStyle) -> &'static str {
    match style {
        CsvStyle::Comma => "Comma (1.5,2)",
        CsvStyle::Semicolon => "Semicolon (1,5;2)",
    }
}

pub(crate) fn in_zone(name: &str, zone: &str) -> String {
    format!("{name} ({zone})")
}

pub(crate) fn in_minutes(name: &str) -> String {
    format!("{name}, min")
}

pub(crate) fn in_percent(name: &str) -> String {
    format!("{name}, %")
}
