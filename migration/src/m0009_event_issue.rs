//! Events that were not stored, counted by what is alike of them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, small_integer, text},
};

use crate::table::{changing_table, compared_text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Of the factory.
const COUNT: &str = "other_issues";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let event_issue = changing_table(
            manager,
            "event_issue",
            &["factory_id", "code", "source", "device"],
            [
                integer("factory_id"),
                small_integer("code"),
                compared_text(manager, "source"),
                compared_text(manager, "device"),
                big_integer("events"),
                big_integer("first_at"),
                big_integer("last_at"),
                text("example"),
            ],
        );
        manager.create_table(event_issue).await?;
        let column = big_integer(COUNT).default(0).to_owned();
        manager.alter_table(Table::alter().table("factory").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("factory").drop_column(COUNT).to_owned()).await?;
        manager.drop_table(Table::drop().table("event_issue").to_owned()).await
    }
}
