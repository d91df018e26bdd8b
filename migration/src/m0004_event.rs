//! Events, and what contradicted them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, integer_null, small_integer, small_integer_null, string_null},
};

use crate::table::{compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let event = table(
            manager,
            "event",
            &["factory_id", "bucket", "entity_id", "started_at", "event_type", "event_code"],
            [
                integer("factory_id"),
                big_integer("bucket"),
                integer("entity_id"),
                big_integer("started_at"),
                small_integer("event_type"),
                compared_text(manager, "event_code"),
                big_integer("duration_ms"),
                big_integer("units"),
                small_integer_null("confidence"),
                integer_null("model_version_id"),
                integer_null("source_id"),
                string_null("workstation"),
                big_integer("received_at"),
            ],
        );
        manager.create_table(event).await?;
        let event_conflict = table(
            manager,
            "event_conflict",
            &[
                "factory_id",
                "bucket",
                "entity_id",
                "started_at",
                "event_type",
                "event_code",
                "duration_ms",
                "units",
                "confidence",
                "model_version_id",
            ],
            [
                integer("factory_id"),
                big_integer("bucket"),
                integer("entity_id"),
                big_integer("started_at"),
                small_integer("event_type"),
                compared_text(manager, "event_code"),
                big_integer("duration_ms"),
                big_integer("units"),
                small_integer("confidence"),
                integer("model_version_id"),
                integer_null("source_id"),
                string_null("workstation"),
                big_integer("received_at"),
            ],
        );
        manager.create_table(event_conflict).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("event_conflict").to_owned()).await?;
        manager.drop_table(Table::drop().table("event").to_owned()).await
    }
}
