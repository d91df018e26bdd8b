//! What contradicted stored events.

use async_graphql::SimpleObject;

use super::{
    event::Event,
    filter::EventFilter,
    list::{PageInfo, cursor, page_size},
};
use crate::{
    error::ApiError,
    report::factory,
    store::{
        Snapshot,
        conflicts::{self, Cursor, MAX_PAGE_CONFLICTS, Page},
    },
};

/// A page of contradictions, the one that came last first.
#[derive(SimpleObject)]
pub(crate) struct ConflictConnection {
    /// The contradictions of this page, each with its cursor.
    pub(super) edges: Vec<ConflictEdge>,
    /// Where this page stands in the list.
    page_info: PageInfo,
}

/// A contradiction and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct ConflictEdge {
    /// Opaque; `after` it the list goes on. It stays valid while others come.
    cursor: String,
    /// The contradiction.
    node: Conflict,
}

/// What contradicts a stored event.
#[derive(SimpleObject)]
pub(crate) struct Conflict {
    /// What was reported, and when it first came so. It counts nowhere.
    said: Event,
    /// The stored event of the same identity, which came before it and counts.
    stored: Event,
}

/// Reads a page of what contradicted a factory's events.
pub(crate) async fn page(
    snapshot: &Snapshot,
    slug: &str,
    filter: Option<EventFilter>,
    first: i32,
    after: Option<String>,
) -> Result<ConflictConnection, ApiError> {
    let first = page_size(first, MAX_PAGE_CONFLICTS)?;
    let filter = filter.unwrap_or_default().try_into()?;
    let after = after.as_deref().map(|sent| cursor(sent, Cursor::decode)).transpose()?;
    let scope = factory(snapshot, slug).await?;
    let page = conflicts::page(snapshot, scope.factory().id, &filter, first, after.as_ref()).await?;
    Ok(ConflictConnection::new(page, after.is_some()))
}

impl ConflictConnection {
    fn new(page: Page, has_previous_page: bool) -> Self {
        let edge = |(cursor, conflict): (Cursor, conflicts::Conflict)| ConflictEdge {
            cursor: cursor.encode(),
            node: Conflict { said: conflict.said.into(), stored: conflict.stored.into() },
        };
        let edges: Vec<ConflictEdge> = page.conflicts.into_iter().map(edge).collect();
        let cursors = edges.iter().map(|edge| edge.cursor.as_str());
        let page_info = PageInfo::new(cursors, page.has_next, has_previous_page);
        Self { edges, page_info }
    }
}
