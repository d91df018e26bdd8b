use super::field::{Field, push};
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
    pub(super) fn push_first(&self, query: &mut String) {
        push(query, "factory", &self.factory.text());
        push(query, "window", &self.window.to_string());
    }

    /// The field that comes after those of a page.
    pub(super) fn push_last(&self, query: &mut String) {
        push(query, "unseen-after", &self.unseen_after_min.text());
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        match name {
            "factory" => self.factory = Field::parse(value),
            "window" => {
                let Ok(window) = value.parse();
                self.window = window;
            }
            "unseen-after" => self.unseen_after_min = Field::parse(value),
            // An address of another release may say more.
            _ => {}
        }
    }
}
