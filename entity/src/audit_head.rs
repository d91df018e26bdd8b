//! Where a factory's audit log begins and ends.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_head")]
pub struct Model {
    /// 0 for what is about the server as a whole.
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// Of the last row.
    pub number: i64,
    /// Of the last row.
    pub hash: Vec<u8>,
    /// Of the first row that is kept.
    pub first_number: i64,
    /// Of the row before that.
    pub hash_before_first: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
