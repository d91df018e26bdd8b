//! The page as a whole.

use super::isolated;

pub(crate) const PRODUCT: &str = "Andon";
pub(crate) const FAILED: &str = "The dashboard has stopped because of an error. Reload the page to continue.";
pub(crate) const SKIP: &str = "Skip to content";
pub(crate) const NAVIGATION: &str = "Pages";
pub(crate) const FLOOR: &str = "Floor";
pub(crate) const COMPARE: &str = "Compare";
pub(crate) const EVENTS: &str = "Events";
pub(crate) const CAMERAS: &str = "Cameras";
pub(crate) const DEVICES: &str = "Devices";
pub(crate) const DATA_PROBLEMS: &str = "Data problems";
pub(crate) const DECISIONS: &str = "Decisions";
pub(crate) const PEOPLE: &str = "People and stations";
pub(crate) const BOARD: &str = "Board";
pub(crate) const NOT_FOUND: &str = "Page not found";
pub(crate) const HOME: &str = "To the floor";

pub(crate) fn title(page: &str) -> String {
    format!("{} · {PRODUCT}", isolated(page))
}

pub(crate) fn nothing_at(path: &str) -> String {
    format!("There is no page at /{}.", isolated(path))
}
