//! The search over workers and workstations.

pub(crate) const OPEN: &str = "Search";
pub(crate) const KEY: &str = "/";
pub(crate) const TITLE: &str = "Find a worker or workstation";
pub(crate) const FIELD: &str = "Name, id or area";
pub(crate) const RESULTS: &str = "Found";
pub(crate) const NOTHING: &str = "Nobody and nothing of that name is known in this factory.";

pub(crate) fn count(count: usize, more: usize) -> String {
    match (count, more) {
        (1, 0) => "1 found".to_owned(),
        (_, 0) => format!("{count} found"),
        _ => format!("{count} found, {more} of them not listed: type more of the name"),
    }
}
