//! When each source was last seen. No key leads from a source to its events, and an index that did would be one more tree that
//! every event is put into; this is one row a source and commit.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer},
};

use crate::table::changing_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "source_last_event";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            integer("factory_id"),
            integer("source_id"),
            big_integer("ended_at"),
            big_integer("received_at"),
        ];
        manager.create_table(changing_table(manager, TABLE, &["factory_id", "source_id"], columns)).await?;
        let seen = "INSERT INTO source_last_event (factory_id, source_id, ended_at, received_at) \
                    SELECT factory_id, source_id, MAX(started_at + duration_ms), MAX(received_at) FROM event \
                    WHERE source_id IS NOT NULL GROUP BY factory_id, source_id";
        manager.get_connection().execute_unprepared(seen).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).to_owned()).await
    }
}
