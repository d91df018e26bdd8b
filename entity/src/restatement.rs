//! Why a commit changed sums of closed buckets, one row a cause. Rows are added and, after 400 days, deleted.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "restatement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// The factory's revision with the commit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The place of the cause in its commit, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    /// The instant of the commit; it never falls with the revision.
    pub at: i64,
    /// 0 late events, 1 a decision, 2 a rebuild.
    pub cause: i16,
    /// Of late events: the device that sent them, if it numbers what it sends.
    pub device: Option<String>,
    /// Of late events: the source that they name.
    pub source: Option<String>,
    /// The number of the decision.
    pub decision: Option<i32>,
    /// The first hour of which something changed, counted from the Unix epoch.
    pub first_hour: i64,
    /// The last one.
    pub last_hour: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
