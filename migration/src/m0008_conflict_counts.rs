//! How many contradictions of stored events a factory keeps and has dropped, and the order in which they came.

use sea_orm_migration::{prelude::*, schema::big_integer};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Of the factory.
const COUNTS: [&str; 2] = ["kept_conflicts", "dropped_conflicts"];
const INDEX: &str = "event_conflict_received_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for count in COUNTS {
            let column = big_integer(count).default(0).to_owned();
            manager.alter_table(Table::alter().table("factory").add_column(column).to_owned()).await?;
        }
        let counted = "UPDATE factory SET kept_conflicts = \
                       (SELECT COUNT(*) FROM event_conflict WHERE event_conflict.factory_id = factory.id)";
        manager.get_connection().execute_unprepared(counted).await?;
        let received_at = Index::create()
            .name(INDEX)
            .table("event_conflict")
            .col("factory_id")
            .col("received_at")
            .to_owned();
        manager.create_index(received_at).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table("event_conflict").to_owned()).await?;
        for count in COUNTS {
            manager.alter_table(Table::alter().table("factory").drop_column(count).to_owned()).await?;
        }
        Ok(())
    }
}
