//! The sums of every entity in buckets of four levels.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer},
};

use crate::table::changing_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rollup = changing_table(
            manager,
            "rollup",
            &["factory_id", "bucket", "entity_id"],
            [
                integer("factory_id"),
                big_integer("bucket"),
                integer("entity_id"),
                big_integer("working_ms"),
                big_integer("idle_ms"),
                big_integer("absent_ms"),
                big_integer("overlap_ms"),
                big_integer("contested_ms").default(0).to_owned(),
                big_integer("corrected_ms").default(0).to_owned(),
                big_integer("units"),
                big_integer("confidence_ms"),
                big_integer("confident_ms"),
                big_integer("events"),
            ],
        );
        manager.create_table(rollup).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("rollup").to_owned()).await
    }
}
