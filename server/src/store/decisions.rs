//! What people decided about a factory's reports, in the order of their numbers.

mod content;
mod write;

use domain::{
    decision::{DecisionFault, DecisionKind, Reach},
    event::EntityType,
    id::{EntityId, FactoryId, FactorySlug, Revision},
    time::TimestampMs,
};
use entity::{
    decision::{self as row, Column},
    decision_entity as of_entity, factory,
};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
};

pub(super) use self::content::is_same;
pub use self::content::{Content, Correction, Retraction, StandingContent};
pub(super) use self::write::{
    correction_row, keep, keep_rows, progressed, retraction_row, set_counted, withdraw,
};
use super::{
    access::{Author, Permission, Scope},
    applied::{Active, starts_ms},
    decided::{read_content, standing_rule},
    engine::{code::Code as _, statement::Sql},
    entities,
    error::Result,
};

/// The most decisions of one page.
pub const MAX_PAGE_DECISIONS: u32 = 200;

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number in its factory, from 1.
    pub number: i32,
    /// What it says.
    pub content: Content,
    /// When it was made, Unix milliseconds.
    pub made_at_ms: TimestampMs,
    /// Who made it, as far as the server knows.
    pub made_by: String,
    /// Why.
    pub note: String,
    /// The sender's own id of the request that made it.
    pub request_id: String,
    /// The number of the decision that took it back.
    pub withdrawn_by: Option<i32>,
    /// How far the sums follow it.
    pub progress: Progress,
    /// How many stored events were counted again for it so far.
    pub events: i64,
    /// The factory's revision with it.
    pub revision: Revision,
}

/// How far the sums follow a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It waits for others to be applied.
    Waiting,
    /// The buckets that begin before this instant (Unix milliseconds) are counted by it. A decision that takes another back is
    /// applied from the latest bucket on: those from the instant on follow it.
    Applying(TimestampMs),
    /// All of them.
    Applied,
}

impl Decision {
    /// Of which kind it is.
    pub fn kind(&self) -> DecisionKind {
        self.content.kind()
    }
}

/// A decision to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    /// For which factory.
    pub factory_slug: FactorySlug,
    /// The sender's own id of the request: the same one again gives the same decision.
    pub request_id: String,
    /// Who makes it.
    pub author: Author,
    /// Why.
    pub note: String,
    /// The last decision that its maker has seen; if a later one is about the same, this one is refused.
    pub seen_decision: Option<i32>,
    /// What it says.
    pub content: Content,
}

/// Why a decision was not made.
#[derive(Clone, Debug, PartialEq)]
pub enum NotDecided {
    /// There is no such factory.
    NoFactory,
    /// It is not possible.
    Invalid(DecisionFault),
    /// The request was sent before with other content, and made the decision of this number.
    RequestReused(i32),
    /// The decision of this number was made meanwhile, about the same.
    ChangedMeanwhile(i32),
    /// There is no decision of this number.
    NoSuchDecision(i32),
    /// No such event is stored.
    NoSuchEvent,
    /// Nobody and nothing is in the area.
    EmptyArea,
    /// An id that would be registered may not be.
    InvalidId(String),
    /// It would register one worker or workstation too many.
    EntityLimitReached,
    /// It would register one source or model version too many.
    TooManyNames,
}

/// Which decisions to read; the default is all.
#[derive(Clone, Debug, Default)]
pub struct DecisionFilter {
    /// The one with this number.
    pub number: Option<i32>,
    /// Of this kind.
    pub kind: Option<DecisionKind>,
    /// About this worker or workstation: corrections and retractions.
    pub entity: Option<(EntityType, String)>,
    /// Only those that were not taken back, or only those that were.
    pub is_live: Option<bool>,
    /// Only those about sources and models.
    pub is_of_models: bool,
}

/// One page of decisions, the highest number first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Whether there are more after them.
    pub has_next: bool,
}

