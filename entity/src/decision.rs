//! What somebody decided about a factory's reports. Nothing that was decided is ever changed: only which decision takes it back,
//! and how far the sums follow it.

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
    /// Whether sums are counted by it: of all buckets, or of some while it is being applied.
    pub is_counted: bool,
    /// How many stored events were counted again for it.
    pub events: i64,
    /// The factory's revision with it.
    pub revision: i64,
    /// The factory's revision with its last change: when it was taken back, or more of it was applied.
    pub changed_revision: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
