//! What contradicted a stored event, with when it first came. The key holds all that was said, so that saying it again
//! stores nothing; a confidence that was left out is -1 there.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_conflict")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub started_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_type: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub model_version_id: i32,
    /// Of a state report its hold as sent, below zero; 0 when it was left out.
    #[sea_orm(primary_key, auto_increment = false)]
    pub duration_ms: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub units: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub confidence: i16,
    /// The empty text when it was left out.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workstation: String,
    pub source_id: Option<i32>,
    pub received_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
