//! Which device, source and model reported whom on which day: written once each, so that it can be asked whose events a
//! window is made of.

use std::collections::{HashMap, HashSet};

use domain::{
    id::EntityId,
    time::TimestampMs,
    window::{Window, day_holding},
    zone::Zone,
};
use entity::entity_origin;
use sea_orm::ConnectionTrait;

use super::{batch::Part, cache::Cache, row::NewRow};
use crate::store::{
    engine::{
        statement::Kind,
        table::{Column, Table, Texts},
    },
    error::Result,
    factories::Factory,
};

/// How many origins are remembered of a factory; then they are forgotten, and written again where they come again.
const MAX_REMEMBERED: usize = 50_000;

/// Those that are known to be written.
#[derive(Default)]
pub(super) struct Origins {
    /// The zone whose days they have.
    zone: Option<Zone>,
    /// The latest of each entity, which mostly is that of its next event.
    latest: HashMap<EntityId, (Window, Origin)>,
    written: HashSet<(EntityId, i64, Origin)>,
    /// The devices by the numbers under which they are remembered.
    devices: HashMap<String, usize>,
}

/// Who reported: the number of the device, the source and the model; the last two are 0 where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Origin {
    device: usize,
    source: i32,
    model_version: i32,
}

/// Writes down the origins of new rows that are not known yet.
pub(super) async fn keep(
    tx: &impl ConnectionTrait,
    factory: &Factory,
    cache: &mut Cache,
    new: &[&NewRow<'_>],
    parts: &[&Part<'_>],
) -> Result<()> {
    let origins = &mut cache.origins;
    origins.prepare(factory.time_zone);
    let devices: Vec<(usize, &str)> = parts
        .iter()
        .map(|part| {
            let numbered = part.batch.numbered.as_ref();
            let code = numbered.map_or("", |numbered| numbered.sender.device_code.as_str());
            (origins.device(code), code)
        })
        .collect();
    let mut rows: Vec<entity_origin::Model> = Vec::new();
    for row in new {
        let Some(&(device, code)) = devices.get(row.part) else { continue };
        let source = row.row.source_id.unwrap_or(0);
        let origin = Origin { device, source, model_version: row.row.model_version_id };
        if let Some(day) = origins.add(row.entity_id, row.event.started_at_ms, origin) {
            rows.push(entity_origin::Model {
                factory_id: factory.id.0,
                day,
                entity_id: row.entity_id.0,
                device: code.to_owned(),
                source_id: source,
                model_version_id: origin.model_version,
            });
        }
    }
    rows.sort_by_key(|row| (row.day, row.entity_id));
    table().insert_new(tx, &rows).await
}

impl Origins {
    fn prepare(&mut self, zone: Zone) {
        if self.zone != Some(zone) || self.written.len() > MAX_REMEMBERED {
            *self = Self { zone: Some(zone), ..Self::default() };
        }
    }

    fn device(&mut self, code: &str) -> usize {
        if let Some(device) = self.devices.get(code) {
            return *device;
        }
        let next = self.devices.len();
        self.devices.insert(code.to_owned(), next);
        next
    }

    /// Remembers an origin; answers with its day if it is new.
    fn add(&mut self, entity_id: EntityId, at_ms: TimestampMs, origin: Origin) -> Option<i64> {
        let is_on = |day: &Window| day.from_ms <= at_ms && at_ms < day.to_ms;
        if self.latest.get(&entity_id).is_some_and(|(day, latest)| is_on(day) && *latest == origin) {
            return None;
        }
        let (day, window) = day_holding(self.zone?, at_ms);
        self.latest.insert(entity_id, (window, origin));
        self.written.insert((entity_id, day, origin)).then_some(day)
    }
}

fn table() -> Table<entity_origin::Model, 6> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "entity_origin",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row: &entity_origin::Model| row.factory_id.into()),
            Column::key("day", Kind::BigInt, |row: &entity_origin::Model| row.day.into()),
            Column::key("entity_id", Kind::Int, |row: &entity_origin::Model| row.entity_id.into()),
            Column::key("device", Kind::Text, |row: &entity_origin::Model| row.device.as_str().into()),
            Column::key("source_id", Kind::Int, |row: &entity_origin::Model| row.source_id.into()),
            Column::key("model_version_id", Kind::Int, |row: &entity_origin::Model| {
                row.model_version_id.into()
            }),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entity() {
        assert_is_table_of::<entity_origin::Entity, _, _>(&table());
    }

    #[test]
    fn an_origin_is_new_once_a_day() {
        let mut origins = Origins::default();
        origins.prepare(Zone::UTC);
        let hour = |hour: i64| TimestampMs(hour * domain::MS_PER_HOUR);
        let (one, other) = (origins.device("edge-1"), origins.device(""));
        let of = |device| Origin { device, source: 0, model_version: 0 };
        let mut add = |at, device| origins.add(EntityId(1), hour(at), of(device));
        assert_eq!(add(1, one), Some(0));
        assert_eq!(add(23, one), None);
        assert_eq!(add(2, other), Some(0));
        assert_eq!(add(1, one), None);
        assert_eq!(add(24, one), Some(1));
    }
}
