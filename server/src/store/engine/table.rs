//! The tables that are written in bulk: each column once, with its kind, its value, and what becomes of it where a row with
//! the same key is there.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, Statement, Value};

use super::statement::{Kind, Sql, chunks};
use crate::store::error::Result;

/// What becomes of a column where a row with the same key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum OnConflict {
    /// It is part of the key.
    Key,
    /// What is there stays.
    Keep,
    /// What is written takes its place.
    Replace,
    /// What is written is added to it.
    Add,
    /// The greater one stays.
    Raise,
}

/// One column of a table.
pub(in crate::store) struct Column<Row> {
    name: &'static str,
    kind: Kind,
    on_conflict: OnConflict,
    value: fn(&Row) -> Value,
}

impl<Row> Column<Row> {
    /// A column of the key.
    pub(in crate::store) const fn key(name: &'static str, kind: Kind, value: fn(&Row) -> Value) -> Self {
        Self { name, kind, on_conflict: OnConflict::Key, value }
    }

    /// A column that is written once.
    pub(in crate::store) const fn keep(name: &'static str, kind: Kind, value: fn(&Row) -> Value) -> Self {
        Self { name, kind, on_conflict: OnConflict::Keep, value }
    }

    /// A column that is overwritten.
    pub(in crate::store) const fn replace(name: &'static str, kind: Kind, value: fn(&Row) -> Value) -> Self {
        Self { name, kind, on_conflict: OnConflict::Replace, value }
    }

    /// A column that is a sum.
    pub(in crate::store) const fn add(name: &'static str, value: fn(&Row) -> Value) -> Self {
        Self { name, kind: Kind::BigInt, on_conflict: OnConflict::Add, value }
    }

    /// A column that is the greatest of all that was written.
    pub(in crate::store) const fn raise(name: &'static str, value: fn(&Row) -> Value) -> Self {
        Self { name, kind: Kind::BigInt, on_conflict: OnConflict::Raise, value }
    }
}

/// A table with the columns that are written.
pub(in crate::store) struct Table<Row, const N: usize> {
    name: &'static str,
    columns: [Column<Row>; N],
}

impl<Row, const N: usize> Table<Row, N> {
    /// A table. Its columns may come in any order.
    pub(in crate::store) const fn new(name: &'static str, columns: [Column<Row>; N]) -> Self {
        Self { name, columns }
    }

    /// Inserts rows whose keys are not there.
    pub(in crate::store) async fn insert(&self, conn: &impl ConnectionTrait, rows: &[Row]) -> Result<()> {
        self.write(conn, rows, |_| ()).await
    }

    /// Inserts rows, or changes those whose keys are there.
    pub(in crate::store) async fn upsert(&self, conn: &impl ConnectionTrait, rows: &[Row]) -> Result<()> {
        self.write(conn, rows, |text| self.push_on_conflict(text, |column| column.on_conflict)).await
    }

    /// As [`Self::upsert`], but of rows whose keys are there these columns alone are overwritten.
    pub(in crate::store) async fn upsert_columns(
        &self,
        conn: &impl ConnectionTrait,
        rows: &[Row],
        names: &[&str],
    ) -> Result<()> {
        let on_conflict = |column: &Column<Row>| match column.on_conflict {
            OnConflict::Key => OnConflict::Key,
            _ if names.contains(&column.name) => OnConflict::Replace,
            _ => OnConflict::Keep,
        };
        self.write(conn, rows, |text| self.push_on_conflict(text, on_conflict)).await
    }

    async fn write(
        &self,
        conn: &impl ConnectionTrait,
        rows: &[Row],
        push_on_conflict: impl Fn(&mut String),
    ) -> Result<()> {
        for chunk in chunks(conn.get_database_backend(), rows.len()) {
            conn.execute_raw(self.statement(conn, &rows[chunk], &push_on_conflict)).await?;
        }
        Ok(())
    }

