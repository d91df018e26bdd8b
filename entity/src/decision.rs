//! What somebody decided about a factory's reports. Only the number of the decision that takes it back is ever written to it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// From 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// 0 correction, 1 standing, 2 retraction, 3 withdrawal.
    pub kind: i16,
    /// What it says, as JSON.
    pub content: String,
    pub made_at: i64,
    pub made_by: String,
    pub note: String,
    /// The sender's own id of the request that made it.
    pub request_id: String,
    pub withdrawn_by: Option<i32>,
    /// How many stored events were counted again for it.
    pub events: i64,
    /// The factory's revision with it.
    pub revision: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
