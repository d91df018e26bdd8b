//! Events that came and were not stored.

use super::isolated;
use super::quantity::Quantity;

pub(crate) const TITLE: &str = "Data problems";
pub(crate) const LIST: &str = "Events that were not stored";
pub(crate) const SHOW_ALL: &str = "Show all";
pub(crate) const NONE: &str = "Every event that came was stored.";
pub(crate) const PROBLEM: &str = "Problem";
pub(crate) const SOURCE: &str = "Source";
pub(crate) const DEVICE: &str = "Device";
pub(crate) const EVENTS: &str = "Events";
pub(crate) const LAST: &str = "Last";
pub(crate) const SINCE: &str = "Since";
pub(crate) const EXAMPLE: &str = "Last example";
pub(crate) const HOW_EVENTS: &str = "How many came. One that is sent again and is still wrong counts again.";
pub(crate) const HOW_LAST: &str = "When the latest came. What is mended stops here.";
pub(crate) const HOW_SINCE: &str = "When the first came.";

pub(crate) const CONFLICTS: &str = "Latest contradictions";
pub(crate) const CONFLICTS_NOTE: &str = "Two reports with the same worker or workstation, activity, start and event id that say different things. \
     The first one counts.";
pub(crate) const WHO: &str = "Who";
pub(crate) const START: &str = "Start";
pub(crate) const COUNTED: &str = "Counted";
pub(crate) const SAID: &str = "Not counted";
pub(crate) const CAME: &str = "Came";
pub(crate) const HOW_CAME: &str = "When the report that is not counted came.";

/// What is wrong, by its code; one that is newer than this page is shown as it is.
pub(crate) fn problem(code: &str) -> &str {
    match code {
        "CONFLICT" => "Contradicts a stored event",
        "TIMESTAMP_INVALID" => "Timestamp not readable",
        "TIMESTAMP_OUT_OF_RANGE" => "Timestamp before 2000",
        "TIMESTAMP_IN_FUTURE" => "Timestamp in the future",
        "ENTITY_ID_INVALID" => "Worker or workstation id not valid",
        "DURATION_OUT_OF_RANGE" => "Duration out of range",
        "HOLD_INVALID" => "Hold not valid",
        "UNITS_OUT_OF_RANGE" => "Units out of range",
        "CONFIDENCE_OUT_OF_RANGE" => "Confidence out of range",
        "MODEL_VERSION_INVALID" => "Model version not valid",
        "EVENT_ID_INVALID" => "Event id not valid",
        "SOURCE_ID_INVALID" => "Source id not valid",
        "WORKSTATION_ID_INVALID" => "Workstation id not valid",
        "ENTITY_LIMIT_REACHED" => "Too many workers and workstations",
        "MODEL_VERSION_LIMIT_REACHED" => "Too many model versions",
        "SOURCE_LIMIT_REACHED" => "Too many sources",
        other => other,
    }
}

pub(crate) fn note(events: i64) -> String {
    let events = counted(events, "event");
    format!("{events} not stored so far. Each line below needs a look at its source.")
}

pub(crate) fn of_device(id: &str) -> String {
    format!("Only what device {} sent.", isolated(id))
}

pub(crate) fn others(events: i64) -> String {
    let events = counted(events, "event");
    format!("{events} more, of more problems, sources and devices than are listed.")
}

/// What a report says, in short; what it does not state is left out.
pub(crate) fn said(
    state: &str,
    length: &str,
    units: i64,
    confidence: Option<f64>,
    model: Option<&str>,
) -> String {
    let units = counted(units, "unit");
    let confidence = confidence.map(|confidence| Quantity::Confidence.text(Some(confidence)));
    let confidence = confidence.map(|confidence| format!(", confidence {confidence}")).unwrap_or_default();
    let model = model.map(|model| format!(", model {}", isolated(model))).unwrap_or_default();
    format!("{state} {length}, {units}{confidence}{model}")
}

/// So many of something.
fn counted(number: i64, name: &str) -> String {
    let count = Quantity::Count.text(Some(number as f64));
    if number == 1 { format!("{count} {name}") } else { format!("{count} {name}s") }
}
