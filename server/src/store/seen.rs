//! What entities were last seen doing as of an instant, where some of their events end after it.
//!
//! No event is taken in that ends later than the server's clock allows, so such events came while the clock was wrong. They are
//! not regarded here: what is found is what the other events alone would show, with all that was corrected. An entity that has
//! none of them needs no read.
//!
//! An event that ends after the instant starts at most a day before it. So the hours of that day and the day before are looked
//! at one after the other, the latest first, and behind them the last day in which anything was seen.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

use domain::{
    MS_PER_DAY, MS_PER_HOUR,
    bucket::Level,
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    timeline::Segment,
};
use sea_orm::ConnectionTrait;

use super::{
    access::{Scope, SeeFigures},
    applied::Applied,
    engine::statement::{Kind, Sql, chunks},
    entities::Entity,
    error::Result,
    last_seen, latest_segments,
    neighbours::{self, EntityEvents, SpanEvents},
    rollups::{bucket_of_stored, stored_bucket},
};

/// What an entity was last seen doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastSeen {
    /// The latest end of its events; none when it has none.
    pub at_ms: Option<TimestampMs>,
    /// Its segment with the latest end; none when all its events have no length and nothing is corrected.
    pub current: Option<Segment>,
}

/// What those of these entities whose latest event ends after an instant were last seen doing as of that instant: by the
/// events alone that end up to it, and by what was corrected.
pub async fn as_of(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeeFigures>,
    entities: &[Entity],
    until_ms: TimestampMs,
) -> Result<HashMap<EntityId, LastSeen>> {
    let factory_id = scope.factory_id();
    let ahead = entities.iter().filter(|entity| entity.last_seen_at_ms > until_ms);
    let mut searches: Vec<Search<'_>> = ahead.map(Search::new).collect();
    if searches.is_empty() {
        return Ok(HashMap::new());
    }
    let first_day = Level::Day.bucket_of(until_ms) - 1;
    let mut hours = hours_with_events(conn, factory_id, &searches, (first_day, until_ms)).await?;
    for search in &mut searches {
        search.spans = hours.remove(&search.entity.id).unwrap_or_default();
    }
    look(conn, factory_id, &mut searches, until_ms).await?;
    if searches.iter().any(|search| !search.is_over()) {
        // All that starts before these days ends up to the instant.
        for column in ["events", "working_ms + idle_ms + absent_ms"] {
            let days = last_days_with(conn, factory_id, column, first_day).await?;
            for search in searches.iter_mut().filter(|search| !search.is_over()) {
                search.spans.extend(days.get(&search.entity.id).map(|day| Span::of(*day, MS_PER_DAY)));
            }
        }
        look(conn, factory_id, &mut searches, until_ms).await?;
    }
    see_corrections(conn, factory_id, &mut searches).await?;
    let entities: Vec<&Entity> = searches.iter().map(|search| search.entity).collect();
    let told = last_seen::told(conn, factory_id, &entities, until_ms).await?;
    for search in &mut searches {
        search.found.at_ms = search.found.at_ms.max(told.get(&search.entity.id).copied());
    }
    Ok(searches.into_iter().map(|search| (search.entity.id, search.found)).collect())
}

/// A span of time to look at.
#[derive(Clone, Copy)]
struct Span {
    from_ms: TimestampMs,
    to_ms: TimestampMs,
}

impl Span {
    fn of(bucket: i64, length_ms: i64) -> Self {
        Self { from_ms: TimestampMs(bucket * length_ms), to_ms: TimestampMs((bucket + 1) * length_ms) }
    }
}

/// The search for what one entity was last seen doing.
struct Search<'a> {
    entity: &'a Entity,
    /// Where still to look, the latest first.
    spans: VecDeque<Span>,
    found: LastSeen,
}

impl<'a> Search<'a> {
    fn new(entity: &'a Entity) -> Self {
        Self { entity, spans: VecDeque::new(), found: LastSeen::default() }
    }

    fn is_over(&self) -> bool {
        self.found.at_ms.is_some() && self.found.current.is_some()
    }

    /// Takes in the events that start in a span, or so shortly before it that they may reach into it. Answers with up to when
    /// its current segment lies, where it may begin before the span.
    fn see(&mut self, span: Span, events: &EntityEvents) -> Option<TimestampMs> {
        // An event that ends last starts at most its own length before the one that starts last, of those that serve.
        if self.found.at_ms.is_none() && events.last_start_ms() >= Some(span.from_ms) {
            self.found.at_ms = events.last_seen_at_ms;
        }
        if self.found.current.is_some() {
            return None;
        }
        let last = events.segments().pop().filter(|segment| segment.to_ms > span.from_ms)?;
        self.found.current = Some(last);
        (last.from_ms <= span.from_ms).then_some(last.to_ms)
    }
}

