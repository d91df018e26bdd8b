//! Names and areas edited in place.

use super::entity;
use crate::components::rename::Editable;
use domain::event::EntityType;

pub(crate) const NAME: &str = "Name";
pub(crate) const SAVE: &str = "Save";
pub(crate) const CANCEL: &str = "Cancel";

pub(crate) fn change(field: &str) -> String {
    format!("Change: {field}")
}

pub(crate) fn field(kind: EntityType, what: Editable, id: &str) -> String {
    let kind = crate::lean::letter_case::lower(entity::kind(kind));
    match what {
        Editable::Name => format!("Name of {kind} {id}"),
        Editable::Area => format!("Area of {kind} {id}"),
    }
}

pub(crate) fn placeholder(what: Editable) -> &'static str {
    match what {
        Editable::Name => "No name",
        Editable::Area => "No area",
    }
}
