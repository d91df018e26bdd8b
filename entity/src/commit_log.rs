//! What the other servers on the same PostgreSQL must know of a commit, to push it. Pruned after ten minutes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// The factory's revision after the commit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// By the committing server's clock, Unix milliseconds.
    pub committed_at: i64,
    /// How many events it stored.
    pub events: i64,
    /// The latest of them in the order in which they were stored, as JSON.
    #[sea_orm(column_type = "Text")]
    pub latest_events: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