/// Looks for all entities at a time, a span of each after the other, until each has nothing left to look for or to look at.
async fn look(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    searches: &mut [Search<'_>],
    until_ms: TimestampMs,
) -> Result<()> {
    loop {
        let mut looked_at: Vec<(&mut Search<'_>, Span)> = searches
            .iter_mut()
            .filter(|search| !search.is_over())
            .filter_map(|search| search.spans.pop_front().map(|span| (search, span)))
            .collect();
        if looked_at.is_empty() {
            return Ok(());
        }
        let starting = looked_at.iter().map(|(search, span)| {
            // An event of no length at the instant itself ends up to it.
            (search.entity, span.from_ms, span.to_ms.min(until_ms + DurationMs(1)))
        });
        let mut found = neighbours::counted_within(conn, factory_id, starting, until_ms).await?;
        let mut asked = Vec::new();
        for (search, span) in &mut looked_at {
            let events = found.remove(&search.entity.id).unwrap_or_default();
            asked
                .extend(search.see(*span, &events).map(|segment_until_ms| (search.entity, segment_until_ms)));
        }
        let (mut latest, _) = latest_segments::find(conn, factory_id, &asked, until_ms).await?;
        for (search, _) in &mut looked_at {
            if let Some(latest) = latest.remove(&search.entity.id) {
                search.found.current = latest;
            }
        }
    }
}

/// What ends last may be a correction, which is in a timeline whatever events there are.
async fn see_corrections(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    searches: &mut [Search<'_>],
) -> Result<()> {
    let ids: Vec<EntityId> = searches.iter().map(|search| search.entity.id).collect();
    let applied = Applied::read(conn, factory_id, Some(&ids)).await?;
    for search in searches {
        let corrected = applied.regions().flat_map(|region| {
            let all = (TimestampMs::MIN, TimestampMs::MAX);
            let corrections = region.decided.corrections(search.entity.id, all);
            SpanEvents { span: region.span, reports: Vec::new(), corrections }.segments()
        });
        let found = search.found.current.into_iter().chain(corrected);
        search.found.current = found.max_by_key(|segment| segment.to_ms);
    }
    Ok(())
}

/// The hours from the beginning of a UTC day to an instant in which events of these entities start or time of them was
/// observed, the latest first.
async fn hours_with_events(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    searches: &[Search<'_>],
    (first_day, until_ms): (i64, TimestampMs),
) -> Result<HashMap<EntityId, VecDeque<Span>>> {
    let hours = first_day * (MS_PER_DAY / MS_PER_HOUR)..=Level::Hour.bucket_of(until_ms);
    let wanted: Vec<(i64, EntityId)> =
        hours.rev().flat_map(|hour| searches.iter().map(move |search| (hour, search.entity.id))).collect();
    let mut found: HashMap<EntityId, VecDeque<Span>> = HashMap::new();
    for chunk in chunks(conn.get_database_backend(), wanted.len()) {
        let rows = wanted[chunk]
            .iter()
            .map(|(hour, entity_id)| [stored_bucket(Level::Hour, *hour).into(), entity_id.0.into()]);
        let on = |sql: Sql| {
            sql.text("found.factory_id = ")
                .bind(factory_id.0)
                .text(" AND found.bucket = column1 AND found.entity_id = column2")
        };
        let kinds = [Kind::BigInt, Kind::Int];
        let select = Sql::seek(conn, "found.entity_id, found.bucket", "rollup", (&kinds, rows), on);
        for row in conn.query_all_raw(select.build()).await? {
            let (entity_id, hour) = (row.try_get_by_index(0)?, bucket_of_stored(row.try_get_by_index(1)?));
            found.entry(EntityId(entity_id)).or_default().push_back(Span::of(hour, MS_PER_HOUR));
        }
    }
    for spans in found.values_mut() {
        spans.make_contiguous().sort_unstable_by_key(|span| Reverse(span.from_ms));
    }
    Ok(found)
}

/// The last UTC day before one in which a sum of an entity is above zero, of all entities that have one.
async fn last_days_with(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    sum: &str,
    before_day: i64,
) -> Result<HashMap<EntityId, i64>> {
    let select = Sql::new(conn, "SELECT entity_id, MAX(bucket) FROM rollup WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND bucket >= ")
        .bind(stored_bucket(Level::Day, 0))
        .text(" AND bucket < ")
        .bind(stored_bucket(Level::Day, before_day))
        .text(" AND ")
        .text(sum)
        .text(" > 0 GROUP BY entity_id");
    let rows = conn.query_all_raw(select.build()).await?;
    let days = rows
        .iter()
        .map(|row| Ok((EntityId(row.try_get_by_index(0)?), bucket_of_stored(row.try_get_by_index(1)?))));
    days.collect()
}
