//! When a factory's grace was set, and what was changed in buckets that were closed.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, binary, integer, integer_null, small_integer},
};

use crate::table::{compared_text_null, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let closing = table(
            manager,
            "closing",
            &["factory_id", "revision"],
            [integer("factory_id"), big_integer("revision"), big_integer("at"), small_integer("grace_hours")],
        );
        manager.create_table(closing).await?;
        let restatement = table(
            manager,
            "restatement",
            &["factory_id", "revision", "ordinal"],
            [
                integer("factory_id"),
                big_integer("revision"),
                integer("ordinal"),
                big_integer("at"),
                small_integer("cause"),
                compared_text_null(manager, "device"),
                compared_text_null(manager, "source"),
                integer_null("decision"),
                big_integer("first_hour"),
                big_integer("last_hour"),
            ],
        );
        manager.create_table(restatement).await?;
        // What came after an instant is asked for, and mostly that is little of what there is.
        let at = Index::create()
            .name("restatement_at")
            .table("restatement")
            .col("factory_id")
            .col("at")
            .to_owned();
        manager.create_index(at).await?;
        let restated_hour = table(
            manager,
            "restated_hour",
            &["factory_id", "revision", "ordinal", "hour", "entity_id"],
            [
                integer("factory_id"),
                big_integer("revision"),
                integer("ordinal"),
                big_integer("hour"),
                integer("entity_id"),
                binary("deltas"),
            ],
        );
        manager.create_table(restated_hour).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["restated_hour", "restatement", "closing"] {
            manager.drop_table(Table::drop().table(name).to_owned()).await?;
        }
        Ok(())
    }
}
