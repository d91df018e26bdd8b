//! What was done, by whom and when: rows that are only added. The hash of a row covers the one before it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// 0 for what is about the server as a whole.
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub at: i64,
    /// 0 where it is not known who did it.
    pub principal_id: i32,
    /// What the principal was called then.
    pub principal: String,
    /// 0 where there was none.
    pub credential_id: i32,
    pub action: i16,
    /// 0 done, 1 refused.
    pub outcome: i16,
    pub target: String,
    /// A JSON object.
    pub details: String,
    /// Empty where it came from no network.
    pub address: String,
    /// As the client or a proxy said it; empty where nobody did.
    pub request_id: String,
    /// Of the access rows, or of the factory, after it; 0 where neither changed.
    pub revision: i64,
    /// How many times, of what is counted.
    pub times: i64,
    /// SHA-256.
    pub hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
