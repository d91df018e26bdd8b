//! Names and areas edited in place.

use super::{entity, isolated};
use crate::lean::letter_case::lower;
use domain::event::EntityType;

pub(crate) const NAME: &str = "Name";
pub(crate) const SAVE: &str = "Save";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const NO_NAME: &str = "No name";
pub(crate) const NO_AREA: &str = "No area";

pub(crate) fn change(field: &str) -> String {
    format!("Change: {field}")
}

pub(crate) fn name_of(kind: EntityType, id: &str) -> String {
    format!("Name of {} {}", lower(entity::kind(kind)), isolated(id))
}

pub(crate) fn area_of(kind: EntityType, id: &str) -> String {
    format!("Area of {} {}", lower(entity::kind(kind)), isolated(id))
}
