//! What people change: names and areas of entities, and the first factory.

use crate::api::client::Client;
use crate::model::EntityName;
use domain::event::EntityType;
use graphql_client::GraphQLQuery;
use serde::Serialize;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/update_worker.graphql",
    variable_types("ID", "ID", "super::EntityChange")
)]
pub(crate) struct UpdateWorker;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/update_workstation.graphql",
    variable_types("ID", "ID", "super::EntityChange")
)]
pub(crate) struct UpdateWorkstation;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/update_entities.graphql",
    extern_enums("EntityType"),
    variable_types("ID", "super::EntityChangeInput")
)]
pub(crate) struct UpdateEntities;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema.graphql", query_path = "queries/create_factory.graphql")]
pub(crate) struct CreateFactory;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema.graphql", query_path = "queries/create_demo_factory.graphql")]
pub(crate) struct CreateDemoFactory;

/// The schema's `UpdateEntityInput`: a field that is none stays, one that is `Some(None)` is cleared.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct EntityChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) area: Option<Option<String>>,
}

impl EntityChange {
    /// What a text field that a person left means: the text without blanks around it, or nothing.
    pub(crate) fn text(typed: &str) -> Option<String> {
        Some(typed.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// The schema's input of the same name: one of several changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityChangeInput {
    pub(crate) entity_type: EntityType,
    pub(crate) entity_id: String,
    #[serde(flatten)]
    pub(crate) change: EntityChange,
}

/// Changes several at once, all of them or none; those that are not known are registered where that is wanted. Answers with what they are now; the
/// error is a sentence for the page.
pub(crate) async fn update_entities(
    client: Client,
    factory_id: String,
    changes: Vec<EntityChangeInput>,
    unknown: Unknown,
) -> Result<Vec<EntityName>, String> {
    let register_new = unknown == Unknown::Register;
    let variables = update_entities::Variables { factory_id, changes, register_new };
    let updated = client.mutate_by_request::<UpdateEntities>(variables).await?.update_entities;
    let workers = updated.workers.into_iter().map(|worker| EntityName {
        kind: EntityType::Worker,
        id: worker.worker_id,
        name: worker.name,
        area: worker.area,
    });
    let workstations = updated.workstations.into_iter().map(|workstation| EntityName {
        kind: EntityType::Workstation,
        id: workstation.workstation_id,
        name: workstation.name,
        area: workstation.area,
    });
    Ok(workers.chain(workstations).collect())
}

/// What becomes of those of which the server never heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Nothing is changed.
    Refuse,
    Register,
}

/// Changes what people call a worker or workstation, or where it belongs. The error is a sentence for the page.
pub(crate) async fn update_entity(
    client: Client,
    factory_id: String,
    kind: EntityType,
    id: String,
    input: EntityChange,
) -> Result<EntityName, String> {
    Ok(match kind {
        EntityType::Worker => {
            let variables = update_worker::Variables { factory_id, id, input };
            let worker = client.mutate::<UpdateWorker>(variables).await?.update_worker;
            EntityName { kind, id: worker.worker_id, name: worker.name, area: worker.area }
        }
        EntityType::Workstation => {
            let variables = update_workstation::Variables { factory_id, id, input };
            let workstation = client.mutate::<UpdateWorkstation>(variables).await?.update_workstation;
            EntityName {
                kind,
                id: workstation.workstation_id,
                name: workstation.name,
                area: workstation.area,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_left_out_stays_and_null_clears_it() {
        let sent = |name, area| serde_json::to_value(EntityChange { name, area }).unwrap();
        assert_eq!(sent(None, None), json!({}));
        assert_eq!(sent(Some(None), None), json!({ "name": null }));
        assert_eq!(sent(None, Some(EntityChange::text(" Line 2 "))), json!({ "area": "Line 2" }));
        assert_eq!(sent(Some(EntityChange::text("  ")), None), json!({ "name": null }));
        let change = EntityChange { name: Some(None), area: None };
        let one =
            EntityChangeInput { entity_type: EntityType::Workstation, entity_id: "S1".to_owned(), change };
        let expected = json!({ "entityType": "WORKSTATION", "entityId": "S1", "name": null });
        assert_eq!(serde_json::to_value(one).unwrap(), expected);
    }
}
