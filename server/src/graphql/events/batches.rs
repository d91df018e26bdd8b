//! Batches that were deserialized directly from the request's text, without the library's values.
//!
//! The library makes a tree of values of a batch, copies it to validate it and converts it again, which costs several
//! times as much as reading its text. So a variable that holds a batch is read and validated at once; the library gets an
//! empty list in its place, which passes its validation, and the resolver finds the batch here by its variable's name.

mod place;

use std::{collections::HashMap, sync::Mutex};

use async_graphql::{
    Context, Name, Value as ConstValue,
    parser::types::{OperationDefinition, Selection},
};
use async_graphql_value::Value;

pub(crate) use self::place::holds_batch;
use crate::{
    error::ApiError,
    ingest::{IngestError, Judged},
};

/// The batches of one request, by the variables that hold them.
pub(crate) struct Batches {
    by_variable: Mutex<HashMap<Name, Option<Batch>>>,
    uses: Uses,
}

/// A batch, or why it is refused as a whole.
type Batch = Result<Judged, IngestError>;

/// How often a request can ask for one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Uses {
    /// A single field asks, so the batch is given away.
    One,
    /// Several fields may ask for the same, so each gets a copy.
    Many,
}

impl Batches {
    /// The batches of an operation.
    pub(crate) fn new(
        operation: &OperationDefinition,
        by_variable: impl Iterator<Item = (Name, Batch)>,
    ) -> Self {
        let uses = match operation.selection_set.node.items.as_slice() {
            [only] if matches!(only.node, Selection::Field(_)) => Uses::One,
            _ => Uses::Many,
        };
        let by_variable = by_variable.map(|(name, batch)| (name, Some(batch))).collect();
        Self { by_variable: Mutex::new(by_variable), uses }
    }

    /// The value of a batch's variable in the library.
    pub(crate) fn placeholder() -> ConstValue {
        ConstValue::List(Vec::new())
    }

    /// The batch that is this argument of the field being resolved; none when its value is elsewhere, as usual.
    pub(crate) fn argument(ctx: &Context<'_>, argument: &str) -> Option<Result<Judged, ApiError>> {
        match ctx.item.node.get_argument(argument).map(|value| &value.node) {
            Some(Value::Variable(variable)) => ctx.data_opt::<Self>()?.get(variable),
            _ => None,
        }
    }

    fn get(&self, variable: &Name) -> Option<Result<Judged, ApiError>> {
        // A panic while the lock is held would leave nothing half-done.
        let mut by_variable = self.by_variable.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let batch = by_variable.get_mut(variable)?;
        let given = match self.uses {
            Uses::One => batch.take(),
            Uses::Many => batch.clone(),
        };
        // Never none again: that would make an empty batch of it.
        Some(match given {
            Some(batch) => batch.map_err(Into::into),
            None => Err(ApiError::internal(&"a batch was asked for more often than expected")),
        })
    }
}
