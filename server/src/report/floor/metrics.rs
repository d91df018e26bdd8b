//! The figures of a factory and its workers and workstations in a window, read whole or as what changed since.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use domain::{
    event::{EntityType, EventType},
    id::{EntityId, Revision},
    id_order,
    metric::FactoryTotals,
    time::{DurationMs, TimestampMs},
    timeline::Segment,
    totals::Totals,
    window::Window,
};

use super::{super::error::ReportError, as_of, question::Question, team};
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    current::{self, OpenReports},
    entities::{self, Entity, EntityFilter},
    rollups,
    seen::{self, LastSeen},
};

/// The answer to a question at one revision. Rows are shared between one report and the next.
#[derive(Clone, Debug)]
pub struct Report {
    /// The factory as it is at this revision.
    pub scope: Scope<SeeFigures>,
    /// What was asked.
    pub question: Arc<Question>,
    /// The window that the sums are of; none is all time.
    pub window: Option<Window>,
    /// Everything with observed time or units in the window, of a factory also with corrected time, in the order of the ids.
    pub rows: Vec<Arc<Row>>,
    /// The sums and means of the rows.
    pub figures: FactoryTotals,
    /// Whether the workers are so few that what they did together is not shown.
    pub is_team_too_small: bool,
    /// When the rows were read as a whole, Unix milliseconds, where some were seen past what is taken in now.
    pub ahead_since_ms: Option<TimestampMs>,
    /// How many rows of the ledger were read for it.
    pub ledger_rows_read: usize,
}

/// The time of a question.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Now, Unix milliseconds.
    pub now_ms: TimestampMs,
    /// Until when an event ends at most that is taken in now. What an entity was seen doing later was told while the server's
    /// clock was wrong, and is not shown before it can be true.
    pub seen_until_ms: TimestampMs,
}

impl Now {
    /// An instant, where events may end so much later.
    pub fn new(now_ms: TimestampMs, max_clock_skew_ms: DurationMs) -> Self {
        Self { now_ms, seen_until_ms: TimestampMs(now_ms.0.saturating_add(max_clock_skew_ms.0)) }
    }
}

/// How long (milliseconds) a report is read again by its changes alone while entities were seen past what is taken in now:
/// what becomes true meanwhile is shown then.
const READ_AHEAD_AGAIN_AFTER_MS: DurationMs = DurationMs(domain::MS_PER_MINUTE);

/// One worker or workstation in a report. Rows are equal when a reader sees no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key within the factory.
    pub entity_id: EntityId,
    /// Worker or workstation.
    pub entity_type: EntityType,
    /// As sent, such as `W1`.
    pub code: String,
    /// For people.
    pub name: Option<String>,
    /// The line or area.
    pub area: Option<String>,
    /// What it was last seen doing, whatever the window.
    pub current: Option<Activity>,
    /// The latest end of its events, Unix milliseconds; none when they all end later than is taken in now.
    pub last_seen_at_ms: Option<TimestampMs>,
    /// Its sums in the window, without the number of events, which no report shows.
    pub totals: Totals,
}

/// What a worker or workstation was seen doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// What it did.
    pub event_type: EventType,
    /// Since when, Unix milliseconds.
    pub since_ms: TimestampMs,
    /// Until when, Unix milliseconds; none while nothing has ended it.
    pub until_ms: Option<TimestampMs>,
    /// Parts per 10 000; none is not stated.
    pub confidence: Option<u16>,
}

impl Report {
    /// Reads the whole answer to a question.
    ///
    /// # Errors
    /// The window is not possible, or the database failed.
    pub async fn read(
        snapshot: &Snapshot,
        scope: &Scope<SeeFigures>,
        question: &Question,
        now: Now,
    ) -> Result<Self, ReportError> {
        team::check(scope, question)?;
        let factory = scope.factory();
        let window = question.window.resolve(factory.time_zone, now.now_ms)?;
        let (rows, is_ahead) = read_rows(snapshot, scope, question, (window, now.seen_until_ms)).await?;
        let ahead_since_ms = is_ahead.then_some(now.now_ms);
        Ok(Self::new(scope, Arc::new(question.clone()), window, rows, ahead_since_ms))
    }

