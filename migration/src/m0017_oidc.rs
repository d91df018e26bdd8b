//! People who sign in at an identity provider: who they are there, and sign-ins that have begun.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, binary_len, integer, string},
};

use crate::table::{compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The bytes of a SHA-256.
const HASH_BYTES: u32 = 32;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identity = table(
            manager,
            "identity",
            &["issuer", "subject"],
            [
                compared_text(manager, "issuer"),
                compared_text(manager, "subject"),
                integer("principal_id"),
                big_integer("created_at"),
            ],
        );
        manager.create_table(identity).await?;
        let pending_sign_in = table(
            manager,
            "pending_sign_in",
            &["state_hash"],
            [
                binary_len("state_hash", HASH_BYTES),
                binary_len("browser_hash", HASH_BYTES),
                string("nonce"),
                string("pkce_verifier"),
                string("next"),
                big_integer("expires_at"),
            ],
        );
        manager.create_table(pending_sign_in).await?;
        let expiry = Index::create()
            .name("pending_sign_in_expiry")
            .table("pending_sign_in")
            .col("expires_at")
            .to_owned();
        manager.create_index(expiry).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["pending_sign_in", "identity"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
