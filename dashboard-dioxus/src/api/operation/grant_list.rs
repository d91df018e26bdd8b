//! Who may do what in a factory, and how that is changed.

use super::scalar::DateTime;
use super::shows::Shows;
use crate::api::client::Client;
use crate::api::session::Arrival;
use domain::access::Role as DomainRole;
use graphql_client::GraphQLQuery;
use serde::Serialize;

/// When it is asked again, in ms: others may change it.
const AGAIN_MS: f64 = 30_000.0;

/// Kinds that the page only compares or says, so nothing is compiled to read them.
type PrincipalKind = String;
type Role = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/grants.graphql",
    extern_enums("PrincipalKind", "Role"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Grants;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/invite.graphql",
    variable_types("super::GrantWish"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Invite;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/grant.graphql",
    extern_enums("Role"),
    variable_types("super::GrantWish")
)]
pub(crate) struct GrantRole;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/revoke_grant.graphql",
    extern_enums("Role"),
    variable_types("super::GrantWish")
)]
pub(crate) struct RevokeGrant;

/// A role that somebody has.
pub(crate) type Grant = grants::GrantsGrants;
/// A way in for somebody new.
pub(crate) type Invitation = invite::InviteInvite;

/// The schema's inputs `GrantInput` and `InviteInput`, which are alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantWish {
    pub(crate) factory_id: String,
    pub(crate) name: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) worker_id: Option<String>,
}

impl GrantWish {
    /// A role for a person, who is a worker of the factory if one is named.
    pub(crate) fn new(factory_id: String, name: &str, role: &str, worker_id: &str) -> Self {
        let worker_id = Some(worker_id.trim().to_owned()).filter(|id| !id.is_empty());
        Self { factory_id, name: name.trim().to_owned(), role: role.to_owned(), worker_id }
    }
}

/// What the API calls a role.
pub(crate) fn role_code(role: DomainRole) -> String {
    role.name().to_ascii_uppercase()
}

/// Lets somebody in who does not exist yet. The error is a sentence for the page.
pub(crate) async fn invite(client: Client, input: GrantWish) -> Result<Invitation, String> {
    Ok(client.mutate::<Invite>(invite::Variables { input }).await?.invite)
}

/// Gives a person who exists a role. The error is a sentence for the page.
pub(crate) async fn grant(client: Client, input: GrantWish) -> Result<(), String> {
    client.mutate::<GrantRole>(grant_role::Variables { input }).await.map(drop)
}

/// Takes a role away. The error is a sentence for the page.
pub(crate) async fn revoke_grant(client: Client, input: GrantWish) -> Result<(), String> {
    client.mutate::<RevokeGrant>(revoke_grant::Variables { input }).await.map(drop)
}

impl Shows for Grants {
    type Shown = Vec<Grant>;

    fn show(_: Option<Self::Shown>, data: grants::ResponseData, _: Arrival) -> Self::Shown {
        data.grants
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_worker_is_named_only_where_somebody_is_one() {
        let wish = |worker: &str| {
            serde_json::to_value(GrantWish::new("plant".to_owned(), " Kim ", "VIEWER", worker)).unwrap()
        };
        assert_eq!(wish(" "), json!({ "factoryId": "plant", "name": "Kim", "role": "VIEWER" }));
        let expected = json!({ "factoryId": "plant", "name": "Kim", "role": "VIEWER", "workerId": "W1" });
        assert_eq!(wish("W1"), expected);
    }

    #[test]
    fn the_api_writes_roles_in_capitals() {
        assert_eq!(role_code(DomainRole::Supervisor), "SUPERVISOR");
    }
}
