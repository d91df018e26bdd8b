//! The rows of one table and how deliveries change them.

use crate::lean::shared::Shared;
use crate::lean::sorted_map::SortedMap;
use crate::model::Finality;
use crate::model::span::Span;
use domain::id_order;
use std::cmp::Ordering;

/// What has an id that names its row.
pub(crate) trait Row: PartialEq {
    fn id(&self) -> &str;
}

/// One delivery of a subscription to rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery<R> {
    /// The window that was used, none for all time.
    pub(crate) window: Option<Span>,
    pub(crate) revision: i64,
    pub(crate) finality: Finality,
    /// Whether `rows` is everything, or only what changed.
    pub(crate) snapshot: bool,
    pub(crate) rows: Vec<R>,
    pub(crate) removed_ids: Vec<String>,
}

/// All rows as of one revision, in the order of their ids. A row that a delivery did not change keeps its place in
/// memory.
#[derive(Clone, Debug)]
pub(crate) struct Table<R> {
    window: Option<Span>,
    revision: i64,
    finality: Finality,
    rows: SortedMap<RowId, Shared<R>>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { window: None, revision: 0, finality: Finality::default(), rows: SortedMap::default() }
    }
}

impl<R: Row> Table<R> {
    /// A snapshot replaces all rows; anything else is merged by id, and then what was removed goes.
    pub(crate) fn apply(&mut self, delivery: Delivery<R>) {
        let held = if delivery.snapshot { std::mem::take(&mut self.rows) } else { SortedMap::default() };
        for row in delivery.rows {
            let id = RowId(row.id().to_owned());
            let known = held.get(&id).filter(|known| ***known == row).cloned();
            self.rows.insert(id, known.unwrap_or_else(|| Shared::new(row)));
        }
        for id in delivery.removed_ids {
            self.rows.remove(&RowId(id));
        }
        self.window = delivery.window;
        self.revision = delivery.revision;
        self.finality = delivery.finality;
    }

    /// The state of the factory that the rows show.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// The window that the rows are about, none for all time.
    pub(crate) fn window(&self) -> Option<Span> {
        self.window
    }

    /// Whether the figures will stay as they are by themselves.
    pub(crate) fn finality(&self) -> &Finality {
        &self.finality
    }

    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &Shared<R>> {
        self.rows.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row with this id.
    pub(crate) fn row(&self, id: &str) -> Option<&Shared<R>> {
        self.rows.get(&RowId(id.to_owned()))
    }
}

#[cfg(test)]
impl<R: Row> Table<R> {
    /// A table of these rows.
    pub(crate) fn of(rows: Vec<R>) -> Self {
        let mut table = Self::default();
        table.apply(Delivery {
            window: None,
            revision: 1,
            finality: Finality::default(),
            snapshot: true,
            rows,
            removed_ids: Vec::new(),
        });
        table
    }
}

/// An id in the order in which the server lists ids.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RowId(String);

impl Ord for RowId {
    fn cmp(&self, other: &Self) -> Ordering {
        id_order::compare(&self.0, &other.0)
    }
}

impl PartialOrd for RowId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, PartialEq)]
    struct Station(&'static str, u32);

    impl Row for Station {
        fn id(&self) -> &str {
            self.0
        }
    }

    fn snapshot(revision: i64, rows: &[Station]) -> Delivery<Station> {
        Delivery {
            window: None,
            revision,
            finality: Finality::default(),
            snapshot: true,
            rows: rows.to_vec(),
            removed_ids: Vec::new(),
        }
    }

    fn change(revision: i64, rows: &[Station], removed_ids: &[&str]) -> Delivery<Station> {
        let removed_ids = removed_ids.iter().map(ToString::to_string).collect();
        Delivery {
            window: None,
            revision,
            finality: Finality::default(),
            snapshot: false,
            rows: rows.to_vec(),
            removed_ids,
        }
    }

    fn shown(table: &Table<Station>) -> Vec<Station> {
        table.rows().map(|row| (**row).clone()).collect()
    }

    #[test]
    fn a_snapshot_replaces_every_row() {
        let mut table = Table::default();
        table.apply(snapshot(1, &[Station("S1", 1), Station("S2", 1)]));
        table.apply(snapshot(4, &[Station("S2", 2), Station("S3", 2)]));
        assert_eq!(shown(&table), [Station("S2", 2), Station("S3", 2)]);
        assert_eq!(table.revision(), 4);
    }

    #[test]
    fn a_change_is_merged_by_id_and_then_the_removed_rows_go() {
        let mut table = Table::default();
        table.apply(snapshot(1, &[Station("S1", 1), Station("S2", 1), Station("S10", 1)]));
        table.apply(change(2, &[Station("S9", 5), Station("S2", 7)], &["S1", "S77"]));
        assert_eq!(shown(&table), [Station("S2", 7), Station("S9", 5), Station("S10", 1)]);
        assert_eq!(table.revision(), 2);
    }

    #[test]
    fn a_delivery_without_rows_only_raises_the_revision() {
        let mut table = Table::default();
        table.apply(snapshot(1, &[Station("S1", 1)]));
        table.apply(change(9, &[], &[]));
        assert_eq!(shown(&table), [Station("S1", 1)]);
        assert_eq!(table.revision(), 9);
    }

    #[test]
    fn only_a_changed_row_moves_in_memory() {
        let mut table = Table::default();
        table.apply(snapshot(1, &[Station("S1", 1), Station("S2", 1)]));
        let before: Vec<Shared<Station>> = table.rows().cloned().collect();
        for delivery in
            [change(2, &[Station("S2", 2)], &[]), snapshot(3, &[Station("S1", 1), Station("S2", 3)])]
        {
            table.apply(delivery);
            let after: Vec<Shared<Station>> = table.rows().cloned().collect();
            assert_eq!(before[0], after[0]);
            assert_ne!(before[1], after[1]);
        }
    }

    const IDS: [&str; 6] = ["S1", "S2", "S10", "S010", "A", "é 7"];

    proptest! {
        #[test]
        fn changes_lead_to_the_same_rows_as_a_snapshot_of_the_result(
            changes in prop::collection::vec((0..IDS.len(), prop::option::of(0..9_u32)), 0..40),
        ) {
            let mut table = Table::default();
            let mut result = BTreeMap::new();
            for (index, value) in changes {
                let id = IDS[index];
                if let Some(value) = value {
                    result.insert(id, Station(id, value));
                    table.apply(change(1, &[Station(id, value)], &[]));
                } else {
                    result.remove(id);
                    table.apply(change(1, &[], &[id]));
                }
            }
            let mut whole = Table::default();
            let rows: Vec<Station> = result.into_values().collect();
            whole.apply(snapshot(1, &rows));
            prop_assert_eq!(shown(&table), shown(&whole));
        }
    }
}
