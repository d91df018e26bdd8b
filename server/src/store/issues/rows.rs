//! The counts as rows.

use domain::{id::FactoryId, time::TimestampMs};
use entity::event_issue::{self as row, Column as Read};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder,
    QuerySelect as _,
};

use super::{Count, IssueCode, IssueCount, Issues, Kind as IssueKind, MAX_KINDS};
use crate::store::{
    access::{Correct, Scope},
    engine::{
        code::Code as _,
        statement::{Kind, Sql},
        table::{Column, Table, Texts},
    },
    error::{Result, StoreError},
};

/// Adds what a transaction counted to what is counted already.
pub(in crate::store) async fn keep(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    issues: &Issues,
) -> Result<()> {
    if issues.is_empty() {
        return Ok(());
    }
    let rows: Vec<IssueRow<'_>> =
        issues.counts.iter().map(|(kind, count)| IssueRow { factory_id, kind, count }).collect();
    table().upsert(tx, &rows).await?;
    let others = issues.others + make_room(tx, factory_id).await?;
    if others > 0 {
        let update = Sql::new(tx, "UPDATE factory SET other_issues = other_issues + ").bind(others);
        tx.execute_raw(update.text(" WHERE id = ").bind(factory_id.0).build()).await?;
    }
    Ok(())
}

/// Deletes the counts that grew last longest ago, where there are too many; answers with how many events they counted.
async fn make_room(tx: &impl ConnectionTrait, factory_id: FactoryId) -> Result<i64> {
    let of_factory = || row::Entity::find().filter(Read::FactoryId.eq(factory_id.0));
    let surplus = of_factory().count(tx).await?.saturating_sub(MAX_KINDS as u64);
    if surplus == 0 {
        return Ok(0);
    }
    let oldest = [Read::LastAt, Read::Code, Read::Source, Read::Device]
        .into_iter()
        .fold(of_factory(), QueryOrder::order_by_asc);
    let mut events = 0;
    for gone in oldest.limit(surplus).all(tx).await? {
        events += gone.events;
        row::Entity::delete_by_id((gone.factory_id, gone.code, gone.source, gone.device)).exec(tx).await?;
    }
    Ok(events)
}

/// The counts of a factory, the one that grew last first.
///
/// # Errors
/// The database failed.
pub async fn list(conn: &impl ConnectionTrait, scope: &Scope<Correct>) -> Result<Vec<IssueCount>> {
    let factory_id = scope.factory_id();
    let mut query = row::Entity::find().filter(Read::FactoryId.eq(factory_id.0)).order_by_desc(Read::LastAt);
    for column in [Read::Code, Read::Source, Read::Device] {
        query = query.order_by_asc(column);
    }
    query.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// One count of a factory.
struct IssueRow<'a> {
    factory_id: FactoryId,
    kind: &'a IssueKind,
    count: &'a Count,
}

fn table<'a>() -> Table<IssueRow<'a>, 8> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "event_issue",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row| row.factory_id.0.into()),
            Column::key("code", Kind::SmallInt, |row| row.kind.code.into()),
            Column::key("source", Kind::Text, |row| row.kind.source.as_str().into()),
            Column::key("device", Kind::Text, |row| row.kind.device.as_str().into()),
            Column::add("events", |row| row.count.events.into()),
            Column::keep("first_at", Kind::BigInt, |row| row.count.first_at_ms.0.into()),
            Column::replace("last_at", Kind::BigInt, |row| row.count.last_at_ms.0.into()),
            Column::replace("example", Kind::Text, |row| row.count.example.as_str().into()),
        ],
    )
}

impl TryFrom<row::Model> for IssueCount {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self> {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Self {
            code: IssueCode::of_code(row.code)?,
            source: some(row.source),
            device: some(row.device),
            events: row.events,
            first_at_ms: TimestampMs(row.first_at),
            last_at_ms: TimestampMs(row.last_at),
            example: row.example,
        })
    }
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
