//! Reading the log.

use domain::{
    id::{FactoryId, FactorySlug},
    time::TimestampMs,
};
use entity::{audit_head, audit_log, factory};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{
    chain::RowHash,
    entry::{AuditAction, AuditRow},
    write::column,
};
use crate::store::{
    access::{Access, ChangeSettings, Scope},
    engine::code::Code as _,
    error::Result,
};

/// The most rows of a page.
pub const MAX_PAGE_ROWS: u32 = 200;

/// Which rows to read; the default is all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of these actions.
    pub actions: Option<Vec<AuditAction>>,
    /// Of whoever was called this.
    pub principal: Option<String>,
    /// From this instant on, Unix milliseconds.
    pub from_ms: Option<TimestampMs>,
    /// Before this instant, Unix milliseconds.
    pub to_ms: Option<TimestampMs>,
}

/// One page of the log, the highest number first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The rows.
    pub rows: Vec<AuditRow>,
    /// Whether there are more after them.
    pub has_next: bool,
}

/// Whose log is read.
#[derive(Clone, Copy, Debug)]
pub enum AuditScope<'a> {
    /// That of a factory.
    Factory(&'a Scope<ChangeSettings>),
    /// That of the server as a whole, for an operator.
    Server(Operator),
}

/// That somebody is an operator.
#[derive(Clone, Copy, Debug)]
pub struct Operator(());

impl Operator {
    /// Whether somebody is one.
    pub fn of(access: &Access) -> Option<Self> {
        access.is_operator().then_some(Self(()))
    }
}

impl AuditScope<'_> {
    fn column(self) -> i32 {
        match self {
            Self::Factory(scope) => column(Some(scope.factory_id())),
            Self::Server(_) => column(None),
        }
    }
}

/// The rows with numbers below `before` that a filter lets through; `first` is at most [`MAX_PAGE_ROWS`].
///
/// # Errors
/// The database failed.
pub async fn page(
    conn: &impl ConnectionTrait,
    scope: AuditScope<'_>,
    filter: &AuditFilter,
    first: u32,
    before: Option<i64>,
) -> Result<AuditPage> {
    let first = Ord::min(first, MAX_PAGE_ROWS) as usize;
    let mut query = audit_log::Entity::find().filter(audit_log::Column::FactoryId.eq(scope.column()));
    if let Some(before) = before {
        query = query.filter(audit_log::Column::Number.lt(before));
    }
    if let Some(actions) = &filter.actions {
        query = query.filter(audit_log::Column::Action.is_in(actions.iter().map(|action| action.code())));
    }
    if let Some(principal) = &filter.principal {
        query = query.filter(audit_log::Column::Principal.eq(principal));
    }
    if let Some(from_ms) = filter.from_ms {
        query = query.filter(audit_log::Column::At.gte(from_ms.0));
    }
    if let Some(to_ms) = filter.to_ms {
        query = query.filter(audit_log::Column::At.lt(to_ms.0));
    }
    let newest_first = query.order_by_desc(audit_log::Column::Number);
    let mut rows = newest_first.limit(first as u64 + 1).all(conn).await?;
    let has_next = rows.len() > first;
    rows.truncate(first);
    Ok(AuditPage { rows: rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?, has_next })
}

/// Where a log begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whose log it is; none for that of the server as a whole.
    pub factory_id: Option<FactoryId>,
    /// The same as clients name it.
    pub factory: Option<FactorySlug>,
    /// The number of its last row.
    pub number: i64,
    /// The hash of that.
    pub hash: RowHash,
    /// The number of the first row that is kept.
    pub first_number: i64,
    /// The hash of the row before that.
    pub hash_before_first: RowHash,
}

/// Where each log begins and ends, for whoever may open the database.
///
/// # Errors
/// The database failed.
pub async fn heads(conn: &impl ConnectionTrait) -> Result<Vec<Head>> {
    let rows = audit_head::Entity::find().order_by_asc(audit_head::Column::FactoryId).all(conn).await?;
    let slugs: Vec<(i32, String)> = factory::Entity::find()
        .select_only()
        .columns([factory::Column::Id, factory::Column::Slug])
        .into_tuple()
        .all(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let slug = slugs.iter().find(|(id, _)| *id == row.factory_id);
            Ok(Head {
                factory_id: Some(row.factory_id).filter(|id| *id != 0).map(FactoryId),
                factory: slug.map(|(_, slug)| FactorySlug(slug.clone())),
                number: row.number,
                hash: RowHash::of_column(&row.hash)?,
                first_number: row.first_number,
                hash_before_first: RowHash::of_column(&row.hash_before_first)?,
            })
        })
        .collect()
}

/// The next rows of a log after a number, in their order, for whoever may open the database.
///
/// # Errors
/// The database failed.
pub async fn rows_after(
    conn: &impl ConnectionTrait,
    factory_id: Option<FactoryId>,
    number: i64,
    at_most: u64,
) -> Result<Vec<AuditRow>> {
    let rows = audit_log::Entity::find()
        .filter(audit_log::Column::FactoryId.eq(column(factory_id)))
        .filter(audit_log::Column::Number.gt(number))
        .order_by_asc(audit_log::Column::Number)
        .limit(at_most)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}
