//! What moved figures that were closed, and why.

use super::isolated;
use crate::model::Cause;

pub(crate) const SHOW: &str = "What moved and why";
pub(crate) const ASKED: &str = "Asking what moved\u{2026}";
pub(crate) const SINCE: &str = "Compare with";
pub(crate) const CLOSED: &str = "When the time range was closed";
pub(crate) const NO_VALUE: &str = "no value";
pub(crate) const FIGURES: &str = "Figures then and now";
pub(crate) const FIGURE: &str = "Figure";
pub(crate) const THEN: &str = "Then";
pub(crate) const NOW: &str = "Now";
pub(crate) const CAUSES: &str = "Causes, the latest first";
pub(crate) const BECAUSE: &str = ", because of ";
pub(crate) const AND: &str = " and ";
pub(crate) const NO_OTHER_FIGURE: &str = "None of these figures changed by it.";

/// One of the choices of an instant to compare with.
pub(crate) fn at(instant: &str) -> String {
    format!("At {instant}")
}

/// Since when, in the middle of a sentence.
pub(crate) fn since(instant: &str, is_closing: bool) -> String {
    if is_closing {
        format!("since this time range was closed ({instant})")
    } else {
        format!("since {instant}")
    }
}

/// The figure that moved: `81.0 % → 84.2 %`.
pub(crate) fn moved(figure: &str, since: &str, before: &str, now: &str) -> String {
    format!("{figure} moved {since}: {}", change(before, now))
}

/// A value and the one that it became.
pub(crate) fn change(before: &str, now: &str) -> String {
    format!("{before} \u{2192} {now}")
}

/// A figure in a list of those that one cause changed.
pub(crate) fn effect(figure: &str, before: &str, after: &str) -> String {
    format!("{figure} {}", change(before, after))
}

pub(crate) fn nothing(since: &str) -> String {
    format!("Nothing moved {since}.")
}

/// A cause in the middle of a sentence.
pub(crate) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::LateEvents { source: Some(source), .. } => {
            format!("late events of source {}", isolated(source))
        }
        Cause::LateEvents { source: None, .. } => "late events without a source".to_owned(),
        Cause::Decision(number) => format!("decision {number}"),
        Cause::Rebuild => "sums that were computed anew".to_owned(),
    }
}

/// A cause at the head of a line.
pub(crate) fn cause_title(cause: &Cause) -> String {
    match cause {
        Cause::LateEvents { source: Some(source), .. } => {
            format!("Late events of source {}", isolated(source))
        }
        Cause::LateEvents { source: None, .. } => "Late events without a source".to_owned(),
        Cause::Decision(number) => format!("Decision {number}"),
        Cause::Rebuild => "The sums were computed anew".to_owned(),
    }
}

/// The device that sent late events.
pub(crate) fn sent_by(device: &str) -> String {
    format!("sent by device {}", isolated(device))
}

pub(crate) fn others(count: usize) -> String {
    if count == 1 { "1 other cause".to_owned() } else { format!("{count} other causes") }
}

/// Causes that are not listed.
pub(crate) fn earlier(count: i64) -> String {
    if count == 1 { "1 earlier cause".to_owned() } else { format!("{count} earlier causes") }
}

pub(crate) fn not_told(reason: &str) -> String {
    format!("It cannot be told what moved these figures: {reason}")
}