    /// Reads what the answer to a question was at an instant, without what anybody was last seen doing.
    ///
    /// # Errors
    /// As [`Report::read`], or it cannot be told.
    pub async fn read_as_of(
        snapshot: &Snapshot,
        scope: &Scope<SeeFigures>,
        question: &Question,
        at_ms: TimestampMs,
        now: Now,
    ) -> Result<Self, ReportError> {
        team::check(scope, question)?;
        let factory = scope.factory();
        let window = question.window.resolve(factory.time_zone, now.now_ms)?;
        let later = as_of::later(snapshot, scope, (window, at_ms), now.now_ms).await?;
        let (entities, mut totals) = sums(snapshot, scope, question, window).await?;
        later.take_from(&mut totals);
        let rows = entities.into_iter().filter_map(|entity| {
            let totals = totals.remove(&entity.id).filter(|totals| question.takes(totals))?;
            let row = Row::new(entity, None, &OpenReports::default(), totals);
            Some(Arc::new(Row { current: None, last_seen_at_ms: None, ..row }))
        });
        let report = Self::new(scope, Arc::new(question.clone()), window, rows.collect(), None);
        Ok(Self { ledger_rows_read: later.rows_read, ..report })
    }

    /// Reads the answer to the same question again, which costs only what changed since this one was read, unless the
    /// window has moved.
    ///
    /// # Errors
    /// As [`Report::read`].
    pub async fn read_again(
        &self,
        snapshot: &Snapshot,
        scope: &Scope<SeeFigures>,
        question: &Question,
        now: Now,
    ) -> Result<Self, ReportError> {
        let factory = scope.factory();
        let window = question.window.resolve(factory.time_zone, now.now_ms)?;
        let may_be_true_now =
            self.ahead_since_ms.is_some_and(|since_ms| now.now_ms - since_ms >= READ_AHEAD_AGAIN_AFTER_MS);
        if window != self.window || may_be_true_now {
            return Self::read(snapshot, scope, question, now).await;
        }
        if factory.revision == self.scope.factory().revision {
            return Ok(self.clone());
        }
        let (changed, is_ahead) = read_changed(
            snapshot,
            scope,
            question,
            (window, now.seen_until_ms),
            self.scope.factory().revision,
        )
        .await?;
        let ahead_since_ms = self.ahead_since_ms.or(is_ahead.then_some(now.now_ms));
        let rows = merge(&self.rows, changed);
        Ok(Self::new(scope, self.question.clone(), window, rows, ahead_since_ms))
    }

    fn new(
        scope: &Scope<SeeFigures>,
        question: Arc<Question>,
        window: Option<Window>,
        rows: Vec<Arc<Row>>,
        ahead_since_ms: Option<TimestampMs>,
    ) -> Self {
        let totals = |entity_type| {
            rows.iter().filter(move |row| row.entity_type == entity_type).map(|row: &Arc<Row>| row.totals)
        };
        let figures = FactoryTotals::new(totals(EntityType::Worker), totals(EntityType::Workstation));
        let workers = rows.iter().filter(|row| row.entity_type == EntityType::Worker);
        let is_team_too_small = team::is_too_small(scope, workers.map(|row| &row.totals));
        let scope = scope.clone();
        Self {
            scope,
            question,
            window,
            rows,
            figures,
            is_team_too_small,
            ahead_since_ms,
            ledger_rows_read: 0,
        }
    }
}

/// The rows, and whether some of them were seen past what is taken in now.
async fn read_rows(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    (window, seen_until_ms): (Option<Window>, TimestampMs),
) -> Result<(Vec<Arc<Row>>, bool), ReportError> {
    let (entities, mut totals) = sums(snapshot, scope, question, window).await?;
    let ahead = seen_by(snapshot, scope, question, &entities, seen_until_ms).await?;
    let open = open_reports(snapshot, scope, question, seen_until_ms).await?;
    let rows = entities.into_iter().filter_map(|entity| {
        let totals = totals.remove(&entity.id)?;
        let seen = ahead.get(&entity.id).copied();
        question.takes(&totals).then(|| Arc::new(Row::new(entity, seen, &open, totals)))
    });
    Ok((rows.collect(), !ahead.is_empty()))
}

/// The entities that are asked about, and their sums.
async fn sums(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    window: Option<Window>,
) -> Result<(Vec<Entity>, HashMap<EntityId, Totals>), ReportError> {
    let filter = EntityFilter { area: question.area.as_deref(), ..question.filter() };
    let entities = entities::list(snapshot, scope, filter).await?;
    let ids: Option<Vec<EntityId>> =
        question.is_selective().then(|| entities.iter().map(|entity| entity.id).collect());
    let totals = rollups::totals(snapshot, scope, window, ids.as_deref()).await?;
    Ok((entities, totals))
}

