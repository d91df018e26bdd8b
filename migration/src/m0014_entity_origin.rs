//! Which devices, sources and models reported whom, by day.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer},
};

use crate::table::{compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let entity_origin = table(
            manager,
            "entity_origin",
            &["factory_id", "day", "entity_id", "device", "source_id", "model_version_id"],
            [
                integer("factory_id"),
                big_integer("day"),
                integer("entity_id"),
                compared_text(manager, "device"),
                integer("source_id"),
                integer("model_version_id"),
            ],
        );
        manager.create_table(entity_origin).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("entity_origin").to_owned()).await
    }
}
