//! What changed between two reports on one question.

use std::{collections::HashMap, sync::Arc};

use domain::id::EntityId;

use super::metrics::{Report, Row};

/// What a client that holds the earlier rows needs to hold the later ones: replace or add `rows` by their id, then take
/// away `removed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Rows that are new or read otherwise than before, in the order of their ids.
    pub rows: Vec<Arc<Row>>,
    /// The codes of rows that fell out, in the order of their ids.
    pub removed: Vec<String>,
}

impl Change {
    /// What turns the earlier rows into the later ones.
    pub fn between(earlier: &[Arc<Row>], later: &[Arc<Row>]) -> Self {
        let mut before: HashMap<EntityId, &Arc<Row>> =
            earlier.iter().map(|row| (row.entity_id, row)).collect();
        let is_new = |row: &&Arc<Row>| {
            before.remove(&row.entity_id).is_none_or(|old| !Arc::ptr_eq(old, row) && old != *row)
        };
        let rows = later.iter().filter(is_new).cloned().collect();
        let fell_out = earlier.iter().filter(|row| before.contains_key(&row.entity_id));
        Self { rows, removed: fell_out.map(|row| row.code.clone()).collect() }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.removed.is_empty()
    }
}

impl Report {
    /// Whether the factory's figures read otherwise than in an earlier report on the same window.
    pub fn figures_differ(&self, earlier: &Self) -> bool {
        self.figures != earlier.figures
            || self.scope.factory().units_basis != earlier.scope.factory().units_basis
    }
}

#[cfg(test)]
mod tests;
