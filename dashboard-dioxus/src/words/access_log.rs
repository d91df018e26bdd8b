//! What others asked about a worker.

pub(crate) use super::account::ACCESS_LOG as TITLE;
pub(crate) use super::audit_log::{NEWEST, OLDER};
use super::isolated;

pub(crate) const NOTE: &str =
    "Who asked the server about a single worker, on which day, and what about. Kept for 180 days.";
pub(crate) const NOBODY: &str = "This page is for those who are a worker of this factory, and for those with the role Admin in it. Somebody with that role can say which worker you are.";
pub(crate) const LIST: &str = "What was asked";
pub(crate) const NONE: &str = "Nobody has asked about this worker in the last 180 days.";
pub(crate) const CHOOSE: &str = "Choose a worker to see who asked about them.";
pub(crate) const WORKER: &str = "Worker";
pub(crate) const NO_WORKER: &str = "Choose";
pub(crate) const DAY: &str = "Day";
pub(crate) const WHO: &str = "Who";
pub(crate) const WHAT: &str = "Asked about";
pub(crate) const FIRST: &str = "First";
pub(crate) const LAST: &str = "Last";
pub(crate) const TIMES: &str = "Times";
pub(crate) const HOW_TIMES: &str = "How often on that day. A page that stays open asks again and again.";
pub(crate) const PAGES: &str = "Pages of days";
pub(crate) const FILE: &str = "who-looked";

/// What was asked, by its code; one that is newer than this page is shown as it is.
pub(crate) fn question(code: &str) -> &str {
    match code {
        "FIGURES" => "Figures",
        "SERIES" => "Figures over time",
        "TIMELINE" => "Timeline",
        "EVENTS" => "Events",
        "DECISIONS" => "Decisions",
        "RESTATEMENTS" => "What moved closed figures",
        "CONFLICTS" => "Contradictions",
        other => other,
    }
}

pub(crate) fn about(id: &str) -> String {
    format!("About worker {}", isolated(id))
}
