//! What a principal proves themselves with. The secret itself is nowhere.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// 0 token, 1 session, 2 invitation, 3 code for a dashboard on another site.
    pub kind: i16,
    /// The SHA-256 of the secret.
    pub secret_hash: Vec<u8>,
    pub principal_id: i32,
    pub name: String,
    pub created_at: i64,
    /// The principal who did; 0 is the command line on the server's machine.
    pub created_by: i32,
    pub expires_at: i64,
    /// When it was last used, to ten minutes.
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::principal::Entity",
        from = "Column::PrincipalId",
        to = "super::principal::Column::Id"
    )]
    Principal,
}

impl Related<super::principal::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Principal.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
