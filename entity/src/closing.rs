//! For how many hours a factory's buckets stay open after their end, and from which commit on.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "closing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// The factory's revision with the commit that set it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The instant of that commit; it never falls with the revision.
    pub at: i64,
    pub grace_hours: i16,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
