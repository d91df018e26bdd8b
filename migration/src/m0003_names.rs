//! The names that events repeat, kept once: models and sources.

use sea_orm_migration::{prelude::*, schema::integer};

use crate::table::{compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["model_version", "source"] {
            let columns = [integer("factory_id"), integer("id"), compared_text(manager, "name")];
            let names = table(manager, name, &["factory_id", "id"], columns)
                .foreign_key(ForeignKey::create().from(name, "factory_id").to("factory", "id"))
                .to_owned();
            manager.create_table(names).await?;
            let unique = Index::create()
                .name(format!("{name}_name"))
                .table(name)
                .col("factory_id")
                .col("name")
                .unique()
                .to_owned();
            manager.create_index(unique).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("source").to_owned()).await?;
        manager.drop_table(Table::drop().table("model_version").to_owned()).await
    }
}
