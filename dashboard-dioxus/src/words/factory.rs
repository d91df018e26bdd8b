//! The factory picker.

use super::isolated;

pub(crate) const LABEL: &str = "Factory";

pub(crate) const UNKNOWN: &str = "Factory not found";
pub(crate) const CREATE: &str = "Create a factory";

pub(crate) fn unknown(id: &str) -> String {
    format!("There is no factory {} on this server.", isolated(id))
}

pub(crate) fn named(name: &str, id: &str) -> String {
    if name == id { id.to_owned() } else { format!("{} ({id})", isolated(name)) }
}
