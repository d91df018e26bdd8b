//! Which device, source and model reported an entity, by the factory's day on which the events start. A row is written once.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entity_origin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// Calendar days since 1970-01-01, by the factory's time zone when the event came.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: i32,
    /// The device that sent the events; empty for senders that do not number what they send.
    #[sea_orm(primary_key, auto_increment = false)]
    pub device: String,
    /// 0 where the events name none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// 0 where the events name none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub model_version_id: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
