//! Who asked what about a worker on a day.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_access")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// The worker, as sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub worker: String,
    /// The day in the factory's time zone, counted from 1970-01-01.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal_id: i32,
    /// What was asked for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub question: i16,
    pub first_at: i64,
    pub last_at: i64,
    pub times: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
