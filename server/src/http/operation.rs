//! From the text of a request to an operation that may run: parsed and checked once, on both transports.

mod allowance;
mod documents;
mod list;
mod persisted;
mod sent;
mod tokens;

use std::borrow::Cow;

use async_graphql::{
    Request, ServerError,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};
use domain::event_text::{UTF16_ADVICE, broken_event, is_utf16};
use http_listener::{Memory, MemoryShare};
use serde::Deserialize;

pub(super) use self::{
    allowance::Allowance,
    documents::Documents,
    list::read_list,
    persisted::PersistedQueries,
    sent::{Sent, SentDocument},
};
use self::{
    documents::{MAX_TOKENS, TOKEN_BYTES},
    sent::{SentVariables, VALUE_BYTES, read_variables},
};
use super::{authenticate::Client, denied::Caller};
use crate::{
    error::ApiError,
    graphql::{budget::is_costly, events::batches::Batches, variables},
    ingest::Ingest,
};

/// An operation within the limits, ready to be validated and run.
pub(super) struct Operation {
    pub(super) kind: OperationType,
    pub(super) caller: Caller,
    pub(super) request: Request,
    /// The memory that its variables take. Keep it for as long as the request.
    pub(super) share: MemoryShare,
    /// Whether to answer it takes the database or the processor long.
    pub(super) is_costly: bool,
    /// What the document and the variables take, in bytes, for as long as the operation runs.
    pub(super) held_bytes: usize,
}

/// Why an operation cannot be run.
pub(super) enum Unprepared {
    /// It is no request at all.
    Malformed(ApiError),
    /// It is one, but asks for what cannot be answered.
    Refused(ServerError),
}

impl From<ServerError> for Unprepared {
    fn from(error: ServerError) -> Self {
        Self::Refused(error)
    }
}

impl From<ApiError> for Unprepared {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.into())
    }
}

/// Reads one JSON object. A list is refused by name: serde would read it as a struct. `what` says what the object is.
pub(super) fn json_object<'a, T: Deserialize<'a>>(json: &'a [u8], what: &str) -> Result<T, ApiError> {
    let refused = |why: &str| ApiError::bad_user_input(format!("{what} must be {why}"));
    // Checked once here, its texts need no check one by one.
    if is_utf16(json) {
        return Err(refused(&format!("UTF-8, {UTF16_ADVICE}")));
    }
    let json = str::from_utf8(json).map_err(|_| refused("UTF-8"))?;
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'{') => serde_json::from_str(json).map_err(|error| match broken_event(json, &error) {
            Some((path, index, fault)) => ApiError::unreadable_event(&path, index, &fault),
            None => ApiError::bad_user_input(format!("{what} is not as expected: {error}")),
        }),
        Some(b'[') => Err(refused("one JSON object, not a list")),
        Some(_) => Err(refused("a JSON object")),
        None => Err(refused("a JSON object; nothing was sent")),
    }
}

/// What an operation is prepared with.
pub(super) struct Preparation<'s> {
    pub(super) documents: &'s Documents,
    pub(super) persisted: &'s PersistedQueries,
    pub(super) ingest: &'s Ingest,
    pub(super) memory: &'s Memory,
    /// Who sent the request.
    pub(super) client: &'s Client,
}

impl Preparation<'_> {
    /// Parses and checks a document, selects the operation to run and reads its variables. Batches of events among them are
    /// judged at once. What it needs is taken from the allowance of its request.
    ///
    /// # Errors
    /// It is not GraphQL, its variables are not what it declares, or it is too much.
    pub(super) fn prepare(&self, sent: Sent<'_>, allowance: &mut Allowance) -> Result<Operation, Unprepared> {
        let (mut document, tokens) = self.document(sent.document, allowance)?;
        let is_costly = is_costly(&document, &mut allowance.questions);
        let selected = selected(&mut document.operations, sent.operation_name.as_deref())?;
        let (SentVariables { batches, others: mut variables, values, batch_values }, share) = match &sent
            .variables
        {
            Some(json) => read_variables(json, selected, &document.fragments, allowance.values, self.memory)?,
            None => (SentVariables::default(), self.memory.share(None)),
        };
        allowance.take_values(values);
        let batches = (!batches.is_empty()).then(|| {
            variables.extend(batches.keys().map(|variable| (variable.clone(), Batches::placeholder())));
            let judged = batches.into_iter().map(|(variable, batch)| (variable, self.ingest.judge(batch)));
            Batches::new(selected, judged)
        });
        variables::resolve(selected, &mut document.fragments, &mut variables)?;
        let kind = selected.ty;
        // The text is not needed once it is parsed, and a subscription would keep it for as long as it lives.
        let mut request = Request::new(String::new())
            .variables(variables)
            .data(allowance.budget.clone())
            .data(self.client.access.clone())
            .data(self.client.origin.clone());
        if let Some(limited) = &self.client.limited {
            request = request.data(limited.clone());
        }
        request.operation_name = sent.operation_name;
        request.set_parsed_query(document);
        if let Some(batches) = batches {
            request = request.data(batches);
        }
        let held_bytes = tokens * TOKEN_BYTES + (values + batch_values) * VALUE_BYTES;
        let caller = Caller { access: self.client.access.clone(), origin: self.client.origin.clone() };
        Ok(Operation { kind, caller, request, share, is_costly, held_bytes })
    }

    /// The document that was sent or named, and how many tokens it has.
    fn document(
        &self,
        sent: SentDocument<'_>,
        allowance: &mut Allowance,
    ) -> Result<(ExecutableDocument, usize), Unprepared> {
        let (text, hash) = match sent {
            SentDocument::Text(text) => (text, None),
            SentDocument::Hash(hash) => (Cow::Owned(self.persisted.get(hash)?.as_ref().to_owned()), None),
            SentDocument::TextToKeep(text, hash) => (text, Some(hash)),
        };
        let document = self.documents.get(&text)?;
        let tokens = tokens::count(&text, MAX_TOKENS);
        allowance.take_document(text.len(), tokens)?;
        if let Some(hash) = hash {
            hash.check(&text)?;
            self.persisted.keep(hash, &text, self.client.peer);
        }
        Ok((document, tokens))
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