/// What those were seen doing up to an instant that were also seen after it. A question about the factory does not ask that.
async fn seen_by(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    entities: &[Entity],
    until_ms: TimestampMs,
) -> Result<HashMap<EntityId, LastSeen>, ReportError> {
    match question.entity_type {
        Some(_) => Ok(seen::as_of(snapshot, scope, entities, until_ms).await?),
        None => Ok(HashMap::new()),
    }
}

/// The state reports that nothing has ended yet. A question about the factory does not ask for them.
async fn open_reports(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    until_ms: TimestampMs,
) -> Result<OpenReports, ReportError> {
    match question.entity_type {
        Some(_) => Ok(current::open_reports(snapshot, scope, until_ms).await?),
        None => Ok(OpenReports::default()),
    }
}

/// Everything that a later commit than `revision` touched: its row, or none when it is not listed any more.
async fn read_changed(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    (window, seen_until_ms): (Option<Window>, TimestampMs),
    revision: Revision,
) -> Result<(HashMap<EntityId, Option<Arc<Row>>>, bool), ReportError> {
    // The area is judged here and not by the filter, since what left the area has to be noticed.
    let filter = EntityFilter { changed_after: Some(revision), ..question.filter() };
    let entities = entities::list(snapshot, scope, filter).await?;
    if entities.is_empty() {
        return Ok((HashMap::new(), false));
    }
    let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
    let mut totals = rollups::totals(snapshot, scope, window, Some(&ids)).await?;
    let ahead = seen_by(snapshot, scope, question, &entities, seen_until_ms).await?;
    let open = open_reports(snapshot, scope, question, seen_until_ms).await?;
    let changed = entities.into_iter().map(|entity| {
        let (id, seen) = (entity.id, ahead.get(&entity.id).copied());
        let totals = totals.remove(&id).unwrap_or_default();
        let is_taken = question.takes(&totals) && question.is_about_area(entity.area.as_deref());
        (id, is_taken.then(|| Arc::new(Row::new(entity, seen, &open, totals))))
    });
    Ok((changed.collect(), !ahead.is_empty()))
}

/// The rows with the changed ones put in their places.
pub(super) fn merge(rows: &[Arc<Row>], mut changed: HashMap<EntityId, Option<Arc<Row>>>) -> Vec<Arc<Row>> {
    let mut merged: Vec<Arc<Row>> = Vec::with_capacity(rows.len() + changed.len());
    for row in rows {
        match changed.remove(&row.entity_id) {
            None => merged.push(row.clone()),
            // A row that reads as before stays the same one, so that comparing two reports is quick.
            Some(Some(new)) => merged.push(if new == *row { row.clone() } else { new }),
            Some(None) => {}
        }
    }
    let listed_before = merged.len();
    merged.extend(changed.into_values().flatten());
    if merged.len() > listed_before {
        merged.sort_by(|a, b| a.order(b));
    }
    merged
}

impl Row {
    /// A row of an entity, of which something else is shown than what it was last seen doing, where its events lie ahead.
    fn new(entity: Entity, seen: Option<LastSeen>, open: &OpenReports, totals: Totals) -> Self {
        // Who is listed for a correction alone was never seen.
        let at_ms = Some(entity.last_seen_at_ms).filter(|at_ms| *at_ms > TimestampMs::MIN);
        let latest = LastSeen { at_ms, current: entity.current };
        let seen = seen.unwrap_or(latest);
        Self {
            entity_id: entity.id,
            entity_type: entity.entity_type,
            code: entity.code,
            name: entity.name,
            area: entity.area,
            current: open.current(entity.id, seen.current).map(Into::into),
            last_seen_at_ms: seen.at_ms,
            totals: Totals { events: 0, ..totals },
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        id_order::compare(&self.code, &other.code).then(self.entity_type.cmp(&other.entity_type))
    }
}

impl From<Segment> for Activity {
    fn from(segment: Segment) -> Self {
        Self {
            event_type: segment.event_type,
            since_ms: segment.from_ms,
            until_ms: Some(segment.to_ms).filter(|to_ms| *to_ms < TimestampMs::MAX),
            confidence: segment.confidence,
        }
    }
}
