//! Workers and workstations.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, integer, integer_null, small_integer, small_integer_null,
        string_null,
    },
};

use crate::table::{changing_table, compared_text, compared_text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tracked_entity = changing_table(
            manager,
            "tracked_entity",
            &["factory_id", "id"],
            [
                integer("factory_id"),
                integer("id"),
                small_integer("entity_type"),
                compared_text(manager, "code"),
                string_null("name"),
                compared_text_null(manager, "area"),
                big_integer("last_seen_at"),
                big_integer("frontier"),
                boolean("hides_events"),
                big_integer("longest_duration_ms"),
                big_integer("revision"),
                small_integer_null("current_type"),
                big_integer_null("current_since"),
                big_integer_null("current_until"),
                small_integer_null("current_confidence"),
                integer_null("current_model_version_id"),
                integer_null("current_source_id"),
                integer_null("current_decision"),
            ],
        )
        .foreign_key(ForeignKey::create().from("tracked_entity", "factory_id").to("factory", "id"))
        .to_owned();
        manager.create_table(tracked_entity).await?;
        let code = Index::create()
            .name("tracked_entity_code")
            .table("tracked_entity")
            .col("factory_id")
            .col("entity_type")
            .col("code")
            .unique()
            .to_owned();
        manager.create_index(code).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tracked_entity").to_owned()).await
    }
}