/// The decisions with numbers below `before` that a filter lets through; `first` is at most [`MAX_PAGE_DECISIONS`].
///
/// # Errors
/// The database failed.
pub async fn page(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    filter: &DecisionFilter,
    first: u32,
    before: Option<i32>,
) -> Result<Page> {
    let factory_id = scope.factory_id();
    let first = Ord::min(first, MAX_PAGE_DECISIONS) as usize;
    let mut query = row::Entity::find().filter(Column::FactoryId.eq(factory_id.0));
    if let Some(before) = before {
        query = query.filter(Column::Number.lt(before));
    }
    if let Some(number) = filter.number {
        query = query.filter(Column::Number.eq(number));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind.code()));
    }
    if let Some(is_live) = filter.is_live {
        let withdrawn = Column::WithdrawnBy;
        query = query.filter(if is_live { withdrawn.is_null() } else { withdrawn.is_not_null() });
    }
    if filter.is_of_models {
        let takes_back_one = row::Entity::find()
            .select_only()
            .column(Column::WithdrawnBy)
            .filter(Column::FactoryId.eq(factory_id.0))
            .filter(Column::Kind.eq(DecisionKind::Standing.code()))
            .filter(Column::WithdrawnBy.is_not_null())
            .into_query();
        let is_one = Column::Kind.eq(DecisionKind::Standing.code());
        let is_of_models = Condition::any().add(is_one).add(Column::Number.in_subquery(takes_back_one));
        query = query.filter(is_of_models);
    }
    if let Some((entity_type, code)) = &filter.entity {
        let Some(entity) = entities::with_code(conn, factory_id, *entity_type, code).await? else {
            return Ok(Page { decisions: Vec::new(), has_next: false });
        };
        let about = of_entity::Entity::find()
            .select_only()
            .column(of_entity::Column::Number)
            .filter(of_entity::Column::FactoryId.eq(factory_id.0))
            .filter(of_entity::Column::EntityId.eq(entity.id.0))
            .into_query();
        query = query.filter(Column::Number.in_subquery(about));
    }
    let mut rows = query.order_by_desc(Column::Number).limit(first as u64 + 1).all(conn).await?;
    let has_next = rows.len() > first;
    rows.truncate(first);
    Ok(Page { decisions: with_progress(conn, factory_id, rows).await?, has_next })
}

/// Of which kind the decision with this number is, if there is one.
///
/// # Errors
/// The database failed.
pub async fn kind(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    number: i32,
) -> Result<Option<DecisionKind>> {
    let kind: Option<i16> = row::Entity::find_by_id((scope.factory_id().0, number))
        .select_only()
        .column(Column::Kind)
        .into_tuple()
        .one(conn)
        .await?;
    kind.map(DecisionKind::of_code).transpose()
}

/// The decisions that were last changed after a revision and up to another one, in the order of their numbers: made, taken back, or
/// applied further.
///
/// # Errors
/// The database failed.
pub async fn changed(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    (after, up_to): (Revision, Revision),
) -> Result<Vec<Decision>> {
    let factory_id = scope.factory_id();
    let made = row::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::ChangedRevision.gt(after.0))
        .filter(Column::ChangedRevision.lte(up_to.0))
        .order_by_asc(Column::Number)
        .all(conn)
        .await?;
    with_progress(conn, factory_id, made).await
}

/// The decision that a request made.
pub(super) async fn by_request(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    request_id: &str,
) -> Result<Option<Decision>> {
    let made = row::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::RequestId.eq(request_id));
    Ok(with_progress(conn, factory_id, Vec::from_iter(made.one(conn).await?)).await?.pop())
}

/// The decision of a number.
pub(super) async fn by_number(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    number: i32,
) -> Result<Option<Decision>> {
    let row = row::Entity::find_by_id((factory_id.0, number)).one(conn).await?;
    Ok(with_progress(conn, factory_id, Vec::from_iter(row)).await?.pop())
}

