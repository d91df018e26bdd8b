//! Events, and what contradicted them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, integer_null, small_integer, small_integer_null},
};

use crate::table::{compared_text, compared_text_null, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// What makes a report the same report, the model version last: before it comes what all readings of one fact share.
const IDENTITY: [&str; 8] = [
    "factory_id",
    "bucket",
    "entity_id",
    "started_at",
    "event_type",
    "event_code",
    "series",
    "model_version_id",
];

/// The state reports of a series in the order of time, and those of the workers at a workstation.
const STATE_INDEXES: [&str; 2] = [
    "event_series ON event (factory_id, entity_id, series, model_version_id, started_at) WHERE series <> 0",
    "event_workstation ON event (factory_id, workstation, started_at) WHERE series <> 0 AND workstation IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let event = table(
            manager,
            "event",
            &IDENTITY,
            [
                integer("factory_id"),
                big_integer("bucket"),
                integer("entity_id"),
                big_integer("started_at"),
                small_integer("event_type"),
                compared_text(manager, "event_code"),
                integer("series").default(0).to_owned(),
                integer("model_version_id"),
                big_integer("duration_ms"),
                big_integer("units"),
                small_integer_null("confidence"),
                integer_null("source_id"),
                compared_text_null(manager, "workstation"),
                big_integer("received_at"),
                small_integer_null("hold_minutes"),
            ],
        );
        manager.create_table(event).await?;
        for index in STATE_INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {index}")).await?;
        }
        let said = ["duration_ms", "units", "confidence", "workstation"];
        let key: Vec<&str> = IDENTITY.into_iter().chain(said).collect();
        let event_conflict = table(
            manager,
            "event_conflict",
            &key,
            [
                integer("factory_id"),
                big_integer("bucket"),
                integer("entity_id"),
                big_integer("started_at"),
                small_integer("event_type"),
                compared_text(manager, "event_code"),
                integer("series"),
                integer("model_version_id"),
                big_integer("duration_ms"),
                big_integer("units"),
                small_integer("confidence"),
                compared_text(manager, "workstation"),
                integer_null("source_id"),
                big_integer("received_at"),
            ],
        );
        manager.create_table(event_conflict).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("event_conflict").to_owned()).await?;
        manager.drop_table(Table::drop().table("event").to_owned()).await
    }
}
