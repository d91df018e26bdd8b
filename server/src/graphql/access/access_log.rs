//! Who asked what about a worker.

use async_graphql::{Enum, SimpleObject};

use crate::{
    error::ApiError,
    graphql::{
        events::{PageInfo, cursor, page_size},
        scalar::{BigInt, Date, DateTime},
    },
    report,
    store::{
        Snapshot,
        access::Access,
        personal_access::{self as stored, AccessPage, AccessRow, MAX_PAGE_ROWS, Place},
    },
};

/// What was asked for about a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stored::AccessQuestion")]
pub(crate) enum AccessQuestion {
    /// Their figures.
    Figures,
    /// Their figures step by step.
    Series,
    /// What they were doing when.
    Timeline,
    /// Events about them.
    Events,
    /// What was decided about them.
    Decisions,
    /// What moved their figures.
    Restatements,
    /// What contradicts each other about them.
    Conflicts,
}

/// That somebody asked something about a worker on a day.
#[derive(SimpleObject)]
pub(crate) struct AccessEntry {
    /// What whoever asked is called.
    reader: String,
    /// What they asked for.
    question: AccessQuestion,
    /// On which day, in the factory's time zone.
    day: Date,
    /// When for the first time.
    first_at: DateTime,
    /// When for the last time, as far as that is stored, which is once a minute.
    last_at: DateTime,
    /// How many times, as far as that is stored. A subscription counts once a day.
    times: BigInt,
}

/// An entry and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct AccessEdge {
    /// Opaque; `after` it the list goes on. It stays valid while others are added.
    cursor: String,
    /// The entry.
    node: AccessEntry,
}

/// A page of who asked what about a worker, the latest day first.
#[derive(SimpleObject)]
pub(crate) struct AccessConnection {
    /// The entries of this page, each with its cursor.
    pub(super) edges: Vec<AccessEdge>,
    /// Where this page stands in the list.
    page_info: PageInfo,
}

/// Reads a page of who asked what about a worker.
pub(super) async fn page(
    snapshot: &Snapshot,
    (access, slug, worker): (&Access, &str, &str),
    first: i32,
    after: Option<String>,
) -> Result<AccessConnection, ApiError> {
    let first = page_size(first, MAX_PAGE_ROWS)?;
    let after = after.as_deref().map(|sent| cursor(sent, place)).transpose()?;
    let scope = report::access_log(access, snapshot, slug, worker).await?;
    let page = stored::page(snapshot, &scope, first, after).await?;
    Ok(AccessConnection::new(page, after.is_some()))
}

/// Reads a cursor: three numbers as they are written here.
fn place(cursor: &str) -> Option<Place> {
    let mut parts = cursor.split('-');
    let place = Place {
        day: parts.next()?.parse().ok()?,
        reader: parts.next()?.parse().ok()?,
        question: parts.next()?.parse().ok()?,
    };
    (written(place) == cursor).then_some(place)
}

fn written(Place { day, reader, question }: Place) -> String {
    format!("{day}-{reader}-{question}")
}

impl AccessConnection {
    fn new(page: AccessPage, has_previous_page: bool) -> Self {
        let edge = |row: AccessRow| AccessEdge { cursor: written(row.place), node: row.into() };
        let edges: Vec<AccessEdge> = page.rows.into_iter().map(edge).collect();
        let cursors = edges.iter().map(|edge| edge.cursor.as_str());
        let page_info = PageInfo::new(cursors, page.has_next, has_previous_page);
        Self { edges, page_info }
    }
}

impl From<AccessRow> for AccessEntry {
    fn from(row: AccessRow) -> Self {
        Self {
            reader: row.reader,
            question: row.question.into(),
            day: Date::of_day(row.day),
            first_at: DateTime::from_ms(row.first_at_ms),
            last_at: DateTime::from_ms(row.last_at_ms),
            times: BigInt(row.times),
        }
    }
}
