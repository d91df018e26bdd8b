//! How much a credential has sent in an hour that the audit log does not have yet.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub credential_id: i32,
    /// When the hour began.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour_at: i64,
    pub batches: i64,
    /// Those that were stored.
    pub events: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
