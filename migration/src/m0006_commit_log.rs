//! What the other servers on the same database must know of a commit, to push it: PostgreSQL only, because an SQLite
//! file has one server.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, text},
    sea_orm::DbBackend,
};

use crate::table::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let commit_log = table(
            manager,
            "commit_log",
            &["factory_id", "revision"],
            [
                integer("factory_id"),
                big_integer("revision"),
                big_integer("committed_at"),
                big_integer("events"),
                text("latest_events"),
            ],
        );
        manager.create_table(commit_log).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        manager.drop_table(Table::drop().table("commit_log").to_owned()).await
    }
}
