//! The series of state reports: what comes before and after a report, and the latest one of each, which nothing has ended.

use std::collections::HashMap;

use domain::{
    event::{EventForm, EventType},
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    timeline::{NameOrder, Observation, Standing},
};
use entity::{event, state_series as row};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, Statement};

use super::{
    engine::{
        code::{Code as _, confidence_column, confidence_of},
        statement::{Kind, Sql, chunks},
        table::{Column, Table, Texts},
    },
    error::Result,
    report::{SeriesKey, model_of_stored, source_of_series},
};

/// When the reports before and after an instant were made in a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    pub(super) before_ms: Option<TimestampMs>,
    pub(super) after_ms: Option<TimestampMs>,
}

/// When the stored reports before and after instants were made, one answer for each, in their order.
pub(super) async fn around(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    instants: &[(SeriesKey, TimestampMs)],
) -> Result<Vec<Around>> {
    let mut found: HashMap<(SeriesKey, TimestampMs), Around> = HashMap::new();
    for chunk in chunks(conn.get_database_backend(), instants.len()) {
        for row in conn.query_all_raw(around_in(conn, factory_id, &instants[chunk])).await? {
            let key = SeriesKey {
                entity_id: EntityId(row.try_get_by_index(0)?),
                series: row.try_get_by_index(1)?,
                model_version: row.try_get_by_index(2)?,
            };
            let around = Around {
                before_ms: row.try_get_by_index::<Option<i64>>(4)?.map(TimestampMs),
                after_ms: row.try_get_by_index::<Option<i64>>(5)?.map(TimestampMs),
            };
            found.insert((key, TimestampMs(row.try_get_by_index(3)?)), around);
        }
    }
    Ok(instants.iter().map(|instant| found.get(instant).copied().unwrap_or_default()).collect())
}

fn around_in(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    instants: &[(SeriesKey, TimestampMs)],
) -> Statement {
    const KINDS: [Kind; 4] = [Kind::Int, Kind::Int, Kind::Int, Kind::BigInt];
    let rows = instants.iter().map(|&(SeriesKey { entity_id, series, model_version }, at_ms)| {
        [entity_id.0.into(), series.into(), model_version.into(), at_ms.0.into()]
    });
    let mut sql = Sql::new(conn, "SELECT column1, column2, column3, column4");
    for (extreme, comparison) in [("MAX", "<"), ("MIN", ">")] {
        sql = sql
            .text(&format!(
                ", (SELECT {extreme}(found.started_at) FROM event AS found WHERE found.factory_id = "
            ))
            .bind(factory_id.0)
            .text(&format!(
                " AND found.series <> 0 AND found.entity_id = column1 AND found.series = column2 \
                 AND found.model_version_id = column3 AND found.started_at {comparison} column4)"
            ));
    }
    sql.text(" FROM ").given(&KINDS, rows).build()
}

/// The statements that find what comes before and after a report, and that say how long one counts, to be explained.
pub(super) fn examples(conn: &impl ConnectionTrait, factory_id: FactoryId) -> [Statement; 2] {
    let series = SeriesKey { entity_id: EntityId(1), series: 1, model_version: 1 };
    let report = event::Model {
        factory_id: factory_id.0,
        bucket: 0,
        entity_id: 1,
        started_at: 0,
        event_type: 0,
        event_code: String::new(),
        series: 1,
        model_version_id: 1,
        duration_ms: 0,
        units: 0,
        confidence: None,
        source_id: None,
        workstation: None,
        received_at: 0,
        hold_minutes: None,
    };
    [around_in(conn, factory_id, &[(series, TimestampMs(0))]), durations(conn, factory_id, &[report])]
}

/// Writes anew how long stored state reports count.
pub(super) async fn update_durations(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    rows: &[event::Model],
) -> Result<()> {
    for chunk in chunks(tx.get_database_backend(), rows.len()) {
        tx.execute_raw(durations(tx, factory_id, &rows[chunk])).await?;
    }
    Ok(())
}

