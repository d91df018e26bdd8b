//! The view for a television.

use crate::model::Presence;

use domain::event::EventType;

pub(crate) const EXCEPTIONS: &str = "Needs attention";
pub(crate) const PREVIOUS: &str = "Previous page";
pub(crate) const NEXT: &str = "Next page";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const RESUME: &str = "Resume";
pub(crate) const NAMES_OFF: &str = "Hide names";
pub(crate) const NAMES_ON: &str = "Show names";
pub(crate) const TITLE: &str = "Board";
pub(crate) const LEAVE: &str = "To the floor";
pub(crate) const TOOLS: &str = "Board";
pub(crate) const SET_UP: &str = "Set up areas";
pub(crate) const NOBODY: &str = "No worker or workstation has been seen in this window yet.";
pub(crate) const UNITS_PER_HOUR: &str = "Units/hour";
pub(crate) const NOT_LIVE: &str = "Not live";
pub(crate) const NO_NUMBERS: &str = "There are no numbers to show.";
pub(crate) const SCREEN_MAY_SLEEP: &str =
    "This browser cannot keep the screen awake. Turn off the screen saver.";

/// What an area is called.
pub(crate) fn area(area: Option<&str>) -> String {
    area.unwrap_or("No area").to_owned()
}

pub(crate) fn part(part: usize, parts: usize) -> String {
    format!("{part} of {parts}")
}

pub(crate) fn place(place: usize, pages: usize) -> String {
    format!("Page {place} of {pages}")
}

pub(crate) fn old(span: &str) -> String {
    format!("These numbers are {span} old.")
}

/// What workers and workstations are doing together.
pub(crate) fn doing(presence: Presence) -> &'static str {
    match presence {
        Presence::Seen(EventType::Working) => "working",
        Presence::Seen(EventType::Idle) => "idle",
        Presence::Seen(EventType::Absent) => "absent",
        Presence::NotObserved => "no data",
    }
}
