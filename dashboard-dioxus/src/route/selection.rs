use super::field::{Field, push};
use crate::model::window::WindowChoice;
use domain::event::EntityType;

/// What is selected on every page and taken along to the next one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// Empty means the first factory.
    pub(crate) factory: String,
    pub(crate) window: WindowChoice,
    /// The area that is shown; empty means all of them.
    pub(crate) area: String,
    /// The column that workers are ranked by, with `-` before it for the other direction.
    pub(crate) sort: String,
    /// The same for workstations.
    pub(crate) sort_workstations: String,
    /// After how many minutes without an observation an entity counts as not observed.
    pub(crate) unseen_after_min: Option<u16>,
}

impl Selection {
    /// The column that entities of a kind are ranked by.
    pub(crate) fn sort(&self, kind: EntityType) -> &str {
        match kind {
            EntityType::Worker => &self.sort,
            EntityType::Workstation => &self.sort_workstations,
        }
    }

    /// The same selection with another order of a kind.
    pub(crate) fn sorted(mut self, kind: EntityType, sort: String) -> Self {
        match kind {
            EntityType::Worker => self.sort = sort,
            EntityType::Workstation => self.sort_workstations = sort,
        }
        self
    }

    /// The area that is shown, none for all of them.
    pub(crate) fn area(&self) -> Option<String> {
        Some(self.area.clone()).filter(|area| !area.is_empty())
    }

    /// The same of another factory, whose areas are others.
    pub(crate) fn of_factory(self, factory: String) -> Self {
        Self { factory, area: String::new(), ..self }
    }

    /// The fields that come before those of a page.
    pub(super) fn push_first(&self, query: &mut String) {
        push(query, "factory", &self.factory.text());
        push(query, "window", &self.window.to_string());
    }

    /// The fields that come after those of a page.
    pub(super) fn push_last(&self, query: &mut String) {
        push(query, "sort", &self.sort.text());
        push(query, "sort-workstations", &self.sort_workstations.text());
        push(query, "area", &self.area.text());
        push(query, "unseen-after", &self.unseen_after_min.text());
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        match name {
            "factory" => self.factory = Field::parse(value),
            "window" => {
                let Ok(window) = value.parse();
                self.window = window;
            }
            "area" => self.area = Field::parse(value),
            "sort" => self.sort = Field::parse(value),
            "sort-workstations" => self.sort_workstations = Field::parse(value),
            "unseen-after" => self.unseen_after_min = Field::parse(value),
            // An address of another release may say more.
            _ => {}
        }
    }
}
