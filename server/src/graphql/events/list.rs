//! Pages of stored events.

use std::collections::BTreeSet;

use async_graphql::SimpleObject;

use super::{event::Event, filter::EventFilter};
use crate::{
    error::ApiError,
    graphql::text::quoted,
    report::factory,
    store::{
        Snapshot,
        access::{Access, Scope, SeePeople},
        events::{self, Cursor, MAX_PAGE_EVENTS, Page},
        standings::{self, EventStanding},
    },
};

/// A page of stored events, the latest timestamp first.
#[derive(SimpleObject)]
pub(crate) struct EventConnection {
    /// The events of this page, each with its cursor.
    pub(super) edges: Vec<EventEdge>,
    /// Where this page stands in the list.
    page_info: PageInfo,
}

/// An event and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct EventEdge {
    /// Opaque; `after` it the list goes on. It stays valid while events arrive.
    cursor: String,
    /// The event.
    node: Event,
}

/// Where a page stands in its list.
#[derive(SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there are more after `endCursor`.
    has_next_page: bool,
    /// Whether there are some before `startCursor`, as far as `after` tells.
    has_previous_page: bool,
    /// The cursor of the first item here.
    start_cursor: Option<String>,
    /// The cursor of the last item here.
    end_cursor: Option<String>,
}

/// Reads a page of a factory's events.
pub(crate) async fn page(
    snapshot: &Snapshot,
    (access, slug): (&Access, &str),
    filter: Option<EventFilter>,
    first: i32,
    after: Option<String>,
) -> Result<(Scope<SeePeople>, EventConnection), ApiError> {
    let first = page_size(first, MAX_PAGE_EVENTS)?;
    let filter = filter.unwrap_or_default().try_into()?;
    let after = after.as_deref().map(|sent| cursor(sent, Cursor::decode)).transpose()?;
    let scope = factory(access, snapshot, slug).await?;
    let page = events::page(snapshot, &scope, &filter, first, after.as_ref()).await?;
    let events: Vec<_> = page.events.iter().map(|(_, stored)| &stored.event).collect();
    let standings = standings::of(snapshot, &scope, &events).await?;
    Ok((scope, EventConnection::new(page, standings, after.is_some())))
}

/// The workers that events are about, each once, as sent.
pub(super) fn workers<'a>(events: impl Iterator<Item = &'a Event>) -> impl Iterator<Item = &'a str> {
    events.filter_map(Event::worker).collect::<BTreeSet<_>>().into_iter()
}

/// How many items a page has that was asked for `first`.
pub(in crate::graphql) fn page_size(first: i32, most: u32) -> Result<u32, ApiError> {
    u32::try_from(first).ok().filter(|first| (1..=most).contains(first)).ok_or_else(|| {
        ApiError::limit_exceeded(format!("first must be from 1 to {most}, but {first} was sent"))
    })
}

/// Reads the cursor of a list, whose own way of writing them `decode` knows.
pub(in crate::graphql) fn cursor<C>(
    sent: &str,
    decode: impl FnOnce(&str) -> Option<C>,
) -> Result<C, ApiError> {
    decode(sent).ok_or_else(|| {
        let sent = quoted(sent);
        ApiError::bad_user_input(format!(
            "{sent} is not a cursor; send one that this list gave, or leave `after` out"
        ))
    })
}

impl EventConnection {
    /// The workers that its events are about, each once, as sent.
    pub(crate) fn workers(&self) -> impl Iterator<Item = &str> {
        workers(self.edges.iter().map(|edge| &edge.node))
    }

    fn new(page: Page, standings: Vec<EventStanding>, has_previous_page: bool) -> Self {
        let edge = |((cursor, stored), standing): ((Cursor, _), _)| EventEdge {
            cursor: cursor.encode(),
            node: Event::new(stored, standing),
        };
        let edges: Vec<EventEdge> = page.events.into_iter().zip(standings).map(edge).collect();
        let cursors = edges.iter().map(|edge| edge.cursor.as_str());
        let page_info = PageInfo::new(cursors, page.has_next, has_previous_page);
        Self { edges, page_info }
    }
}

impl PageInfo {
    /// Of the page whose items stand at these cursors.
    pub(in crate::graphql) fn new<'a>(
        mut cursors: impl DoubleEndedIterator<Item = &'a str> + Clone,
        has_next_page: bool,
        has_previous_page: bool,
    ) -> Self {
        let end_cursor = cursors.clone().next_back().map(str::to_owned);
        Self { has_next_page, has_previous_page, start_cursor: cursors.next().map(str::to_owned), end_cursor }
    }
}
