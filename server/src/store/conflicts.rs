//! What contradicted stored events, as [`writer`](super::writer) keeps it beside them.

use std::collections::HashMap;

use domain::{MS_PER_MINUTE, id::FactoryId};
use entity::{
    event,
    event_conflict::{self as row, Column},
};
use sea_orm::{
    ConnectionTrait, ExprTrait as _, FromQueryResult as _,
    sea_query::{Alias, Asterisk, Expr, Order, Query, SimpleExpr},
};

use super::{
    access::{Correct, Scope},
    error::{Result, StoreError},
    events::{self, EventFilter, StoredEvent},
    report::identity_of,
    writer::judge,
};

/// The most contradictions of one page, each with the event that it contradicts.
pub const MAX_PAGE_CONFLICTS: u32 = 500;

/// A contradiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What was said, and when it first came.
    pub said: StoredEvent,
    /// The event that it contradicts, which counts.
    pub stored: StoredEvent,
}

/// A place in the list of contradictions that stays valid while others come. Its text is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it came, and all numbers of its key, in the order of [`ORDER`].
    numbers: [i64; NUMBERS],
    event_code: String,
    workstation: String,
}

/// How many numbers a cursor has.
const NUMBERS: usize = 9;

/// What orders contradictions; ties cannot be.
const ORDER: [Column; NUMBERS + 2] = [
    Column::ReceivedAt,
    Column::StartedAt,
    Column::EntityId,
    Column::EventType,
    Column::DurationMs,
    Column::Units,
    Column::Confidence,
    Column::Series,
    Column::ModelVersionId,
    Column::EventCode,
    Column::Workstation,
];

impl Cursor {
    /// Reads a cursor that [`Cursor::encode`] wrote; none when it is not one.
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.splitn(NUMBERS + 1, '.');
        let mut numbers = [0; NUMBERS];
        for number in &mut numbers {
            *number = parts.next()?.parse().ok()?;
        }
        // No text of an event holds a line break.
        let (event_code, workstation) = parts.next()?.split_once('\n')?;
        Some(Self { numbers, event_code: event_code.to_owned(), workstation: workstation.to_owned() })
    }

    /// As clients hold it.
    pub fn encode(&self) -> String {
        let numbers = self.numbers.map(|number| number.to_string()).join(".");
        format!("{numbers}.{}\n{}", self.event_code, self.workstation)
    }

    fn of(row: &row::Model) -> Self {
        let numbers = [
            row.received_at,
            row.started_at,
            row.entity_id.into(),
            row.event_type.into(),
            row.duration_ms,
            row.units,
            row.confidence.into(),
            row.series.into(),
            row.model_version_id.into(),
        ];
        Self { numbers, event_code: row.event_code.clone(), workstation: row.workstation.clone() }
    }
}

/// One page of contradictions, the one that came last first.
#[derive(Clone, Debug)]
pub struct Page {
    /// Each with the cursor that stands at it.
    pub conflicts: Vec<(Cursor, Conflict)>,
    /// Whether there are more after it.
    pub has_next: bool,
}

/// The contradictions after a cursor whose reports a filter lets through; `first` is at most [`MAX_PAGE_CONFLICTS`].
///
/// # Errors
/// The database failed.
pub async fn page(
    conn: &impl ConnectionTrait,
    scope: &Scope<Correct>,
    filter: &EventFilter,
    first: u32,
    after: Option<&Cursor>,
) -> Result<Page> {
    let factory_id = scope.factory_id();
    let first = Ord::min(first, MAX_PAGE_CONFLICTS) as usize;
    let mut rows = read(conn, factory_id, filter, first as u64 + 1, after).await?;
    let has_next = rows.len() > first;
    rows.truncate(first);
    let cursors: Vec<Cursor> = rows.iter().map(Cursor::of).collect();
    let said: Vec<event::Model> = rows.into_iter().map(as_event).collect();
    let stored = contradicted(conn, factory_id, &said).await?;
    let said = events::name(conn, factory_id, said).await?;
    let stored = events::name(conn, factory_id, stored).await?;
    let conflicts = said.into_iter().zip(stored).map(|(said, stored)| Conflict { said, stored });
    Ok(Page { conflicts: cursors.into_iter().zip(conflicts).collect(), has_next })
}

