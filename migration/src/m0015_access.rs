//! Who may do what: principals, what they were granted, and what they prove themselves with.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, binary_len, boolean, integer, small_integer, string},
};

use crate::table::{changing_table, compared_text, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The bytes of a SHA-256.
const HASH_BYTES: u32 = 32;

/// The one row of its table.
const NOTHING_CHANGED: &str =
    "INSERT INTO access (id, revision, last_principal, last_credential) VALUES (1, 0, 0, 0)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let access = changing_table(
            manager,
            "access",
            &["id"],
            [
                small_integer("id"),
                big_integer("revision"),
                integer("last_principal"),
                integer("last_credential"),
            ],
        );
        manager.create_table(access).await?;
        let smallest_team =
            Table::alter().table("factory").add_column(small_integer("smallest_team").default(5)).to_owned();
        manager.alter_table(smallest_team).await?;
        manager.get_connection().execute_unprepared(NOTHING_CHANGED).await?;
        manager.create_table(principal(manager)).await?;
        let name = Index::create()
            .name("principal_name")
            .table("principal")
            .col("kind")
            .col("factory_id")
            .col("name")
            .unique()
            .to_owned();
        manager.create_index(name).await?;
        let access_grant = table(
            manager,
            "access_grant",
            &["principal_id", "factory_id", "role", "worker", "is_from_groups"],
            [
                integer("principal_id"),
                integer("factory_id"),
                small_integer("role"),
                compared_text(manager, "worker"),
                boolean("is_from_groups"),
                big_integer("granted_at"),
                integer("granted_by"),
            ],
        );
        manager.create_table(access_grant).await?;
        let of_factory =
            Index::create().name("access_grant_factory").table("access_grant").col("factory_id").to_owned();
        manager.create_index(of_factory).await?;
        manager.create_table(credential(manager)).await?;
        let password = table(
            manager,
            "password",
            &["principal_id"],
            [integer("principal_id"), string("hash"), big_integer("changed_at")],
        );
        manager.create_table(password).await?;
        let setup_code = table(
            manager,
            "setup_code",
            &["id"],
            [small_integer("id"), binary_len("code_hash", HASH_BYTES), big_integer("expires_at")],
        );
        manager.create_table(setup_code).await?;
        let of_principal =
            Index::create().name("credential_principal").table("credential").col("principal_id").to_owned();
        manager.create_index(of_principal).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let smallest_team = Table::alter().table("factory").drop_column("smallest_team").to_owned();
        manager.alter_table(smallest_team).await?;
        for table in ["setup_code", "password", "credential", "access_grant", "principal", "access"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn principal(manager: &SchemaManager) -> TableCreateStatement {
    let columns = [
        integer("id"),
        small_integer("kind"),
        integer("factory_id"),
        compared_text(manager, "name"),
        boolean("is_operator"),
        big_integer("created_at"),
        integer("created_by"),
        big_integer_null("disabled_at"),
    ];
    table(manager, "principal", &["id"], columns)
}

fn credential(manager: &SchemaManager) -> TableCreateStatement {
    let columns = [
        integer("id"),
        small_integer("kind"),
        binary_len("secret_hash", HASH_BYTES),
        integer("principal_id"),
        string("name"),
        big_integer("created_at"),
        integer("created_by"),
        big_integer("expires_at"),
        big_integer_null("last_used_at"),
        big_integer_null("revoked_at"),
    ];
    changing_table(manager, "credential", &["id"], columns)
}
