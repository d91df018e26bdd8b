//! What devices and programs prove with who they are.

use super::scalar::DateTime;
use super::shows::Shows;
use crate::api::client::Client;
use crate::api::session::Arrival;
use graphql_client::GraphQLQuery;
use serde::Serialize;

/// When the tokens are asked for again, in ms: others may change them.
const AGAIN_MS: f64 = 30_000.0;
/// For how long a token that is replaced stays valid, in hours: long enough to bring the next one to its device.
pub(crate) const OVERLAP_HOURS: i64 = 24;

/// The role of who sees figures, as the API calls it.
const VIEWER: &str = "VIEWER";

/// Kinds that the page only compares or says, so nothing is compiled to read them.
type PrincipalKind = String;
type Role = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/tokens.graphql",
    extern_enums("PrincipalKind", "Role"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Tokens;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/create_token.graphql",
    extern_enums("Role"),
    variable_types("super::TokenWish")
)]
pub(crate) struct CreateToken;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/rotate_token.graphql",
    extern_enums("Role")
)]
pub(crate) struct RotateToken;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema.graphql", query_path = "queries/revoke_token.graphql")]
pub(crate) struct RevokeToken;

/// A token, without its text.
pub(crate) type Token = tokens::TokensTokens;

/// A token with its text, which the server tells this once.
#[derive(Clone, PartialEq)]
pub(crate) struct IssuedToken {
    pub(crate) name: String,
    /// Whether it lets a program see the figures of the factory, and nothing else.
    pub(crate) is_viewer: bool,
    pub(crate) expires_at: DateTime,
    pub(crate) secret: String,
}

/// The schema's `CreateTokenInput`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenWish {
    pub(crate) factory_id: String,
    /// As the API calls it.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// A program's; a device has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_days: Option<i64>,
}

macro_rules! issued {
    ($issued:expr) => {{
        let issued = $issued;
        let token = issued.token;
        let is_viewer = !token.roles.is_empty() && token.roles.iter().all(|role| role == VIEWER);
        IssuedToken { name: token.name, is_viewer, expires_at: token.expires_at, secret: issued.secret }
    }};
}

/// Creates a token. The error is a sentence for the page.
pub(crate) async fn create_token(client: Client, input: TokenWish) -> Result<IssuedToken, String> {
    Ok(issued!(client.mutate::<CreateToken>(create_token::Variables { input }).await?.create_token))
}

/// Creates another token in place of one, which stays valid for [`OVERLAP_HOURS`]. The error is a sentence for the page.
pub(crate) async fn rotate_token(client: Client, id: String) -> Result<IssuedToken, String> {
    let variables = rotate_token::Variables { id, overlap_hours: OVERLAP_HOURS };
    Ok(issued!(client.mutate::<RotateToken>(variables).await?.rotate_token))
}

/// Lets a token be valid no longer. The error is a sentence for the page.
pub(crate) async fn revoke_token(client: Client, id: String) -> Result<(), String> {
    client.mutate::<RevokeToken>(revoke_token::Variables { id }).await.map(drop)
}

impl Shows for Tokens {
    type Shown = Vec<Token>;

    fn show(_: Option<Self::Shown>, data: tokens::ResponseData, _: Arrival) -> Self::Shown {
        data.tokens
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}