    fn statement(
        &self,
        conn: &impl ConnectionTrait,
        rows: &[Row],
        push_on_conflict: impl Fn(&mut String),
    ) -> Statement {
        let kinds = self.columns.each_ref().map(|column| column.kind);
        let values = rows.iter().map(|row| self.columns.iter().map(|column| (column.value)(row)));
        let mut sql = Sql::new(conn, "INSERT INTO ");
        sql.extend(|text| {
            text.push_str(self.name);
            text.push_str(" (");
            push_joined(text, self.columns.iter(), |text, column| text.push_str(column.name));
            text.push_str(") ");
        });
        let mut sql = sql.rows(&kinds, values);
        sql.extend(push_on_conflict);
        sql.build()
    }

    /// Writes straight into the statement: every commit has several, and pieces put together cost more than their rows.
    fn push_on_conflict(&self, text: &mut String, role: impl Fn(&Column<Row>) -> OnConflict) {
        let is_key = |column: &&Column<Row>| column.on_conflict == OnConflict::Key;
        text.push_str(" ON CONFLICT (");
        push_joined(text, self.columns.iter().filter(is_key), |text, column| text.push_str(column.name));
        text.push_str(") DO UPDATE SET ");
        let roles = self.columns.iter().map(|column| (column.name, role(column)));
        let changed = roles.filter(|(_, role)| !matches!(role, OnConflict::Key | OnConflict::Keep));
        let table = self.name;
        push_joined(text, changed, |text, (name, role)| {
            // A text takes all that is written.
            _ = match role {
                OnConflict::Add => write!(text, "{name} = {table}.{name} + excluded.{name}"),
                // The engines have no function in common that takes the greater of two values.
                OnConflict::Raise => write!(
                    text,
                    "{name} = CASE WHEN excluded.{name} > {table}.{name} THEN excluded.{name} ELSE {table}.{name} END"
                ),
                _ => write!(text, "{name} = excluded.{name}"),
            };
        });
    }
}

/// Writes items with commas between them.
fn push_joined<T>(text: &mut String, items: impl Iterator<Item = T>, push: impl Fn(&mut String, T)) {
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        push(text, item);
    }
}

#[cfg(test)]
pub(in crate::store) mod tests {
    use std::collections::BTreeMap;

    use sea_orm::{
        ColumnTrait as _, ColumnType, EntityTrait, IdenStatic as _, Iterable as _, PrimaryKeyToColumn as _,
    };

    use super::*;

    /// Fails where the columns of a table are not those of its entity: their names, their types, which of them may be null
    /// and which are the key.
    pub(in crate::store) fn assert_is_table_of<E: EntityTrait, Row, const N: usize>(table: &Table<Row, N>)
    where
        E::PrimaryKey: sea_orm::PrimaryKeyToColumn<Column = E::Column>,
    {
        let key: Vec<String> =
            E::PrimaryKey::iter().map(|key| key.into_column().as_str().to_owned()).collect();
        let of_entity: BTreeMap<String, (Kind, bool)> = E::Column::iter()
            .map(|column| {
                let name = column.as_str().to_owned();
                let is_key = key.contains(&name);
                (name, (kind_of(column.def().get_column_type(), column.def().is_null()), is_key))
            })
            .collect();
        let of_table: BTreeMap<String, (Kind, bool)> = table
            .columns
            .iter()
            .map(|column| (column.name.to_owned(), (column.kind, column.on_conflict == OnConflict::Key)))
            .collect();
        assert_eq!(of_table, of_entity, "{}", table.name);
        assert_eq!(table.columns.len(), of_entity.len(), "{}: a column is named twice", table.name);
    }

    fn kind_of(column_type: &ColumnType, is_null: bool) -> Kind {
        match (column_type, is_null) {
            (ColumnType::SmallInteger, false) => Kind::SmallInt,
            (ColumnType::SmallInteger, true) => Kind::SmallIntOrNull,
            (ColumnType::Integer, false) => Kind::Int,
            (ColumnType::Integer, true) => Kind::IntOrNull,
            (ColumnType::BigInteger, false) => Kind::BigInt,
            (ColumnType::BigInteger, true) => Kind::BigIntOrNull,
            (ColumnType::String(_) | ColumnType::Text, false) => Kind::Text,
            (ColumnType::String(_) | ColumnType::Text, true) => Kind::TextOrNull,
            (other, _) => panic!("no kind for {other:?}"),
        }
    }
}
