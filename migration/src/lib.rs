//! Andon's database, one change per file, from the same code on every engine.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DatabaseConnection, EntityTrait as _, TransactionTrait as _},
    seaql_migrations,
};

mod m0001_factory;
mod m0002_tracked_entity;
mod m0003_names;
mod m0004_event_and_conflict;
mod m0005_rollup;
mod m0006_commit_log;
mod m0007_device;
mod m0008_conflict_counts;
mod m0009_event_issue;
mod m0010_source_last_event;
mod m0011_state_series;
mod m0012_decision;
mod m0013_ledger;
mod m0014_entity_origin;
mod m0015_access;
mod m0016_audit_log;
mod m0017_oidc;
mod table;

/// Every change, in the order in which they are made.
pub struct Migrator;

impl Migrator {
    /// How many changes were not made yet. It only reads, so that a role may ask that may change nothing.
    pub async fn pending(conn: &DatabaseConnection) -> Result<usize, DbErr> {
        Ok(Self::get_pending_migrations_read_only(conn).await?.len())
    }

    /// A change that was made and that this version does not know, if there is one: another version made the tables. It only
    /// reads.
    pub async fn unknown(conn: &DatabaseConnection) -> Result<Option<String>, DbErr> {
        if !SchemaManager::new(conn).has_table("seaql_migrations").await? {
            return Ok(None);
        }
        let known = Self::migrations();
        let made = seaql_migrations::Entity::find().all(conn).await?;
        let unknown = made
            .into_iter()
            .map(|row| row.version)
            .find(|made| known.iter().all(|known| known.name() != made));
        Ok(unknown)
    }

    /// Makes every change that was not made yet, all of them or none: SQLite's changes are in no transaction unless told.
    pub async fn migrate(conn: &DatabaseConnection) -> Result<(), DbErr> {
        let tx = conn.begin().await?;
        Self::up(&tx, None).await?;
        tx.commit().await
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_factory::Migration),
            Box::new(m0002_tracked_entity::Migration),
            Box::new(m0003_names::Migration),
            Box::new(m0004_event_and_conflict::Migration),
            Box::new(m0005_rollup::Migration),
            Box::new(m0006_commit_log::Migration),
            Box::new(m0007_device::Migration),
            Box::new(m0008_conflict_counts::Migration),
            Box::new(m0009_event_issue::Migration),
            Box::new(m0010_source_last_event::Migration),
            Box::new(m0011_state_series::Migration),
            Box::new(m0012_decision::Migration),
            Box::new(m0013_ledger::Migration),
            Box::new(m0014_entity_origin::Migration),
            Box::new(m0015_access::Migration),
            Box::new(m0016_audit_log::Migration),
            Box::new(m0017_oidc::Migration),
        ]
    }
}
