//! A series of state reports: those of one entity with one source and one model version. It has the latest of them, which
//! nothing has ended yet.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "state_series")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: i32,
    /// The source, or -1 when none is named.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: i32,
    /// 0 when no model is named.
    #[sea_orm(primary_key, auto_increment = false)]
    pub model_version_id: i32,
    /// When the latest report was made.
    pub last_at: i64,
    /// 0 absent, 1 idle, 2 working; null when nothing counts that was reported then.
    pub event_type: Option<i16>,
    /// Parts per 10 000; null is not stated.
    pub confidence: Option<i16>,
    /// The sender's own id, or the empty text.
    pub event_code: String,
    /// Of which workstation it tells, too.
    pub workstation_id: Option<i32>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