/// The number of the decision that is to be applied or taken back next, of those that wait.
pub(super) async fn first_waiting(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<Option<i32>> {
    // In the order in which they were made, or the decisions that take them back.
    let select = Sql::new(conn, "SELECT number FROM decision WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND kind <> ")
        .bind(DecisionKind::Withdrawal.code())
        .text(" AND (withdrawn_by IS NULL) <> is_counted ORDER BY COALESCE(withdrawn_by, number) LIMIT 1");
    let row = conn.query_one_raw(select.build()).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The factories that have decisions which are not applied yet.
///
/// # Errors
/// The database failed.
pub async fn pending_factories(conn: &impl ConnectionTrait) -> Result<Vec<FactorySlug>> {
    let slugs: Vec<String> = factory::Entity::find()
        .select_only()
        .column(factory::Column::Slug)
        .filter(factory::Column::PendingDecisions.gt(0))
        .order_by_asc(factory::Column::Id)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(slugs.into_iter().map(FactorySlug).collect())
}

/// What the decisions after a number are about; of a withdrawal, what it takes back.
pub(super) async fn reach_of_later(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    seen: i32,
) -> Result<Vec<(i32, Reach)>> {
    let later = row::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Number.gt(seen))
        .all(conn)
        .await?;
    let mut reach = Vec::with_capacity(later.len());
    for later in later {
        let later = decision(later, Progress::Applied)?;
        let about = match later.content {
            Content::Withdrawal(of) => by_number(conn, factory_id, of).await?,
            _ => Some(later.clone()),
        };
        let Some(about) = about else { continue };
        if let Content::Standing(standing) = &about.content {
            let rule = standing_rule(conn, factory_id, about.number, standing).await?;
            reach.extend(rule.map(|rule| (later.number, Reach::from(&rule))));
            continue;
        }
        let rows = rows_of(conn, factory_id, about.number).await?;
        let Some(first) = rows.first() else { continue };
        let entities = rows.iter().map(|row| EntityId(row.entity_id)).collect();
        let (from_ms, to_ms) = (TimestampMs(first.from_at), TimestampMs(first.to_at));
        reach.push((later.number, Reach::Entities { entities, from_ms, to_ms }));
    }
    Ok(reach)
}

/// What a decision says of entities.
pub(super) async fn rows_of(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    number: i32,
) -> Result<Vec<of_entity::Model>> {
    Ok(of_entity::Entity::find()
        .filter(of_entity::Column::FactoryId.eq(factory_id.0))
        .filter(of_entity::Column::Number.eq(number))
        .all(conn)
        .await?)
}

/// Decisions with how far the sums follow them.
async fn with_progress(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    rows: Vec<row::Model>,
) -> Result<Vec<Decision>> {
    use factory::Column as OfFactory;
    let columns: Option<(i32, Option<i32>, Option<i64>)> = factory::Entity::find_by_id(factory_id.0)
        .select_only()
        .columns([OfFactory::PendingDecisions, OfFactory::ActiveDecision, OfFactory::ActiveBucket])
        .into_tuple()
        .one(conn)
        .await?;
    let Some((1.., number, bucket)) = columns else {
        return rows.into_iter().map(|row| decision(row, Progress::Applied)).collect();
    };
    let active = Active::of_columns(number, bucket);
    let mut decisions = Vec::with_capacity(rows.len());
    for row in rows {
        // What takes another back is applied when that is not counted any more.
        let about = match read_content(&row.content)? {
            Content::Withdrawal(of) => row::Entity::find_by_id((factory_id.0, of)).one(conn).await?,
            _ => None,
        };
        let progress = progress_of(about.as_ref().unwrap_or(&row), active);
        decisions.push(decision(row, progress)?);
    }
    Ok(decisions)
}

fn progress_of(row: &row::Model, active: Option<Active>) -> Progress {
    match active.filter(|active| active.number == row.number) {
        Some(active) => Progress::Applying(starts_ms(active.bucket)),
        None if row.is_counted == row.withdrawn_by.is_none() => Progress::Applied,
        None => Progress::Waiting,
    }
}

fn decision(row: row::Model, progress: Progress) -> Result<Decision> {
    Ok(Decision {
        number: row.number,
        content: read_content(&row.content)?,
        made_at_ms: TimestampMs(row.made_at),
        made_by: row.made_by,
        note: row.note,
        request_id: row.request_id,
        withdrawn_by: row.withdrawn_by,
        progress,
        events: row.events,
        revision: Revision(row.revision),
    })
}
