//! Names that events repeat (models, sources) are stored once per factory, under small numbers.

use std::collections::{HashMap, HashSet};

use domain::{id::FactoryId, validate::new_id_fault};
use sea_orm::{
    ConnectionTrait, ExprTrait as _,
    sea_query::{Expr, Query},
};

use super::{engine::statement::rows_per_statement, error::Result};

/// The most names of one table and factory: a version a day for 27 years, ten cameras for each of a thousand places. Names
/// are never deleted, so without a limit they would grow with whatever a sender makes up.
pub(crate) const MAX_NAMES: usize = 10_000;
/// The most names cached of one table and factory, of which a database from before that limit may hold more; past that they
/// are dropped and read again.
const MAX_CACHED: usize = 20_000;

/// The tables of names: `(factory_id, id)`, name.
#[derive(Clone, Copy, Debug)]
pub(super) enum NameTable {
    ModelVersion,
    Source,
}

impl NameTable {
    const fn name(self) -> &'static str {
        match self {
            Self::ModelVersion => "model_version",
            Self::Source => "source",
        }
    }
}

/// The numbers of the names that were committed.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: HashMap<String, i32>,
}

impl Names {
    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Gives every one of these names a number, in this transaction, except new ones that may not be registered, and no more
    /// of them than [`MAX_NAMES`] allows: then the first ones. After a rollback the whole must be forgotten, since the numbers are then free again.
    pub(super) async fn resolve<'a>(
        &mut self,
        conn: &impl ConnectionTrait,
        table: NameTable,
        factory_id: FactoryId,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<()> {
        if self.known.len() > MAX_CACHED {
            self.known.clear();
        }
        // Neighbours mostly have the same name.
        let mut last = None;
        let unknown: HashSet<&str> = names
            .clone()
            .filter(|name| last.replace(*name) != Some(*name) && !self.known.contains_key(*name))
            .collect();
        let mut unknown: Vec<&str> = unknown.into_iter().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        for chunk in unknown.chunks(rows_per_statement(1) - 1) {
            self.known.extend(find(conn, table, factory_id, chunk).await?);
        }
        unknown.retain(|name| !self.known.contains_key(*name) && new_id_fault(name).is_none());
        let last_id = last_id(conn, table, factory_id).await?;
        // Names are never deleted, so the last number is how many there are.
        let room = MAX_NAMES.saturating_sub(last_id as usize);
        if unknown.len() > room {
            let mut left: HashSet<&str> = unknown.into_iter().collect();
            unknown = names.filter(|name| left.remove(name)).take(room).collect();
        }
        if unknown.is_empty() {
            return Ok(());
        }
        // In the order of the names, so that the same events give the same numbers.
        unknown.sort_unstable();
        let first_id = last_id + 1;
        let new: Vec<(&str, i32)> = unknown.into_iter().zip(first_id..).collect();
        for chunk in new.chunks(rows_per_statement(3)) {
            insert(conn, table, factory_id, chunk).await?;
        }
        self.known.extend(new.into_iter().map(|(name, id)| (name.to_owned(), id)));
        Ok(())
    }
}

/// A name and its number, kept because the next event mostly has the same one.
#[derive(Default)]
pub(super) struct LastName<'a> {
    last: Option<(&'a str, i32)>,
}

/// A name has no number, because there are too many.
pub(super) struct TooManyNames;

impl<'a> LastName<'a> {
    /// The number of a name that was resolved; none has none.
    ///
    /// # Errors
    /// There was no number left for it.
    pub(super) fn id(
        &mut self,
        names: &Names,
        name: Option<&'a str>,
    ) -> std::result::Result<Option<i32>, TooManyNames> {
        let Some(name) = name else { return Ok(None) };
        match self.last {
            Some((last, id)) if last == name => Ok(Some(id)),
            _ => {
                let id = names.known.get(name).copied().ok_or(TooManyNames)?;
                self.last = Some((name, id));
                Ok(Some(id))
            }
        }
    }
}

/// The names with these numbers.
pub(super) async fn names_of(
    conn: &impl ConnectionTrait,
    table: NameTable,
    factory_id: FactoryId,
    ids: HashSet<i32>,
) -> Result<HashMap<i32, String>> {
    let ids: Vec<i32> = ids.into_iter().collect();
    let mut names = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(rows_per_statement(1) - 1) {
        let condition = Expr::col("id").is_in(chunk.iter().copied());
        names.extend(
            select(conn, table, factory_id, condition).await?.into_iter().map(|(name, id)| (id, name)),
        );
    }
    Ok(names)
}

/// The number of a name, if it has one.
pub(super) async fn id_of(
    conn: &impl ConnectionTrait,
    table: NameTable,
    factory_id: FactoryId,
    name: &str,
) -> Result<Option<i32>> {
    Ok(find(conn, table, factory_id, &[name]).await?.pop().map(|(_, id)| id))
}

async fn find(
    conn: &impl ConnectionTrait,
    table: NameTable,
    factory_id: FactoryId,
    names: &[&str],
) -> Result<Vec<(String, i32)>> {
    select(conn, table, factory_id, Expr::col("name").is_in(names.iter().copied())).await
}

async fn select(
    conn: &impl ConnectionTrait,
    table: NameTable,
    factory_id: FactoryId,
    condition: Expr,
) -> Result<Vec<(String, i32)>> {
    let query = Query::select()
        .columns(["name", "id"])
        .from(table.name())
        .and_where(Expr::col("factory_id").eq(factory_id.0))
        .and_where(condition)
        .to_owned();
    let rows = conn.query_all(&query).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

async fn last_id(conn: &impl ConnectionTrait, table: NameTable, factory_id: FactoryId) -> Result<i32> {
    let query = Query::select()
        .expr(Expr::col("id").max())
        .from(table.name())
        .and_where(Expr::col("factory_id").eq(factory_id.0))
        .to_owned();
    let last: Option<i32> = match conn.query_one(&query).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => None,
    };
    Ok(last.unwrap_or(0))
}

async fn insert(
    conn: &impl ConnectionTrait,
    table: NameTable,
    factory_id: FactoryId,
    names: &[(&str, i32)],
) -> Result<()> {
    let mut insert = Query::insert();
    insert.into_table(table.name()).columns(["factory_id", "id", "name"]);
    for (name, id) in names {
        insert.values_panic([factory_id.0.into(), (*id).into(), (*name).into()]);
    }
    conn.execute(&insert).await?;
    Ok(())
}
