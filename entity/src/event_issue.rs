//! How many events were not stored for one reason, of one source and sent by one device. Texts that were left out are empty.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_issue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// What was wrong.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub device: String,
    pub events: i64,
    pub first_at: i64,
    pub last_at: i64,
    /// Of the latest batch, for people.
    #[sea_orm(column_type = "Text")]
    pub example: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
