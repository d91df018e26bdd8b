//! What people decided, and of which workers and workstations.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, integer, integer_null, small_integer, small_integer_null,
        string,
    },
};

use crate::table::{compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let decision = table(
            manager,
            "decision",
            &["factory_id", "number"],
            [
                integer("factory_id"),
                integer("number"),
                small_integer("kind"),
                string("content"),
                big_integer("made_at"),
                string("made_by"),
                string("note"),
                compared_text(manager, "request_id"),
                integer_null("withdrawn_by"),
                boolean("is_counted"),
                big_integer("events"),
                big_integer("revision"),
                big_integer("changed_revision"),
            ],
        );
        manager.create_table(decision).await?;
        let request = Index::create()
            .name("decision_request")
            .table("decision")
            .col("factory_id")
            .col("request_id")
            .unique()
            .to_owned();
        manager.create_index(request).await?;
        let decision_entity = table(
            manager,
            "decision_entity",
            &["factory_id", "entity_id", "number"],
            [
                integer("factory_id"),
                integer("entity_id"),
                integer("number"),
                boolean("is_counted"),
                big_integer("from_at"),
                big_integer("to_at"),
                small_integer_null("state"),
                big_integer_null("units"),
                small_integer_null("retracted_type"),
                small_integer_null("retracted_form"),
                compared_text(manager, "retracted_code"),
            ],
        );
        manager.create_table(decision_entity).await?;
        let number = Index::create()
            .name("decision_entity_number")
            .table("decision_entity")
            .col("factory_id")
            .col("number")
            .to_owned();
        manager.create_index(number).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("decision_entity").to_owned()).await?;
        manager.drop_table(Table::drop().table("decision").to_owned()).await
    }
}
