//! Factories.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, small_integer, string, string_uniq},
};

use crate::table::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let factory = table(
            manager,
            "factory",
            &["id"],
            [
                integer("id"),
                string_uniq("slug"),
                string("name"),
                string("time_zone"),
                small_integer("units_basis"),
                big_integer("revision"),
            ],
        );
        manager.create_table(factory).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("factory").to_owned()).await
    }
}
