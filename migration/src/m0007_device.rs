//! Devices that number what they send, and which of their numbers were answered for.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, small_integer, string_null, text},
};

use crate::table::{changing_table, compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let device = changing_table(
            manager,
            "device",
            &["factory_id", "code"],
            [
                integer("factory_id"),
                compared_text(manager, "code"),
                compared_text(manager, "epoch"),
                big_integer("last_seen_at"),
                big_integer("clock_offset_ms"),
                big_integer("queued_events"),
                big_integer_null("oldest_queued_at"),
                big_integer("lost_events"),
                big_integer("dead_lettered_events"),
                big_integer_null("lost_at"),
            ],
        )
        .foreign_key(ForeignKey::create().from("device", "factory_id").to("factory", "id"))
        .to_owned();
        manager.create_table(device).await?;
        let epoch = changing_table(
            manager,
            "device_epoch",
            &["factory_id", "device_code", "epoch"],
            [
                integer("factory_id"),
                compared_text(manager, "device_code"),
                compared_text(manager, "epoch"),
                big_integer_null("first_heard_at"),
                big_integer_null("heard_at"),
                text("answered"),
                text("refused"),
            ],
        );
        manager.create_table(epoch).await?;
        let closed_range = table(
            manager,
            "device_closed_range",
            &["factory_id", "device_code", "epoch", "reason", "first_sequence"],
            [
                integer("factory_id"),
                compared_text(manager, "device_code"),
                compared_text(manager, "epoch"),
                small_integer("reason"),
                big_integer("first_sequence"),
                big_integer("last_sequence"),
                big_integer_null("from_at"),
                big_integer_null("to_at"),
                string_null("detail"),
                big_integer("told_at"),
            ],
        );
        manager.create_table(closed_range).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["device_closed_range", "device_epoch", "device"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
