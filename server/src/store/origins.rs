//! Which devices have reported whom, by day.

use domain::id::{EntityId, FactoryId};
use sea_orm::ConnectionTrait;

use super::{engine::statement::Sql, error::Result};

/// The devices that sent events of entities, or of any, which start on these days (counted from 1970-01-01, both ends
/// included).
///
/// # Errors
/// The database failed.
pub async fn devices(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    (first_day, last_day): (i64, i64),
    entity_ids: Option<&[EntityId]>,
) -> Result<Vec<String>> {
    let select = Sql::new(conn, "SELECT DISTINCT device FROM entity_origin WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND day >= ")
        .bind(first_day)
        .text(" AND day <= ")
        .bind(last_day)
        .text(" AND device <> ''");
    let select = match entity_ids {
        Some(ids) => select.text(" AND entity_id IN ").bind_set(ids.iter().map(|id| id.0)),
        None => select,
    };
    let rows = conn.query_all_raw(select.build()).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}
