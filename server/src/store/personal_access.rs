//! Who asked what about single workers, by day: kept for [`KEPT_FOR_DAYS`], and shown to the worker.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use domain::{
    id::{FactoryId, PrincipalId},
    time::TimestampMs,
};
use entity::{personal_access, principal};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{
    Store,
    access::AccessLogScope,
    engine::{
        code::Code,
        retry::Retries,
        statement::Kind,
        table::{Column, Table, Texts},
    },
    error::{Result, StoreError},
};

/// How many days rows are kept.
pub const KEPT_FOR_DAYS: i32 = 180;
/// The most rows of a page.
pub const MAX_PAGE_ROWS: u32 = 200;

/// What was asked for about a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessQuestion {
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

impl Code for AccessQuestion {
    const CODES: &'static [(Self, i16)] = &[
        (Self::Figures, 0),
        (Self::Series, 1),
        (Self::Timeline, 2),
        (Self::Events, 3),
        (Self::Decisions, 4),
        (Self::Restatements, 5),
        (Self::Conflicts, 6),
    ];

    fn code(self) -> i16 {
        self as i16
    }
}

/// What a subscription asks about workers, for as long as it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// What is asked for.
    pub question: AccessQuestion,
    /// Of which factory.
    pub factory_slug: String,
    /// Only of these, as sent.
    pub workers: Option<Vec<String>>,
    /// Only of those in this area.
    pub area: Option<String>,
}

/// That somebody asked something about a worker on a day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    pub(crate) factory_id: FactoryId,
    /// As sent.
    pub(crate) worker: Arc<str>,
    /// In the factory's time zone, counted from 1970-01-01.
    pub(crate) day: i32,
    pub(crate) reader: PrincipalId,
    pub(crate) question: AccessQuestion,
}

/// How often and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookCount {
    pub(crate) first_ms: TimestampMs,
    pub(crate) last_ms: TimestampMs,
    pub(crate) times: i64,
}

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// What whoever asked is called.
    pub reader: String,
    /// What they asked for.
    pub question: AccessQuestion,
    /// On which day, in the factory's time zone.
    pub day: NaiveDate,
    /// When for the first time, Unix milliseconds.
    pub first_at_ms: TimestampMs,
    /// When for the last time, to a minute, Unix milliseconds.
    pub last_at_ms: TimestampMs,
    /// How many times.
    pub times: i64,
    /// Where it stands in the list.
    pub place: Place,
}

/// Where a row stands in the list of a worker, the latest day first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1970-01-01.
    pub day: i32,
    /// Who asked.
    pub reader: i32,
    /// What, as its code.
    pub question: i16,
}

/// A page of what was asked about a worker.
#[derive(Clone, Debug)]
pub struct AccessPage {
    /// The rows.
    pub rows: Vec<AccessRow>,
    /// Whether there are more after them.
    pub has_next: bool,
}

static TEXTS: Texts = Texts::new();

const TABLE: Table<personal_access::Model, 8> = Table::new(
    "personal_access",
    &TEXTS,
    [
        Column::key("factory_id", Kind::Int, |row| row.factory_id.into()),
        Column::key("worker", Kind::Text, |row| row.worker.clone().into()),
        Column::key("day", Kind::Int, |row| row.day.into()),
        Column::key("principal_id", Kind::Int, |row| row.principal_id.into()),
        Column::key("question", Kind::SmallInt, |row| row.question.into()),
        Column::keep("first_at", Kind::BigInt, |row| row.first_at.into()),
        Column::raise("last_at", |row| row.last_at.into()),
        Column::add("times", |row| row.times.into()),
    ],
);

impl Store {
    /// Keeps looks, each counted further where it is kept already.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_looks(&self, looks: &[(Look, LookCount)]) -> Result<()> {
        let mut rows: Vec<personal_access::Model> = looks.iter().map(row).collect();
        // In one order, so that no two servers wait for each other.
        rows.sort_by(|one, other| {
            let key =
                |row: &personal_access::Model| (row.factory_id, row.day, row.principal_id, row.question);
            key(one).cmp(&key(other)).then_with(|| one.worker.cmp(&other.worker))
        });
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_keep_looks(&rows).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_keep_looks(&self, rows: &[personal_access::Model]) -> Result<()> {
        let tx = self.begin_write().await?;
        TABLE.upsert(&tx, rows).await?;
        tx.commit().await
    }

