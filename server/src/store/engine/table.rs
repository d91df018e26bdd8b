//! The tables that are written in bulk: each column once, with its kind, its value, and what becomes of it where a row with
//! the same key is there.

use std::sync::OnceLock;

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

/// What the statements of a table begin and end with, kept with the table: every commit has several of them.
pub(in crate::store) type Texts = OnceLock<(String, String)>;

/// A table with the columns that are written.
pub(in crate::store) struct Table<Row, const N: usize> {
    name: &'static str,
    texts: &'static Texts,
    columns: [Column<Row>; N],
}

impl<Row, const N: usize> Table<Row, N> {
    /// A table, whose texts no other one shares. Its columns may come in any order.
    pub(in crate::store) const fn new(
        name: &'static str,
        texts: &'static Texts,
        columns: [Column<Row>; N],
    ) -> Self {
        Self { name, texts, columns }
    }

    /// Inserts rows whose keys are not there.
    pub(in crate::store) async fn insert(&self, conn: &impl ConnectionTrait, rows: &[Row]) -> Result<()> {
        self.write(conn, rows, "").await
    }

    /// Inserts rows, but for those whose keys are there.
    pub(in crate::store) async fn insert_new(&self, conn: &impl ConnectionTrait, rows: &[Row]) -> Result<()> {
        self.write(conn, rows, " ON CONFLICT DO NOTHING").await
    }

    /// Inserts rows, or changes those whose keys are there.
    pub(in crate::store) async fn upsert(&self, conn: &impl ConnectionTrait, rows: &[Row]) -> Result<()> {
        self.write(conn, rows, &self.texts().1).await
    }

    /// As [`Self::upsert`], but of rows whose keys are there these columns alone are overwritten.
    pub(in crate::store) async fn upsert_columns(
        &self,
        conn: &impl ConnectionTrait,
        rows: &[Row],
        names: &[&str],
    ) -> Result<()> {
        let changes: Vec<String> = names.iter().copied().map(replaced).collect();
        self.write(conn, rows, &self.do_update(&changes)).await
    }

    async fn write(&self, conn: &impl ConnectionTrait, rows: &[Row], on_conflict: &str) -> Result<()> {
        for chunk in chunks(conn.get_database_backend(), rows.len()) {
            conn.execute_raw(self.statement(conn, &rows[chunk], on_conflict)).await?;
        }
        Ok(())
    }

    fn statement(&self, conn: &impl ConnectionTrait, rows: &[Row], on_conflict: &str) -> Statement {
        let kinds = self.columns.each_ref().map(|column| column.kind);
        let values = rows.iter().map(|row| self.columns.iter().map(|column| (column.value)(row)));
        Sql::new(conn, &self.texts().0).rows(&kinds, values).text(on_conflict).build()
    }

    fn texts(&self) -> &(String, String) {
        self.texts.get_or_init(|| {
            let names = self.columns.each_ref().map(|column| column.name).join(", ");
            (format!("INSERT INTO {} ({names}) ", self.name), self.on_conflict())
        })
    }

    fn on_conflict(&self) -> String {
        let replaced = self.named(OnConflict::Replace).map(replaced);
        let added = self
            .named(OnConflict::Add)
            .map(|name| format!("{name} = {table}.{name} + excluded.{name}", table = self.name));
        // The engines have no function in common that takes the greater of two values.
        let raised = self.named(OnConflict::Raise).map(|name| {
            let stored = format!("{}.{name}", self.name);
            format!("{name} = CASE WHEN excluded.{name} > {stored} THEN excluded.{name} ELSE {stored} END")
        });
        let changes: Vec<String> = replaced.chain(added).chain(raised).collect();
        self.do_update(&changes)
    }

    fn do_update(&self, changes: &[String]) -> String {
        let key: Vec<&str> = self.named(OnConflict::Key).collect();
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), changes.join(", "))
    }

    fn named(&self, role: OnConflict) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter(move |column| column.on_conflict == role).map(|column| column.name)
    }
}

fn replaced(name: &str) -> String {
    format!("{name} = excluded.{name}")
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
            (ColumnType::Boolean, false) => Kind::Bool,
            (ColumnType::SmallInteger, false) => Kind::SmallInt,
            (ColumnType::SmallInteger, true) => Kind::SmallIntOrNull,
            (ColumnType::Integer, false) => Kind::Int,
            (ColumnType::Integer, true) => Kind::IntOrNull,
            (ColumnType::BigInteger, false) => Kind::BigInt,
            (ColumnType::BigInteger, true) => Kind::BigIntOrNull,
            (ColumnType::VarBinary(_) | ColumnType::Binary(_) | ColumnType::Blob, false) => Kind::Bytes,
            (ColumnType::String(_) | ColumnType::Text, false) => Kind::Text,
            (ColumnType::String(_) | ColumnType::Text, true) => Kind::TextOrNull,
            (other, _) => panic!("no kind for {other:?}"),
        }
    }
}
