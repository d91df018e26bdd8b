//! What was done and by whom, and who asked about whom.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, binary_len, integer, small_integer, string},
};

use crate::table::{changing_table, compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The bytes of a SHA-256.
const HASH_BYTES: u32 = 32;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(audit_log(manager)).await?;
        let audit_head = changing_table(
            manager,
            "audit_head",
            &["factory_id"],
            [
                integer("factory_id"),
                big_integer("number"),
                binary_len("hash", HASH_BYTES),
                big_integer("first_number"),
                binary_len("hash_before_first", HASH_BYTES),
            ],
        );
        manager.create_table(audit_head).await?;
        let ingest_count = changing_table(
            manager,
            "ingest_count",
            &["factory_id", "credential_id", "hour_at"],
            [
                integer("factory_id"),
                integer("credential_id"),
                big_integer("hour_at"),
                big_integer("batches"),
                big_integer("events"),
            ],
        );
        manager.create_table(ingest_count).await?;
        manager.create_table(personal_access(manager)).await?;
        let by_day =
            Index::create().name("personal_access_day").table("personal_access").col("day").to_owned();
        manager.create_index(by_day).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["personal_access", "ingest_count", "audit_head", "audit_log"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn audit_log(manager: &SchemaManager) -> TableCreateStatement {
    let columns = [
        integer("factory_id"),
        big_integer("number"),
        big_integer("at"),
        integer("principal_id"),
        string("principal"),
        integer("credential_id"),
        small_integer("action"),
        small_integer("outcome"),
        string("target"),
        string("details"),
        string("address"),
        string("request_id"),
        big_integer("revision"),
        big_integer("times"),
        binary_len("hash", HASH_BYTES),
    ];
    table(manager, "audit_log", &["factory_id", "number"], columns)
}

fn personal_access(manager: &SchemaManager) -> TableCreateStatement {
    let columns = [
        integer("factory_id"),
        compared_text(manager, "worker"),
        integer("day"),
        integer("principal_id"),
        small_integer("question"),
        big_integer("first_at"),
        big_integer("last_at"),
        big_integer("times"),
    ];
    let key = ["factory_id", "worker", "day", "principal_id", "question"];
    changing_table(manager, "personal_access", &key, columns)
}
