//! What is known is what is stored.

use domain::event::EntityType;
use proptest::{collection::vec, prelude::*};

use super::*;

const ENTITY: EntityId = EntityId(1);

/// A report with a series, an interval where that is 0.
fn row((started_at, duration_ms, series): (i64, i64, i32)) -> event::Model {
    event::Model {
        factory_id: 0,
        bucket: 0,
        entity_id: ENTITY.0,
        started_at,
        event_type: 0,
        event_code: String::new(),
        series,
        model_version_id: 0,
        duration_ms,
        units: 0,
        confidence: None,
        source_id: None,
        workstation: None,
        received_at: 0,
        hold_minutes: None,
    }
}

proptest! {
    #[test]
    fn what_is_known_is_what_is_stored(groups in vec(vec((0_i64..40, 0_i64..5, 0_i32..3), 1..4), 1..12)) {
        let mut known = LatestReports::default();
        let mut entities = HashMap::from([(ENTITY, Entity::unseen(ENTITY, EntityType::Worker, "W1"))]);
        let mut stored: Vec<event::Model> = Vec::new();
        for group in groups {
            let rows: Vec<event::Model> = group.into_iter().map(row).collect();
            known.add(&entities, rows.iter());
            let entity = entities.get_mut(&ENTITY).expect("the entity");
            let ends = rows.iter().map(|row| TimestampMs(row.started_at + row.duration_ms));
            entity.frontier_ms = ends.fold(entity.frontier_ms, TimestampMs::max);
            stored.extend(rows);
            for series in 1..3 {
                let key = SeriesKey { entity_id: ENTITY, series, model_version: 0 };
                let latest_ms = stored.iter().filter(|row| row.series == series).map(|row| row.started_at).max();
                if let Some(TimestampMs(known_ms)) = known.of_series(key) {
                    prop_assert_eq!(Some(known_ms), latest_ms);
                }
            }
            let last_ms = stored.iter().map(|row| row.started_at).max().unwrap_or_default();
            if let Some(reports) = known.at(ENTITY, TimestampMs(last_ms)) {
                let known: Vec<event::Model> = reports.expect("reports").into_iter().map(|report| report.row).collect();
                let last: Vec<event::Model> = stored.iter().filter(|row| row.started_at == last_ms).cloned().collect();
                prop_assert_eq!(known, last);
            }
        }
    }
}

#[test]
fn what_comes_after_all_that_is_stored_is_known() {
    let mut known = LatestReports::default();
    let mut entities = HashMap::from([(ENTITY, Entity::unseen(ENTITY, EntityType::Worker, "W1"))]);
    for at_ms in [10, 20] {
        let rows = [row((at_ms, 0, 1))];
        known.add(&entities, rows.iter());
        let series = SeriesKey { entity_id: ENTITY, series: 1, model_version: 0 };
        assert_eq!(known.of_series(series), Some(TimestampMs(at_ms)));
        let reports = known.at(ENTITY, TimestampMs(at_ms)).expect("known").expect("reports");
        assert_eq!(reports.len(), 1);
        entities.get_mut(&ENTITY).expect("the entity").frontier_ms = TimestampMs(at_ms);
    }
    known.forget(ENTITY);
    assert!(known.at(ENTITY, TimestampMs(20)).is_none());
}
