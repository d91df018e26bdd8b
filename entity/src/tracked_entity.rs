//! A worker or a workstation, registered by its first event or by a person. `id` is counted per factory.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tracked_entity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// 0 worker, 1 workstation.
    pub entity_type: i16,
    /// As sent, such as `W1`.
    pub code: String,
    pub name: Option<String>,
    pub area: Option<String>,
    /// The latest end of its events that count; the least number there is when it has none.
    pub last_seen_at: i64,
    /// The latest end of all its events.
    pub frontier: i64,
    /// Whether events of it are stored that no segment shows: a gap between segments may hold some.
    pub hides_events: bool,
    /// No event of it is longer: how far a late event must look back.
    pub longest_duration_ms: i64,
    /// The factory's revision after the last commit that touched it.
    pub revision: i64,
    /// The segment with the latest end; null when no event has a length.
    pub current_type: Option<i16>,
    pub current_since: Option<i64>,
    pub current_until: Option<i64>,
    pub current_confidence: Option<i16>,
    pub current_model_version_id: Option<i32>,
    pub current_source_id: Option<i32>,
    /// The decision that says so.
    pub current_decision: Option<i32>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
