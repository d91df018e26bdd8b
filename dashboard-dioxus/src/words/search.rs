//! The search over workers and workstations.

pub(crate) const OPEN: &str = "Search";
pub(crate) const KEY: &str = "/";
pub(crate) const TITLE: &str = "Find a worker or workstation";
pub(crate) const FIELD: &str = "Name, id or area";
pub(crate) const RESULTS: &str = "Results";
pub(crate) const NOTHING: &str = "Nothing in this factory matches.";

pub(crate) fn count(count: usize, more: usize) -> String {
    match (count, more) {
        (1, 0) => "1 found".to_owned(),
        (_, 0) => format!("{count} found"),
        _ => format!("{count} found, {more} not listed. Type more of the name."),
    }
}
