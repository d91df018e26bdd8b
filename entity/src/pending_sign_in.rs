//! A sign-in at an identity provider from which nobody has come back yet.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_sign_in")]
pub struct Model {
    /// The SHA-256 of what the provider sends back with the person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_hash: Vec<u8>,
    /// The SHA-256 of what the browser that began it has in a cookie.
    pub browser_hash: Vec<u8>,
    /// What the ID token must have.
    pub nonce: String,
    /// What proves to the provider that the code is asked for by who began.
    pub pkce_verifier: String,
    /// The path of this server that the person is then sent to.
    pub next: String,
    pub expires_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
