//! Numbers of a device that will never come, as it told.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_closed_range")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: String,
    /// 0 lost, 1 dead-lettered.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_sequence: i64,
    pub last_sequence: i64,
    /// The events' own times.
    pub from_at: Option<i64>,
    pub to_at: Option<i64>,
    pub detail: Option<String>,
    pub told_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
