//! From the text of a request to an operation that may run: parsed and checked once, on both transports.

mod documents;
mod sent;

use async_graphql::{
    Request, ServerError, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub(super) use self::documents::Documents;
use self::sent::{Sent, SentVariables};
use super::error_response::ErrorResponse;
use crate::{
    error::ApiError,
    graphql::{
        events::batches::{Batches, holds_batch},
        variables,
    },
    ingest::Ingest,
};

/// What a client sends for one operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    pub(super) query: String,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    /// Read so that anything but an object is refused; nothing in it is used.
    #[serde(default, rename = "extensions")]
    pub(super) _extensions: Option<Map<String, Value>>,
}

/// An operation within the limits, ready to be validated and run.
pub(super) struct Operation {
    pub(super) kind: OperationType,
    pub(super) request: Request,
}

/// Reads one JSON object. A list is refused by name: there is no batching, and serde would read it as a struct.
/// `what` says what the object is.
pub(super) fn json_object<T: DeserializeOwned>(json: &[u8], what: &str) -> Result<T, ApiError> {
    match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => serde_json::from_slice(json)
            .map_err(|error| ApiError::bad_user_input(format!("{what} is not as expected: {error}"))),
        Some(b'[') => Err(ApiError::bad_user_input(format!("{what} must be one JSON object, not a list"))),
        Some(_) => Err(ApiError::bad_user_input(format!("{what} must be a JSON object"))),
        None => Err(ApiError::bad_user_input(format!("{what} must be a JSON object; nothing was sent"))),
    }
}

impl Operation {
    /// Reads and checks a request, and validates its batches of events.
    pub(super) fn read(json: &[u8], documents: &Documents, ingest: &Ingest) -> Result<Self, ErrorResponse> {
        if let Some(sent) = Sent::read(json) {
            let document = documents.get(&sent.query)?;
            if let Some(operation) = Self::with_batches(document, sent, ingest)? {
                return Ok(operation);
            }
        }
        let Parameters { query, operation_name, variables, .. } =
            json_object(json, "the body").map_err(ErrorResponse::malformed)?;
        Ok(Self::of(documents.get(&query)?, operation_name, variables)?)
    }

    /// Parses and checks a document and selects the operation to run.
    pub(super) fn prepare(parameters: Parameters, documents: &Documents) -> Result<Self, ServerError> {
        let Parameters { query, operation_name, variables, .. } = parameters;
        Self::of(documents.get(&query)?, operation_name, variables)
    }

    /// None when a list that reads like a batch is or may be something else.
    fn with_batches(
        mut document: ExecutableDocument,
        sent: Sent<'_>,
        ingest: &Ingest,
    ) -> Result<Option<Self>, ServerError> {
        let Sent { operation_name, variables: SentVariables { batches, others: mut variables }, .. } = sent;
        if batches.is_empty() {
            return Self::of(document, operation_name, variables).map(Some);
        }
        let operation = selected(&mut document.operations, operation_name.as_deref())?;
        if !batches.keys().all(|variable| holds_batch(operation, &document.fragments, variable)) {
            return Ok(None);
        }
        variables.extend(batches.keys().map(|variable| (variable.clone(), Batches::placeholder())));
        let batches = batches.into_iter().map(|(variable, batch)| (variable, ingest.judge(batch)));
        let batches = Batches::new(operation, batches);
        let Self { kind, request } = Self::of(document, operation_name, variables)?;
        Ok(Some(Self { kind, request: request.data(batches) }))
    }

    fn of(
        mut document: ExecutableDocument,
        operation_name: Option<String>,
        mut variables: Variables,
    ) -> Result<Self, ServerError> {
        let selected = selected(&mut document.operations, operation_name.as_deref())?;
        variables::resolve(selected, &mut document.fragments, &mut variables)?;
        let kind = selected.ty;
        // The text is not needed once it is parsed, and a subscription would keep it for as long as it lives.
        let mut request = Request::new(String::new()).variables(variables);
        request.operation_name = operation_name;
        request.set_parsed_query(document);
        Ok(Self { kind, request })
    }
}

/// The operation to run.
fn selected<'a>(
    operations: &'a mut DocumentOperations,
    name: Option<&str>,
) -> Result<&'a mut OperationDefinition, ApiError> {
    let found = match (operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values_mut().next()
        }
        (DocumentOperations::Multiple(_), None) => {
            return Err(ApiError::bad_user_input(
                "the document has several operations; operationName says which to run",
            ));
        }
    };
    found.map(|operation| &mut operation.node).ok_or_else(|| {
        let name = domain::validate::excerpt(name.unwrap_or_default());
        ApiError::bad_user_input(format!("the document has no operation \"{name}\""))
    })
}
