//! What a part of a page says in place of numbers.

pub(crate) const LOADING: &str = "Loading…";
pub(crate) const TRY_AGAIN: &str = "Try again";

pub(crate) fn outdated(reason: &str) -> String {
    format!("These numbers could not be refreshed: {reason}")
}
