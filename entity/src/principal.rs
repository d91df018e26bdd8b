//! Who may do something: a person, a device or another program.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "principal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// 0 person, 1 device, 2 service.
    pub kind: i16,
    /// The factory that a device or a service belongs to; 0 of a person.
    pub factory_id: i32,
    /// Unique among those of its kind and factory. A device's is its id.
    pub name: String,
    /// Whether they create factories and people.
    pub is_operator: bool,
    pub created_at: i64,
    /// The principal who did; 0 is the command line on the server's machine.
    pub created_by: i32,
    /// Since when none of their credentials is valid.
    pub disabled_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
