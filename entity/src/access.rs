//! What counts the changes of who may do what. It has one row, which whoever makes such a change locks first.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access")]
pub struct Model {
    /// 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// Grows with every change of what somebody may do who could prove who they are before.
    pub revision: i64,
    /// The id of the latest principal.
    pub last_principal: i32,
    /// The id of the latest credential: none is ever used again.
    pub last_credential: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
