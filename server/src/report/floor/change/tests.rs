use std::collections::BTreeMap;

use domain::{event::EntityType, id::EntityId, time::TimestampMs, totals::Totals};
use proptest::prelude::*;

use super::*;
use crate::report::floor::metrics::merge;

/// Rows by their number, each with a figure that may differ.
type Numbers = BTreeMap<i32, i64>;

fn row((&entity_id, &units): (&i32, &i64)) -> Arc<Row> {
    Arc::new(Row {
        entity_id: EntityId(entity_id),
        entity_type: EntityType::Worker,
        code: format!("W{entity_id}"),
        name: None,
        area: None,
        current: None,
        last_seen_at_ms: Some(TimestampMs(0)),
        totals: Totals { units, ..Totals::default() },
    })
}

fn rows(numbers: &Numbers) -> Vec<Arc<Row>> {
    numbers.iter().map(row).collect()
}

/// What a client does with a change: merge by id, then remove the removed.
fn apply(held: &[Arc<Row>], change: &Change) -> BTreeMap<String, Arc<Row>> {
    let by_code = |row: &Arc<Row>| (row.code.clone(), row.clone());
    let mut held: BTreeMap<_, _> = held.iter().chain(&change.rows).map(by_code).collect();
    held.retain(|code, _| !change.removed.contains(code));
    held
}

fn numbers() -> impl Strategy<Value = Numbers> {
    prop::collection::btree_map(1..30, 0_i64..3, 0..20)
}

#[test]
fn only_what_reads_otherwise_is_in_a_change() {
    let earlier = rows(&Numbers::from([(1, 5), (2, 5), (3, 5)]));
    let later = rows(&Numbers::from([(1, 5), (2, 6), (10, 5)]));
    let change = Change::between(&earlier, &later);
    assert_eq!(change.rows.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(), ["W2", "W10"]);
    assert_eq!(change.removed, ["W3"]);
}

proptest! {
    #[test]
    fn a_client_that_applies_a_change_holds_the_later_rows(earlier in numbers(), later in numbers()) {
        let (earlier, later) = (rows(&earlier), rows(&later));
        let change = Change::between(&earlier, &later);
        prop_assert_eq!(apply(&earlier, &change), apply(&later, &Change::default()));
        prop_assert_eq!(change.is_empty(), earlier == later);
    }

    #[test]
    fn putting_changed_rows_in_their_places_gives_the_later_rows_in_order(earlier in numbers(), later in numbers()) {
        let (before, after) = (rows(&earlier), rows(&later));
        let touched = earlier.keys().chain(later.keys()).filter(|id| earlier.get(id) != later.get(id));
        let changed = touched.map(|id| (EntityId(*id), later.get_key_value(id).map(row))).collect();
        prop_assert_eq!(merge(&before, changed), after);
    }
}
