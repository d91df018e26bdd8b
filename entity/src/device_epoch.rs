//! Which of a device's numbers the server has answered for, in one of its epochs: a row that is written in the same
//! transaction as the events.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_epoch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_code: String,
    /// As sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: String,
    /// Null when another epoch's batch told of it and it never sent one itself.
    pub first_heard_at: Option<i64>,
    pub heard_at: Option<i64>,
    /// Stored or refused: ranges such as `1-500,502-502`.
    pub answered: String,
    /// Those of them that were refused.
    pub refused: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
