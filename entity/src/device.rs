//! A device that numbers the events it sends, and what it last said of itself.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// As sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The one of its latest batch.
    pub epoch: String,
    pub last_seen_at: i64,
    /// The server's clock minus the device's.
    pub clock_offset_ms: i64,
    pub queued_events: i64,
    /// By the device's clock; null when nothing is queued.
    pub oldest_queued_at: Option<i64>,
    pub lost_events: i64,
    pub dead_lettered_events: i64,
    /// When the server last learned of a loss.
    pub lost_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
