use super::field::{Fields, unescaped};
use crate::model::window::WindowChoice;

/// What is selected on every page and taken along to the next one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// Empty means the first factory.
    pub(crate) factory: String,
    pub(crate) window: WindowChoice,
    /// After how many minutes without an observation an entity counts as not observed.
    pub(crate) unseen_after_min: Option<u16>,
}

impl Selection {
    /// The fields that come before those of a page.
    pub(super) fn write_first(&self, fields: &mut Fields) {
        fields.push_text("factory", &self.factory);
        fields.push("window", &self.window.to_string());
    }

    /// The field that comes after those of a page.
    pub(super) fn write_last(&self, fields: &mut Fields) {
        fields.push_number("unseen-after", self.unseen_after_min);
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        match name {
            "factory" => self.factory = unescaped(value),
            "window" => {
                let Ok(window) = value.parse();
                self.window = window;
            }
            "unseen-after" => self.unseen_after_min = positive(value),
            _ => {}
        }
    }
}

/// A number from 1.
pub(super) fn positive(value: &str) -> Option<u16> {
    value.parse().ok().filter(|number| *number > 0)
}