    /// Forgets what is older than [`KEPT_FOR_DAYS`]. Never is there more to forget.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_personal_access(&self, now_ms: TimestampMs) -> Result<bool> {
        // A day in any time zone has ended by then.
        let before = now_ms.0.div_euclid(domain::MS_PER_DAY) - i64::from(KEPT_FOR_DAYS) - 1;
        let before = i32::try_from(before).unwrap_or_default();
        let is_old = personal_access::Column::Day.lt(before);
        let any = personal_access::Entity::find().filter(is_old.clone()).limit(1);
        if any.one(&self.snapshot_for_live().await?).await?.is_none() {
            return Ok(false);
        }
        let tx = self.begin_write().await?;
        personal_access::Entity::delete_many().filter(is_old).exec(&tx).await?;
        tx.commit().await?;
        Ok(false)
    }
}

fn row((look, count): &(Look, LookCount)) -> personal_access::Model {
    personal_access::Model {
        factory_id: look.factory_id.0,
        worker: look.worker.to_string(),
        day: look.day,
        principal_id: look.reader.0,
        question: look.question.code(),
        first_at: count.first_ms.0,
        last_at: count.last_ms.0,
        times: count.times,
    }
}

/// What was asked about a worker, the latest day first, after a place in the list; `first` is at most [`MAX_PAGE_ROWS`].
///
/// # Errors
/// The database failed.
pub async fn page(
    conn: &impl ConnectionTrait,
    scope: &AccessLogScope,
    first: u32,
    after: Option<Place>,
) -> Result<AccessPage> {
    use personal_access::Column as Of;
    let first = Ord::min(first, MAX_PAGE_ROWS) as usize;
    let mut query = personal_access::Entity::find()
        .filter(Of::FactoryId.eq(scope.factory_id().0))
        .filter(Of::Worker.eq(scope.worker()));
    if let Some(Place { day, reader, question }) = after {
        let same_reader = Condition::all().add(Of::PrincipalId.eq(reader)).add(Of::Question.gt(question));
        let same_day = Condition::all()
            .add(Of::Day.eq(day))
            .add(Condition::any().add(Of::PrincipalId.gt(reader)).add(same_reader));
        query = query.filter(Condition::any().add(Of::Day.lt(day)).add(same_day));
    }
    let mut rows = query
        .order_by_desc(Of::Day)
        .order_by_asc(Of::PrincipalId)
        .order_by_asc(Of::Question)
        .limit(first as u64 + 1)
        .all(conn)
        .await?;
    let has_next = rows.len() > first;
    rows.truncate(first);
    let readers = principal::Entity::find()
        .filter(principal::Column::Id.is_in(rows.iter().map(|row| row.principal_id)))
        .all(conn)
        .await?;
    let rows = rows.into_iter().map(|row| {
        let reader = readers.iter().find(|reader| reader.id == row.principal_id);
        Ok(AccessRow {
            reader: reader.map(|reader| reader.name.clone()).unwrap_or_default(),
            question: AccessQuestion::of_code(row.question)?,
            day: date(row.day)?,
            first_at_ms: TimestampMs(row.first_at),
            last_at_ms: TimestampMs(row.last_at),
            times: row.times,
            place: Place { day: row.day, reader: row.principal_id, question: row.question },
        })
    });
    Ok(AccessPage { rows: rows.collect::<Result<_>>()?, has_next })
}

fn date(day: i32) -> Result<NaiveDate> {
    let date = NaiveDate::default().checked_add_signed(TimeDelta::days(day.into()));
    date.ok_or_else(|| StoreError::Corrupt(format!("a day numbered {day}")))
}
