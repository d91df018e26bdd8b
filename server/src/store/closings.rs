//! When a factory's grace was set: what it follows from up to when buckets were closed at any instant.

use domain::{closing::Grace, id::FactoryId, time::TimestampMs};
use entity::closing::{self as row, Column};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};

use super::{
    access::{Permission, Scope},
    error::Result,
    factories::Factory,
};

/// Writes down a factory's grace as of its revision and latest commit.
pub(super) async fn keep(tx: &impl ConnectionTrait, factory: &Factory) -> Result<()> {
    let row = row::Model {
        factory_id: factory.id.0,
        revision: factory.revision.0,
        at: factory.committed_at_ms.0,
        grace_hours: factory.finality_grace_hours as i16,
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

/// Every grace that was set, in their order.
///
/// # Errors
/// The database failed.
pub async fn all(conn: &impl ConnectionTrait, scope: &Scope<impl Permission>) -> Result<Vec<Grace>> {
    of_factory(conn, scope.factory_id()).await
}

/// The same of a factory that the store works on.
pub(super) async fn of_factory(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<Vec<Grace>> {
    let of_factory = row::Entity::find().filter(Column::FactoryId.eq(factory_id.0));
    let rows = of_factory.order_by_asc(Column::Revision).all(conn).await?;
    let grace = |row: row::Model| Grace { at_ms: TimestampMs(row.at), hours: row.grace_hours.unsigned_abs() };
    Ok(rows.into_iter().map(grace).collect())
}
