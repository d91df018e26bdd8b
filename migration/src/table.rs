//! How every table of ours is made: its rows are stored in the order of its key where the engine can do that, and its
//! texts are compared byte for byte on every engine.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// How full PostgreSQL packs the pages of a table whose rows change again and again, in percent: a new version of a
/// row that finds room on its own page touches no index.
const FILLFACTOR_OF_SUMS: &str = "WITH (fillfactor = 70)";

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
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

/// As [`table`], for rows that change with every batch.
pub(crate) fn changing_table(
    manager: &SchemaManager<'_>,
    name: &'static str,
    key: &[&'static str],
    columns: impl IntoIterator<Item = ColumnDef>,
) -> TableCreateStatement {
    let mut table = table(manager, name, key, columns);
    if manager.get_database_backend() == DbBackend::Postgres {
        table.extra(FILLFACTOR_OF_SUMS);
    }
    table
}

/// A text that is compared. SQLite compares bytes by itself; PostgreSQL would follow the language of the database, in
/// which two servers can differ and an index can break with an upgrade.
pub(crate) fn compared_text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.string().not_null();
    in_byte_order(manager, column)
}

/// As [`compared_text`], and it may be null.
pub(crate) fn compared_text_null(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.string().null();
    in_byte_order(manager, column)
}

fn in_byte_order(manager: &SchemaManager<'_>, mut column: ColumnDef) -> ColumnDef {
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}
