//! The factory picker.

use super::isolated;

pub(crate) const LABEL: &str = "Factory";

pub(crate) fn named(name: &str, id: &str) -> String {
    if name == id { id.to_owned() } else { format!("{} ({id})", isolated(name)) }
}
