//! What a principal may do in a factory: one role of those that they have there.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    /// 0 device, 1 viewer, 2 supervisor, 3 engineer, 4 admin.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: i16,
    /// The worker that the principal is, as sent; empty where that is not said.
    #[sea_orm(primary_key, auto_increment = false)]
    pub worker: String,
    /// Whether it follows from the groups of the last sign-in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub is_from_groups: bool,
    pub granted_at: i64,
    /// The principal who did; 0 is the command line on the server's machine.
    pub granted_by: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::factory::Entity",
        from = "Column::FactoryId",
        to = "super::factory::Column::Id"
    )]
    Factory,
}

impl Related<super::factory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Factory.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
