//! The sums of one entity in one bucket of one level: 0 five minutes, 1 hour, 2 UTC day, 3 all time. The level is in the number
//! of the bucket, because SQLite compares rows of more than 13 columns slowly.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rollup")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// The level times 2^40, and the number of the bucket, counted in the level's length from the Unix epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: i32,
    pub working_ms: i64,
    pub idle_ms: i64,
    pub absent_ms: i64,
    pub overlap_ms: i64,
    /// The time in which reports of more than one type cover an instant that nobody corrected.
    pub contested_ms: i64,
    /// The time in which a correction says what the entity was doing.
    pub corrected_ms: i64,
    pub units: i64,
    /// The sum of the winner's confidence (parts per 10 000) times its time, where it states one.
    pub confidence_ms: i64,
    /// The time of winners that state a confidence.
    pub confident_ms: i64,
    /// Events that start in the bucket.
    pub events: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
