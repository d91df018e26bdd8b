//! Which devices, sources and models have reported whom, by day.

use domain::{
    decision::{ModelVersions, StandingRule},
    id::{EntityId, FactoryId, ModelVersionId, SourceId},
};
use sea_orm::ConnectionTrait;

use super::{
    access::{Permission, Scope},
    engine::statement::Sql,
    error::Result,
    report::{model_of_stored, stored_model},
};

/// The devices that sent events of entities, or of any, which start on these days (counted from 1970-01-01, both ends
/// included).
///
/// # Errors
/// The database failed.
pub async fn devices(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    days: (i64, i64),
    entity_ids: Option<&[EntityId]>,
) -> Result<Vec<String>> {
    let factory_id = scope.factory_id();
    let select = Sql::new(conn, "SELECT DISTINCT device");
    let select = on_days(select, factory_id, days, entity_ids).text(" AND device <> ''");
    let rows = conn.query_all_raw(select.build()).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// The first day (counted from 1970-01-01) on which anybody was reported.
pub(super) async fn first_day(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<Option<i64>> {
    let select = Sql::new(conn, "SELECT MIN(day) FROM entity_origin WHERE factory_id = ").bind(factory_id.0);
    let row = conn.query_one_raw(select.build()).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.flatten())
}

/// By which source and which model an entity was reported on a day, or anybody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) entity_id: Option<EntityId>,
    /// Counted from 1970-01-01.
    pub(super) day: i64,
    pub(super) source: Option<SourceId>,
    pub(super) model_version: Option<ModelVersionId>,
}

/// By which sources and models anything was reported on these days (counted from 1970-01-01, both ends included), each once: of
/// each of some entities, or of anybody.
pub(super) async fn of_days(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    days: (i64, i64),
    entity_ids: Option<&[EntityId]>,
) -> Result<Vec<Origin>> {
    let entity_id = if entity_ids.is_some() { "entity_id" } else { "0" };
    let select = Sql::new(conn, "SELECT DISTINCT day, source_id, model_version_id, ").text(entity_id);
    let select = on_days(select, factory_id, days, entity_ids);
    let rows = conn.query_all_raw(select.build()).await?;
    rows.iter()
        .map(|row| {
            let entity_id = entity_ids.map(|_| row.try_get_by_index(3)).transpose()?;
            Ok(Origin {
                entity_id: entity_id.map(EntityId),
                day: row.try_get_by_index(0)?,
                source: source_of_stored(row.try_get_by_index(1)?),
                model_version: model_of_stored(row.try_get_by_index(2)?),
            })
        })
        .collect()
}

/// Goes on with the origins of a factory on these days (both ends included), of some entities or of all.
fn on_days(
    select: Sql,
    factory_id: FactoryId,
    (first_day, last_day): (i64, i64),
    entity_ids: Option<&[EntityId]>,
) -> Sql {
    let select = select
        .text(" FROM entity_origin WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND day >= ")
        .bind(first_day)
        .text(" AND day <= ")
        .bind(last_day);
    match entity_ids {
        Some(ids) => select.text(" AND entity_id IN ").bind_set(ids.iter().map(|id| id.0)),
        None => select,
    }
}

/// The source that a number stands for, which is 0 where none is named.
fn source_of_stored(stored: i32) -> Option<SourceId> {
    (stored != 0).then_some(SourceId(stored))
}

/// Whether a rule is about a source or a model version, and not about all events.
pub(super) fn is_about_some(rule: &StandingRule) -> bool {
    rule.source.is_some() || !matches!(rule.model_version, ModelVersions::All)
}

/// The first or the last so many of these days (counted from 1970-01-01, both ends included) on which anything was reported, each
/// with whether anything was that a rule is about, by its source and its model version.
pub(super) async fn days(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    rule: &StandingRule,
    days: (i64, i64),
    backwards: bool,
    limit: usize,
) -> Result<Vec<(i64, bool)>> {
    let mut select = Sql::new(conn, "SELECT day, MAX(CASE WHEN 1 = 1");
    if let Some(source) = rule.source {
        select = select.text(" AND source_id = ").bind(source.0);
    }
    select = match rule.model_version {
        ModelVersions::All => select,
        ModelVersions::Without => select.text(" AND model_version_id = ").bind(stored_model(None)),
        ModelVersions::One(one) => select.text(" AND model_version_id = ").bind(stored_model(Some(one))),
    };
    let select = on_days(select.text(" THEN 1 ELSE 0 END)"), factory_id, days, None)
        .text(" GROUP BY day ORDER BY day")
        .text(if backwards { " DESC LIMIT " } else { " LIMIT " })
        .bind(limit as i64);
    let rows = conn.query_all_raw(select.build()).await?;
    rows.iter()
        .map(|row| {
            let is_reported: i32 = row.try_get_by_index(1)?;
            Ok((row.try_get_by_index(0)?, is_reported == 1))
        })
        .collect()
}
