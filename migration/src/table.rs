//! How every table of ours is made: its rows are stored in the order of its key.

use sea_orm_migration::prelude::*;

/// A table whose primary key is these of its columns, in this order.
pub(crate) fn table(
    manager: &SchemaManager<'_>,
    name: &'static str,
    key: &[&'static str],
    columns: impl IntoIterator<Item = ColumnDef>,
) -> TableCreateStatement {
    let mut primary_key = Index::create();
    for column in key {
        primary_key.col(*column);
    }
    let mut table = Table::create();
    table.table(name).primary_key(&mut primary_key);
    for column in columns {
        table.col(column);
    }
    // SQLite keeps rows by a hidden number unless told otherwise; then every insert would touch two trees.
    if manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}
