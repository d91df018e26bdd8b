//! The series of state reports, each with its latest report, which nothing has ended yet.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, integer_null, small_integer_null},
};

use crate::table::{changing_table, compared_text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let state_series = changing_table(
            manager,
            "state_series",
            &["factory_id", "entity_id", "series", "model_version_id"],
            [
                integer("factory_id"),
                integer("entity_id"),
                integer("series"),
                integer("model_version_id"),
                big_integer("last_at"),
                small_integer_null("event_type"),
                small_integer_null("confidence"),
                compared_text(manager, "event_code"),
                integer_null("workstation_id"),
            ],
        );
        manager.create_table(state_series).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("state_series").to_owned()).await
    }
}
