//! Whether it is written down who reported each event: the events of a rule are looked for on no other days.

use domain::id::FactoryId;
use sea_orm::ConnectionTrait;

use super::{Difference, MAX_DIFFERENCES};
use crate::store::{engine::statement::Sql, error::Result, factories::Factory};

/// The day of UTC on which an event starts, counted from 1970-01-01. Both engines round towards zero, so it is counted from long
/// before.
const DAY: &str = "((event.started_at + 86400000000000) / 86400000 - 1000000)";

/// The events that nothing is written down of. The factory's day begins a day before or after that of UTC at most.
fn missing(sql: Sql, factory_id: FactoryId) -> Sql {
    sql.text(" FROM event WHERE event.factory_id = ").bind(factory_id.0).text(&format!(
        " AND NOT EXISTS (SELECT 1 FROM entity_origin WHERE entity_origin.factory_id = event.factory_id \
         AND entity_origin.day IN ({DAY} - 1, {DAY}, {DAY} + 1) AND entity_origin.entity_id = event.entity_id \
         AND entity_origin.source_id = COALESCE(event.source_id, 0) \
         AND entity_origin.model_version_id = event.model_version_id)"
    ))
}

/// Adds the days, entities, sources and models of which nothing is written down.
pub(super) async fn compare(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let columns = format!(
        "SELECT DISTINCT {DAY}, event.entity_id, COALESCE(event.source_id, 0), event.model_version_id"
    );
    let select = missing(Sql::new(conn, &columns), factory.id)
        .text(" ORDER BY 1, 2, 3, 4 LIMIT ")
        .bind(MAX_DIFFERENCES as i64);
    for row in conn.query_all_raw(select.build()).await? {
        let (day, entity): (i64, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (source, model): (i32, i32) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        differences.push(Difference {
            factory: factory.slug.to_string(),
            what: format!("entity {entity}, day {day}, who reported it"),
            stored: "nothing".to_owned(),
            recomputed: format!("source {source}, model version {model}"),
        });
    }
    Ok(())
}

/// Writes down what is missing. Events do not say which device sent them.
pub(super) async fn complete(tx: &impl ConnectionTrait, factory_id: FactoryId) -> Result<()> {
    let columns = format!(
        "INSERT INTO entity_origin (factory_id, day, entity_id, device, source_id, model_version_id) \
         SELECT DISTINCT event.factory_id, {DAY}, event.entity_id, '', COALESCE(event.source_id, 0), event.model_version_id"
    );
    tx.execute_raw(missing(Sql::new(tx, &columns), factory_id).build()).await?;
    Ok(())
}
