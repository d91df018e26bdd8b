//! What contradicted stored events.

use async_graphql::SimpleObject;

use super::{
    event::Event,
    filter::EventFilter,
    list::{PageInfo, cursor, page_size, workers},
};
use crate::{
    error::ApiError,
    report::factory,
    store::{
        Snapshot,
        access::{Access, Correct, Scope},
        conflicts::{self, Cursor, MAX_PAGE_CONFLICTS, Page},
        standings::{self, EventStanding},
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
    /// What was reported, and when it first came so. It counts nowhere, whatever standing such an event would have.
    said: Event,
    /// The stored event of the same identity, which came before it and counts, as far as decisions let it.
    stored: Event,
}

/// Reads a page of what contradicted a factory's events.
pub(crate) async fn page(
    snapshot: &Snapshot,
    (access, slug): (&Access, &str),
    filter: Option<EventFilter>,
    first: i32,
    after: Option<String>,
) -> Result<(Scope<Correct>, ConflictConnection), ApiError> {
    let first = page_size(first, MAX_PAGE_CONFLICTS)?;
    let filter = filter.unwrap_or_default().try_into()?;
    let after = after.as_deref().map(|sent| cursor(sent, Cursor::decode)).transpose()?;
    let scope = factory(access, snapshot, slug).await?;
    let page = conflicts::page(snapshot, &scope, &filter, first, after.as_ref()).await?;
    let said = page.conflicts.iter().map(|(_, conflict)| &conflict.said.event);
    let stored = page.conflicts.iter().map(|(_, conflict)| &conflict.stored.event);
    let events: Vec<_> = said.chain(stored).collect();
    let standings = standings::of(snapshot, &scope, &events).await?;
    Ok((scope, ConflictConnection::new(page, standings, after.is_some())))
}

impl ConflictConnection {
    /// The workers that they are about, each once, as sent.
    pub(super) fn workers(&self) -> impl Iterator<Item = &str> {
        workers(self.edges.iter().map(|edge| &edge.node.stored))
    }

    /// With the standings of all that was said and then of all that is stored.
    fn new(page: Page, mut of_said: Vec<EventStanding>, has_previous_page: bool) -> Self {
        let of_stored = of_said.split_off(page.conflicts.len());
        let standings = of_said.into_iter().zip(of_stored);
        let edge = |((cursor, conflict), (of_said, of_stored)): ((Cursor, conflicts::Conflict), _)| {
            let said = Event::new(conflict.said, of_said);
            ConflictEdge {
                cursor: cursor.encode(),
                node: Conflict { said, stored: Event::new(conflict.stored, of_stored) },
            }
        };
        let edges: Vec<ConflictEdge> = page.conflicts.into_iter().zip(standings).map(edge).collect();
        let cursors = edges.iter().map(|edge| edge.cursor.as_str());
        let page_info = PageInfo::new(cursors, page.has_next, has_previous_page);
        Self { edges, page_info }
    }
}