fn durations(conn: &impl ConnectionTrait, factory_id: FactoryId, rows: &[event::Model]) -> Statement {
    const KINDS: [Kind; 8] = [
        Kind::BigInt,
        Kind::Int,
        Kind::BigInt,
        Kind::SmallInt,
        Kind::Text,
        Kind::Int,
        Kind::Int,
        Kind::BigInt,
    ];
    let given = rows.iter().map(|row| {
        [
            row.bucket.into(),
            row.entity_id.into(),
            row.started_at.into(),
            row.event_type.into(),
            row.event_code.as_str().into(),
            row.series.into(),
            row.model_version_id.into(),
            row.duration_ms.into(),
        ]
    });
    Sql::new(conn, "UPDATE event AS found SET duration_ms = wanted.column8 FROM ")
        .given(&KINDS, given)
        .text(" WHERE found.factory_id = ")
        .bind(factory_id.0)
        .text(
            " AND found.bucket = wanted.column1 AND found.entity_id = wanted.column2 AND found.started_at = wanted.column3 \
             AND found.event_type = wanted.column4 AND found.event_code = wanted.column5 AND found.series = wanted.column6 \
             AND found.model_version_id = wanted.column7",
        )
        .build()
}

/// The latest report of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenReport {
    pub(super) key: SeriesKey,
    /// When it was made.
    pub(super) at_ms: TimestampMs,
    /// What it says; it has no length yet. None when nothing counts that was reported then.
    pub(super) observation: Option<Observation>,
    /// The workstation of which it tells, too.
    pub(super) workstation_id: Option<EntityId>,
}

/// The latest reports of a factory's series.
pub(super) async fn open_reports(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
) -> Result<Vec<OpenReport>> {
    let rows = row::Entity::find().filter(row::Column::FactoryId.eq(factory_id.0)).all(conn).await?;
    rows.iter().map(open_report).collect()
}

fn open_report(row: &row::Model) -> Result<OpenReport> {
    let at_ms = TimestampMs(row.last_at);
    let observation = row.event_type.map(EventType::of_code).transpose()?.map(|event_type| Observation {
        confidence: confidence_of(row.confidence),
        model_version: model_of_stored(row.model_version_id),
        source: source_of_series(row.series),
        event_code: row.event_code.clone(),
        form: EventForm::State,
        standing: Standing::Serving,
        names: NameOrder::default(),
        ..Observation::interval(event_type, at_ms, DurationMs::ZERO)
    });
    let key = SeriesKey {
        entity_id: EntityId(row.entity_id),
        series: row.series,
        model_version: row.model_version_id,
    };
    Ok(OpenReport { key, at_ms, observation, workstation_id: row.workstation_id.map(EntityId) })
}

/// Keeps the latest reports of series, each once.
pub(super) async fn keep(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    open: &[OpenReport],
) -> Result<()> {
    let mut rows: Vec<(FactoryId, &OpenReport)> = open.iter().map(|open| (factory_id, open)).collect();
    rows.sort_by_key(|(_, open)| open.key);
    table().upsert(tx, &rows).await
}

/// Forgets the latest reports of a factory's series, to be kept anew.
pub(super) async fn forget(tx: &impl ConnectionTrait, factory_id: FactoryId) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::FactoryId.eq(factory_id.0)).exec(tx).await?;
    Ok(())
}

const fn table<'a>() -> Table<(FactoryId, &'a OpenReport), 9> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "state_series",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |(factory_id, _)| factory_id.0.into()),
            Column::key("entity_id", Kind::Int, |(_, open)| open.key.entity_id.0.into()),
            Column::key("series", Kind::Int, |(_, open)| open.key.series.into()),
            Column::key("model_version_id", Kind::Int, |(_, open)| open.key.model_version.into()),
            Column::replace("last_at", Kind::BigInt, |(_, open)| open.at_ms.0.into()),
            Column::replace("event_type", Kind::SmallIntOrNull, |(_, open)| {
                open.observation.as_ref().map(|observation| observation.event_type.code()).into()
            }),
            Column::replace("confidence", Kind::SmallIntOrNull, |(_, open)| {
                let confidence = open.observation.as_ref().and_then(|observation| observation.confidence);
                confidence_column(confidence).into()
            }),
            Column::replace("event_code", Kind::Text, |(_, open)| {
                open.observation.as_ref().map_or("", |observation| observation.event_code.as_str()).into()
            }),
            Column::replace("workstation_id", Kind::IntOrNull, |(_, open)| {
                open.workstation_id.map(|id| id.0).into()
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
        assert_is_table_of::<row::Entity, _, _>(&table());
    }
}
