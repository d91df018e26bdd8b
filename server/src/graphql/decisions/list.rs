//! Pages of decisions.

use std::collections::BTreeSet;

use async_graphql::SimpleObject;

use super::{decision::Decision, filter::DecisionFilter};
use crate::{
    error::ApiError,
    graphql::events::{PageInfo, cursor, page_size},
    report::{ReportError, factory},
    store::{
        Snapshot,
        access::{Access, DecideModels, SeePeople},
        decisions::{self, MAX_PAGE_DECISIONS, Page},
        factories::Factory,
    },
};

/// A page of decisions, the highest number first.
#[derive(SimpleObject)]
pub(crate) struct DecisionConnection {
    /// The decisions of this page, each with its cursor.
    pub(super) edges: Vec<DecisionEdge>,
    /// Where this page stands in the list.
    page_info: PageInfo,
}

/// A decision and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct DecisionEdge {
    /// Opaque; `after` it the list goes on. It stays valid while decisions are made.
    cursor: String,
    /// The decision.
    pub(super) node: Decision,
}

/// Reads a page of a factory's decisions.
pub(super) async fn page(
    snapshot: &Snapshot,
    (access, slug): (&Access, &str),
    filter: Option<DecisionFilter>,
    first: i32,
    after: Option<String>,
) -> Result<(Factory, DecisionConnection), ApiError> {
    let first = page_size(first, MAX_PAGE_DECISIONS)?;
    let mut filter: decisions::DecisionFilter = filter.unwrap_or_default().try_into()?;
    let after = after.as_deref().map(|sent| cursor(sent, number)).transpose()?;
    let (of, page) = match factory::<SeePeople>(access, snapshot, slug).await {
        Ok(scope) => {
            (scope.factory().clone(), decisions::page(snapshot, &scope, &filter, first, after).await?)
        }
        Err(forbidden @ ReportError::Forbidden { .. }) => {
            // Whoever decides about models sees what was decided about them.
            let Ok(scope) = factory::<DecideModels>(access, snapshot, slug).await else {
                return Err(forbidden.into());
            };
            filter.is_of_models = true;
            (scope.factory().clone(), decisions::page(snapshot, &scope, &filter, first, after).await?)
        }
        Err(error) => return Err(error.into()),
    };
    Ok((of, DecisionConnection::new(page, after.is_some())))
}

/// Reads a cursor, which is a number as it is written here.
fn number(cursor: &str) -> Option<i32> {
    cursor.parse().ok().filter(|number: &i32| *number > 0 && number.to_string() == cursor)
}

impl DecisionConnection {
    /// The workers that they are about, each once, as sent.
    pub(super) fn workers(&self) -> impl Iterator<Item = &str> {
        self.edges.iter().flat_map(|edge| edge.node.workers()).collect::<BTreeSet<_>>().into_iter()
    }

    fn new(page: Page, has_previous_page: bool) -> Self {
        let edge = |decision: decisions::Decision| DecisionEdge {
            cursor: decision.number.to_string(),
            node: decision.into(),
        };
        let edges: Vec<DecisionEdge> = page.decisions.into_iter().map(edge).collect();
        let cursors = edges.iter().map(|edge| edge.cursor.as_str());
        let page_info = PageInfo::new(cursors, page.has_next, has_previous_page);
        Self { edges, page_info }
    }
}
