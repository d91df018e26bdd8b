//! Factories.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, integer_null, small_integer, string},
};

use crate::table::{changing_table, compared_text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let factory = changing_table(
            manager,
            "factory",
            &["id"],
            [
                integer("id"),
                compared_text(manager, "slug").unique_key().to_owned(),
                string("name"),
                string("time_zone"),
                small_integer("units_basis"),
                small_integer("state_hold_minutes"),
                small_integer("finality_grace_hours"),
                big_integer("closed_floor"),
                big_integer("committed_at"),
                integer("last_decision"),
                integer("pending_decisions"),
                integer_null("active_decision"),
                big_integer_null("active_bucket"),
                big_integer("decided_revision"),
                big_integer("revision"),
            ],
        );
        manager.create_table(factory).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("factory").to_owned()).await
    }
}