async fn read(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    filter: &EventFilter,
    limit: u64,
    after: Option<&Cursor>,
) -> Result<Vec<row::Model>> {
    let Some(mut condition) = events::condition(conn, factory_id, filter, None).await? else {
        return Ok(Vec::new());
    };
    if let Some(code) = &filter.entity_code {
        let ids = events::entity_ids(conn, factory_id, filter.entity_type, code).await?;
        condition = condition.add(column(Column::EntityId).is_in(ids.into_iter().map(|id| id.0)));
    }
    if filter.max_confidence.is_some() {
        // What is not stated is -1 here.
        condition = condition.add(column(Column::Confidence).gte(0));
    }
    if let Some(Cursor { numbers, event_code, workstation }) = after {
        let here = numbers.iter().map(|number| SimpleExpr::from(*number));
        let here = here.chain([event_code.as_str().into(), workstation.as_str().into()]);
        condition = condition
            // Said apart, because it lets the order of arrival be used.
            .add(column(Column::ReceivedAt).lte(numbers[0]))
            .add(Expr::tuple(ORDER.map(column)).lt(Expr::tuple(here)));
    }
    // The columns that a filter names are the same in both tables, so it is asked as if this were the other.
    let mut query = Query::select();
    query.column(Asterisk).from_as(row::Entity, Alias::new(EVENT)).limit(limit);
    query.cond_where(condition);
    for of_order in ORDER {
        query.order_by_expr(column(of_order), Order::Desc);
    }
    let found = conn.query_all(&query).await?;
    found.iter().map(|row| Ok(row::Model::from_query_result(row, "")?)).collect()
}

/// The name of the table of events.
const EVENT: &str = "event";

fn column(column: Column) -> SimpleExpr {
    Expr::col((Alias::new(EVENT), column))
}

/// The stored events that have the identities of these, one for each.
async fn contradicted(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    said: &[event::Model],
) -> Result<Vec<event::Model>> {
    let identities: Vec<_> = said.iter().map(identity_of).collect();
    let stored = judge::stored(conn, factory_id, &identities).await?;
    let stored: HashMap<_, &event::Model> = stored.iter().map(|row| (identity_of(row), row)).collect();
    let each = identities.iter().map(|identity| stored.get(identity).map(|row| (*row).clone()));
    each.collect::<Option<_>>()
        .ok_or_else(|| StoreError::Corrupt("a contradiction of an event that is not stored".to_owned()))
}

/// As an event that says the same would be stored.
fn as_event(row: row::Model) -> event::Model {
    let is_state = row.series != 0;
    // No hold is 0, which stands for one that was left out.
    let hold_minutes =
        (is_state && row.duration_ms != 0).then_some((-row.duration_ms / MS_PER_MINUTE) as i16);
    event::Model {
        factory_id: row.factory_id,
        bucket: row.bucket,
        entity_id: row.entity_id,
        started_at: row.started_at,
        event_type: row.event_type,
        event_code: row.event_code,
        series: row.series,
        model_version_id: row.model_version_id,
        duration_ms: if is_state { 0 } else { row.duration_ms },
        units: row.units,
        confidence: Some(row.confidence).filter(|confidence| *confidence >= 0),
        source_id: row.source_id,
        workstation: Some(row.workstation).filter(|workstation| !workstation.is_empty()),
        received_at: row.received_at,
        hold_minutes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_as_it_was_written_and_nothing_else_is_one() {
        for event_code in ["", "job-17", "a.b..c", "1.2"] {
            let cursor = Cursor {
                numbers: [1, -2, 3, 0, i64::MAX, 6, -1, -1, 0],
                event_code: event_code.to_owned(),
                workstation: "S.1".to_owned(),
            };
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
        for text in [
            "",
            "1",
            "1.2.3.4.5.6.7.8.9",
            "1.2.3.4.5.6.7.8.x.\n",
            "x",
            "1.2.3.4.5.6.7.8.9.a",
            "99999999999999999999.2.3.4.5.6.7.8.9.a\n",
        ] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }
}
