//! A stored event. The key is the identity, with the five-minute bucket of the start before it: what arrives together
//! is stored together, and one entity's time is still read by few seeks.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub started_at: i64,
    /// 0 absent, 1 idle, 2 working.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_type: i16,
    /// The sender's own id, or the empty text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_code: String,
    /// 0 for an interval; for a state report the source of its series, or -1 when it names none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: i32,
    /// 0 when no model is named.
    #[sea_orm(primary_key, auto_increment = false)]
    pub model_version_id: i32,
    /// Of a state report the time to the next one of its series, if that came in time; it changes when another comes between.
    pub duration_ms: i64,
    pub units: i64,
    /// Parts per 10 000; null is not stated.
    pub confidence: Option<i16>,
    pub source_id: Option<i32>,
    pub workstation: Option<String>,
    pub received_at: i64,
    /// Of a state report, in how many minutes the next one comes at the latest; below zero, so many by the factory's setting.
    pub hold_minutes: Option<i16>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
