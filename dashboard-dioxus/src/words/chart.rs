//! The words of charts.

use super::{isolated, time};
use crate::lean::number::grouped;
use domain::MS_PER_MINUTE;
use domain::event::EventType;

/// What says that nobody observed anything: it is neither idle nor absent.
pub(crate) const NOT_OBSERVED: &str = "No data";
/// What says that something was observed but there is nothing to compute a ratio from.
pub(crate) const NO_VALUE: &str = "Absent only";
/// A step that still runs.
pub(crate) const UNFINISHED: &str = "Still running";
/// A column of a heatmap that has not begun.
pub(crate) const NOT_YET: &str = "Yet to come";
/// What a chart says in place of a reading when there is nothing in its window.
pub(crate) const NOTHING_OBSERVED: &str = "There is no data in this window.";

pub(crate) const SHOW_TABLE: &str = "Show as table";
pub(crate) const HIDE_TABLE: &str = "Hide the table";

pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const ROW: &str = "Row";
pub(crate) const STATE: &str = "State";
pub(crate) const CONFIDENCE: &str = "Confidence";
pub(crate) const MODEL: &str = "Model";

/// How the keys move through a chart of one row.
pub(crate) const KEYS_ALONG: &str = "Left and right arrows move in time.";
/// How the keys move through a chart of several rows.
pub(crate) const KEYS_ACROSS: &str = "Left and right arrows move in time, up and down between rows.";
/// The same, where a row can be opened.
pub(crate) const KEYS_OPEN: &str =
    "Left and right arrows move in time, up and down between rows, Enter opens the row.";

/// How a stretch is selected, after the words on how the keys move.
pub(crate) const KEYS_SELECT: &str = "With Shift they select, Enter zooms in.";
/// The same for those who see the chart.
pub(crate) const HOW_TO_ZOOM: &str = "Drag across to zoom in.";

/// How a stretch is chosen to say something of it, after the words on how the keys move.
pub(crate) const KEYS_CHOOSE: &str = "With Shift they select in steps of 5 minutes, Enter takes what is selected, or else the part that is read.";
/// The same for those who see the chart.
pub(crate) const HOW_TO_CHOOSE: &str = "Drag across to choose a span, or click a part.";

pub(crate) const CORRECTED: &str = "Corrected";
pub(crate) const CONTESTED: &str = "Contested";
pub(crate) const CONTESTED_SPAN: &str = "contested: reports disagree";
pub(crate) const REMARK: &str = "Remark";

/// Which decisions say what was done.
pub(crate) fn corrected_by(decisions: &[i32]) -> String {
    let numbers: Vec<String> = decisions.iter().map(ToString::to_string).collect();
    let word = if decisions.len() == 1 { "decision" } else { "decisions" };
    format!("corrected by {word} {}", numbers.join(", "))
}

/// What a worker does who is neither idle nor absent.
pub(crate) const WORKING: &str = "Working";

/// The word for a state.
pub(crate) fn state(state: EventType) -> &'static str {
    match state {
        EventType::Working => WORKING,
        EventType::Idle => "Idle",
        EventType::Absent => "Absent",
    }
}

/// The shape that stands for a state, so that it is told without a colour.
pub(crate) fn state_mark(state: Option<EventType>) -> &'static str {
    match state {
        Some(EventType::Working) => "●",
        Some(EventType::Idle) => "▲",
        Some(EventType::Absent) => "○",
        None => "▨",
    }
}

/// What a sparkline shows, for those who cannot see it.
pub(crate) fn sparkline(name: &str, last: Option<&str>) -> String {
    let name = isolated(name);
    match last {
        Some(last) => format!("{name}: trend over the window, last {last}"),
        None => format!("{name}: no data in this window"),
    }
}

/// A series' value in a reading.
pub(crate) fn named_value(name: &str, value: &str) -> String {
    format!("{} {value}", isolated(name))
}

/// How sure a model was.
pub(crate) fn confidence(confidence: f64) -> String {
    format!("confidence {}", grouped(confidence, 2))
}

/// Which model judged.
pub(crate) fn model(model: &str) -> String {
    format!("model {}", isolated(model))
}

/// The name of a chart's drawing.
pub(crate) fn drawing(title: &str) -> String {
    format!("{title}, chart")
}

/// The name of a chart's table.
pub(crate) fn table(title: &str) -> String {
    format!("{title}, table")
}

/// A label below several days, which would be the date of one of them at either end.
pub(crate) fn time_below_days(label: &str, share: f64) -> &str {
    match label {
        time if time.contains(':') => time,
        _ if share < 0.5 => "00:00",
        _ => "24:00",
    }
}

/// The values that a colour stands for.
pub(crate) fn shade([from, to]: [usize; 2]) -> String {
    format!("{from} to {to}\u{a0}%")
}

/// A utilization.
pub(crate) fn percent(percent: f64) -> String {
    format!("{}\u{a0}%", grouped(percent, 1))
}

/// How long a span is, as short as a bar is narrow.
pub(crate) fn short_length(length_ms: f64) -> String {
    let minutes = (length_ms / MS_PER_MINUTE as f64).round();
    if length_ms < MS_PER_MINUTE as f64 { time::length(length_ms) } else { time::elapsed(minutes as u32) }
}

/// A stretch that is selected, while it is.
pub(crate) fn selected(span: &str) -> String {
    format!("Selected: {span}")
}

/// What an area's rows are called together.
pub(crate) fn area_rows(area: &str, count: usize) -> String {
    format!("{} ({count})", isolated(area))
}

/// A table that would be too long.
pub(crate) fn first_of(shown: usize, count: usize) -> String {
    let (shown, count) = (grouped(shown as f64, 0), grouped(count as f64, 0));
    format!("The first {shown} of {count}. Choose an area or a shorter time range to see the others.")
}
