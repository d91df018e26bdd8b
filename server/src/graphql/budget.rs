//! What one request may cost, all of its fields together, and how many costly ones are answered at once.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use async_graphql::{
    Context, SelectionField,
    parser::types::{ExecutableDocument, Field, Selection, SelectionSet},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// The most values of one answer: fifty thousand points of a series with nine fields of each. Each takes about a hundred
/// bytes until the answer is written.
const MAX_VALUES: usize = 600_000;
/// What a statement costs that a question needs for each day of its window, in values that could be read meanwhile.
const STATEMENT_VALUES: usize = 100;
/// How many costly requests are answered at a time, each on a thread of its own: half of an SQLite file's readers, and on half of
/// the cores, so that others find both.
const MAX_COSTLY_AT_ONCE: usize = 2;
/// How long a costly request waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// The most questions of a request that is not costly: a page asks for the factory, its workers and its workstations.
const MAX_CHEAP_QUESTIONS: usize = 4;
/// The fields that read more than one row for each worker or workstation.
const COSTLY_FIELDS: [&str; 9] = [
    "metricSeries",
    "entitySeries",
    "timeline",
    "timelines",
    "events",
    "conflicts",
    "decisions",
    "sources",
    "restatements",
];
/// The fields that list all workers or workstations unless this argument names some.
const LISTS: [(&str, &str); 2] = [("workerMetrics", "workerIds"), ("workstationMetrics", "workstationIds")];
/// The argument that every question has.
const FACTORY_ID: &str = "factoryId";
/// The question that has another one.
const NODE: &str = "node";

/// What is left of a request's budget.
#[derive(Default)]
pub(crate) struct Budget {
    values: AtomicUsize,
}

impl Budget {
    /// Counts the rows of a field's answer, each with all that is selected of it.
    ///
    /// # Errors
    /// The request asks for more than one may.
    pub(super) fn charge(&self, ctx: &Context<'_>, rows: usize) -> Result<(), ApiError> {
        self.charge_values(rows.saturating_mul(1 + fields_in(ctx.field())))
    }

    /// Counts the statements that a question needs, before they are run.
    ///
    /// # Errors
    /// As those of [`Self::charge`].
    pub(super) fn charge_statements(&self, statements: usize) -> Result<(), ApiError> {
        self.charge_values(statements.saturating_mul(STATEMENT_VALUES))
    }

    /// Counts rows that become part of few values.
    ///
    /// # Errors
    /// As those of [`Self::charge`].
    pub(super) fn charge_rows_read(&self, rows: usize) -> Result<(), ApiError> {
        self.charge_values(rows)
    }

    fn charge_values(&self, values: usize) -> Result<(), ApiError> {
        // More than all is never counted, so that the sum stays a number.
        let values = values.min(MAX_VALUES + 1);
        let charged = self.values.fetch_add(values, Ordering::Relaxed).saturating_add(values);
        if charged <= MAX_VALUES {
            return Ok(());
        }
        Err(ApiError::limit_exceeded(format!(
            "the answer would take more than {MAX_VALUES} values; select fewer fields, ask for fewer rows or a shorter window, or \
             ask in several requests"
        )))
    }
}

/// How many fields are selected inside of a field, at all depths.
fn fields_in(field: SelectionField<'_>) -> usize {
    field.selection_set().map(|inner| 1 + fields_in(inner)).sum()
}

/// The turns of costly requests.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new((cores / 2).clamp(1, MAX_COSTLY_AT_ONCE))))
    }
}

impl Turns {
    /// Waits for a turn, which lasts until it is dropped.
    ///
    /// # Errors
    /// Too many were before it.
    pub(crate) async fn wait(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        match tokio::time::timeout(TURN_TIMEOUT, self.0.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(ApiError::overloaded(
                "the server answers as many large questions as it can; ask again, or for less at a time",
            )),
        }
    }
}

/// Whether a document asks for what takes the database long, given how many questions the request asked before; those of
/// this document are added.
pub(crate) fn is_costly(document: &ExecutableDocument, questions: &mut usize) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut is_costly = false;
    for set in operations.chain(fragments) {
        for_each_field(set, &mut |field| {
            let is_question = field.get_argument(FACTORY_ID).is_some() || field.name.node == NODE;
            *questions += usize::from(is_question);
            // Fields inside of an answer may be called alike, as the number of conflicts of a batch is.
            is_costly |=
                is_question && (COSTLY_FIELDS.contains(&field.name.node.as_str()) || lists_all(field));
        });
    }
    is_costly || *questions > MAX_CHEAP_QUESTIONS
}

fn lists_all(field: &Field) -> bool {
    LISTS.iter().any(|(name, ids)| field.name.node == *name && field.get_argument(ids).is_none())
}

fn for_each_field(set: &SelectionSet, visit: &mut impl FnMut(&Field)) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                visit(&field.node);
                for_each_field(&field.node.selection_set.node, visit);
            }
            Selection::InlineFragment(inline) => for_each_field(&inline.node.selection_set.node, visit),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::error::ErrorCode;

    fn judge(document: &str) -> bool {
        is_costly(&parse_query(document).expect("a document"), &mut 0)
    }

    #[test]
    fn all_that_a_request_asks_for_counts_together() {
        let budget = Budget::default();
        budget.charge_statements(MAX_VALUES / STATEMENT_VALUES - 1).expect("almost all");
        budget.charge_values(STATEMENT_VALUES).expect("the rest");
        assert_eq!(budget.charge_values(1).expect_err("more than all").code, ErrorCode::LimitExceeded);
        budget.charge_values(usize::MAX).expect_err("no number is too large to be counted");
    }

    #[test]
    fn what_a_page_asks_for_is_not_costly_and_what_reads_much_is() {
        assert!(!judge("{ factories { id } }"));
        let question = |n: usize| format!("a{n}: factoryMetrics(factoryId: \"plant\") {{ revision }}");
        let many = |count| format!("{{ {} }}", (0..count).map(question).collect::<String>());
        assert!(!judge(&many(MAX_CHEAP_QUESTIONS)));
        assert!(judge(&many(MAX_CHEAP_QUESTIONS + 1)));
        let node = |n: usize| format!("a{n}: node(id: \"Factory:plant\") {{ id }}");
        let many = |count| format!("{{ {} }}", (0..count).map(node).collect::<String>());
        assert!(!judge(&many(MAX_CHEAP_QUESTIONS)));
        assert!(judge(&many(MAX_CHEAP_QUESTIONS + 1)));
        assert!(judge("{ workerMetrics(factoryId: \"plant\") { revision } }"), "all workers");
        assert!(!judge("{ workerMetrics(factoryId: \"plant\", workerIds: [\"W1\"]) { revision } }"));
        for field in COSTLY_FIELDS {
            assert!(judge(&format!("{{ {field}(factoryId: \"plant\") {{ a }} }}")), "{field}");
        }
        let batch = "mutation { ingestEvents(factoryId: \"plant\", events: []) { accepted conflicts } }";
        assert!(!judge(batch), "a batch waits for no question");
        assert!(judge("{ ... { ...f } } fragment f on Query { x: events(factoryId: \"plant\") { a } }"));
    }
}
