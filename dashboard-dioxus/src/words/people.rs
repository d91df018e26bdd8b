//! Who and what is on the floor, and what they are called.

use super::quantity::Quantity;
use super::{entity, isolated};
pub(crate) use super::{entity::AREA, rename::NAME};
use crate::lean::letter_case::lower;
use domain::event::EntityType;
use domain::validate::ID_RULE;
use std::fmt::Display;

pub(crate) const TITLE: &str = "People and stations";
pub(crate) const NOTE: &str =
    "What workers and workstations are called and where they belong. Devices know them by their ids.";
pub(crate) const LIST: &str = "Workers and workstations";
pub(crate) const NONE: &str =
    "Nobody is known in this factory yet. Paste a list below, or send the first event.";
pub(crate) const ID: &str = "Id";
pub(crate) const KIND: &str = "Kind";
pub(crate) const FIND: &str = "Find";
pub(crate) const NOT_FOUND: &str = "Nobody here has this in their id, name, area or kind.";

pub(crate) const AREA_FOR: &str = "Area for those selected";
pub(crate) const SET_AREA: &str = "Set area";
pub(crate) const CLEAR_AREA: &str = "Take out of their areas";
pub(crate) const SELECT_NONE: &str = "Clear selection";
pub(crate) const SAVING: &str = "Saving…";

pub(crate) const PASTE: &str = "Paste from a spreadsheet";
pub(crate) const PASTE_NOTE: &str = "Cells of a spreadsheet or the text of a CSV file: columns titled id, name, area and kind in any order, or \
     ids and names without titles. An empty cell takes away what was there. Export the list before, and paste it to undo.";
pub(crate) const PASTED: &str = "Pasted cells";
pub(crate) const NEW_KIND: &str = "Ids not known yet are";
pub(crate) const PREVIEW: &str = "What will change";
pub(crate) const LINE: &str = "Line";
pub(crate) const RESULT: &str = "Result";
pub(crate) const CHANGED: &str = "Changes";
pub(crate) const NEW: &str = "Not known yet";
pub(crate) const SAME: &str = "As it is";
pub(crate) const TOO_LONG: &str =
    "This is too long. Paste at most 5,000 lines of 2 MB in all, one part after the other.";
pub(crate) const NO_IDS: &str = "No column is titled \"id\", so nobody can be told by these lines.";
pub(crate) const BOTH_KINDS: &str =
    "There are a worker and a workstation with this id. Add a column \"kind\" with worker or workstation.";

pub(crate) fn select(kind: EntityType, id: &str) -> String {
    format!("Select {} {}", lower(entity::kind(kind)), isolated(id))
}

pub(crate) fn select_shown(count: usize) -> String {
    format!("Select all {}", counted(count))
}

pub(crate) fn selected(count: usize) -> String {
    if count == 0 {
        "Select some to give them one area.".to_owned()
    } else {
        format!("{} selected", counted(count))
    }
}

pub(crate) fn shown(shown: usize, all: usize) -> String {
    if shown == all {
        format!("{} in all", counted(all))
    } else {
        format!("{} of {}", counted(shown), counted(all))
    }
}

pub(crate) fn show_all(count: usize) -> String {
    format!("Show all {}", counted(count))
}

pub(crate) fn more_lines(count: usize) -> String {
    format!("{} more lines are not shown.", counted(count))
}

pub(crate) fn saved(count: usize) -> String {
    format!("{} saved.", counted(count))
}

pub(crate) fn register(count: usize) -> String {
    format!("Register the {} not known yet, before they send their first event", counted(count))
}

pub(crate) fn apply(count: usize) -> String {
    if count == 1 { "Save 1 change".to_owned() } else { format!("Save {} changes", counted(count)) }
}

/// How many lines come to what, in one sentence.
pub(crate) fn summary(changed: usize, new: usize, same: usize, wrong: usize) -> String {
    let parts = [(changed, "to change"), (new, "not known yet"), (same, "as they are"), (wrong, "wrong")];
    let told = parts.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{} {what}", counted(*count))).collect::<Vec<_>>().join(" · ")
}

/// What keeps a paste from being saved.
pub(crate) fn mend(wrong: usize) -> String {
    let (lines, them) = if wrong == 1 { ("line is", "it") } else { ("lines are", "them") };
    format!("{} {lines} wrong. Correct {them} above; nothing is saved before.", counted(wrong))
}

pub(crate) fn unused(titles: &[String]) -> String {
    let titles: Vec<String> = titles.iter().map(|title| isolated(title)).collect();
    format!("Not used: {}.", titles.join(", "))
}

pub(crate) fn too_many(rows: usize, most: usize) -> String {
    format!("These are {} lines. Paste at most {} at a time.", counted(rows), counted(most))
}

pub(crate) fn named_before(line: usize) -> String {
    format!("Line {line} names it too.")
}

pub(crate) fn no_kind(stated: &str) -> String {
    format!("{} is no kind. Write worker or workstation.", isolated(stated))
}

pub(crate) fn not_allowed(field: &str, fault: &dyn Display) -> String {
    format!("{field} must have {ID_RULE}; this one {fault}.")
}

fn counted(number: usize) -> String {
    Quantity::Count.text(Some(number as f64))
}
