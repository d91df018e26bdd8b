//! Factories: their names, time zones and revisions.

use std::collections::BTreeMap;

use domain::zone::Zone;
use domain::{
    access::Role,
    closing,
    id::{FactoryId, FactorySlug, Revision},
    metric::UnitsBasis,
    time::TimestampMs,
};
use entity::factory;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::LockType,
};

use serde_json::json;

use super::{
    access::{Access, Author, ChangeSettings, Scope, ServerScope, change::Change, principals},
    applied::Active,
    audit_log::{self, AuditAction, Record},
    closings,
    database::Store,
    engine::{code::Code as _, retry::Retries, statement::Sql},
    error::{Result, StoreError},
};

/// The most factories: each has tables of its own rows, caches and a share of the writer, and nobody has so many.
pub const MAX_FACTORIES: u64 = 1_000;

/// One factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factory {
    /// The key in every other table.
    pub id: FactoryId,
    /// The id that clients use.
    pub slug: FactorySlug,
    /// For people.
    pub name: String,
    /// Decides where a day begins.
    pub time_zone: Zone,
    /// Whose units are the factory's.
    pub units_basis: UnitsBasis,
    /// In how many minutes a state report is followed by the next one of its series, where it does not say.
    pub state_hold_minutes: u16,
    /// For how many hours after its end a bucket stays open.
    pub finality_grace_hours: u16,
    /// How many workers the least are whose figures together are shown to somebody who sees no single worker.
    pub smallest_team: u16,
    /// Up to when buckets were closed when that was set, Unix milliseconds.
    pub closed_floor_ms: TimestampMs,
    /// The instant of the last commit that changed a sum or a setting, Unix milliseconds; it never falls.
    pub committed_at_ms: TimestampMs,
    /// The number of the last decision; 0 when there is none.
    pub last_decision: i32,
    /// How many decisions the sums do not follow in every bucket yet.
    pub pending_decisions: i32,
    /// The one of them that is being applied, and how far it is.
    pub active: Option<Active>,
    /// The revision of the last change of a decision, or of how far one is applied.
    pub decided_revision: Revision,
    /// Grows with every committed change that a reader can see.
    pub revision: Revision,
    /// How many contradictions of stored events are kept.
    pub kept_conflicts: i64,
    /// How many were dropped because there were more.
    pub dropped_conflicts: i64,
    /// How many events were not stored that are in no [count](super::issues) of their own.
    pub other_issues: i64,
}

/// Why a factory was not created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCreated {
    /// Only operators create factories.
    NotPermitted,
    /// There is one with this slug.
    SlugTaken,
    /// There are [`MAX_FACTORIES`].
    TooMany,
}

/// What a new factory begins with.
#[derive(Clone, Debug)]
pub struct NewFactory {
    /// The id that clients use, judged by the caller.
    pub slug: FactorySlug,
    /// For people.
    pub name: String,
    /// Decides where a day begins.
    pub time_zone: Zone,
    /// Whose units are the factory's.
    pub units_basis: UnitsBasis,
    /// In how many minutes a state report is followed by the next one of its series, where it does not say.
    pub state_hold_minutes: u16,
    /// For how many hours after its end a bucket stays open.
    pub finality_grace_hours: u16,
    /// How many workers the least are whose figures together are shown to somebody who sees no single worker.
    pub smallest_team: u16,
}

/// What to change about a factory; none stays.
#[derive(Clone, Debug, Default)]
pub struct FactoryPatch {
    /// For people.
    pub name: Option<String>,
    /// Decides where a day begins.
    pub time_zone: Option<Zone>,
    /// Whose units are the factory's.
    pub units_basis: Option<UnitsBasis>,
    /// In how many minutes a state report that comes from now on is followed by the next one, where it does not say.
    pub state_hold_minutes: Option<u16>,
    /// For how many hours after its end a bucket stays open from now on.
    pub finality_grace_hours: Option<u16>,
    /// How many workers the least are whose figures together are shown to somebody who sees no single worker.
    pub smallest_team: Option<u16>,
}

impl Factory {
    /// The instant of a commit while the clock shows `now_ms`, or of a question then.
    pub fn instant(&self, now_ms: TimestampMs) -> TimestampMs {
        closing::commit_instant(self.committed_at_ms, now_ms)
    }

    /// Up to when buckets are closed at an instant that is no earlier than the last commit.
    pub fn mark(&self, at_ms: TimestampMs) -> TimestampMs {
        closing::mark(self.closed_floor_ms, self.finality_grace_hours, at_ms)
    }
}

/// All factories in the byte order of their slugs.
pub(super) async fn all(conn: &impl ConnectionTrait) -> Result<Vec<Factory>> {
    let rows = factory::Entity::find().order_by_asc(factory::Column::Slug).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The factory with this slug, for [`access`](super::access) alone: nothing else gets from a slug to a factory.
pub(super) async fn by_slug(conn: &impl ConnectionTrait, slug: &str) -> Result<Option<Factory>> {
    let row = factory::Entity::find().filter(factory::Column::Slug.eq(slug)).one(conn).await?;
    row.map(TryInto::try_into).transpose()
}

async fn is_slug_taken(tx: &impl ConnectionTrait, slug: &str) -> Result<bool> {
    let of_slug = factory::Entity::find().filter(factory::Column::Slug.eq(slug));
    Ok(of_slug.count(tx).await? > 0)
}

/// The revisions of factories.
///
/// # Errors
/// The database failed.
pub async fn revisions(
    conn: &impl ConnectionTrait,
    factories: &[ServerScope],
) -> Result<BTreeMap<FactoryId, Revision>> {
    let revisions: Vec<(i32, i64)> = factory::Entity::find()
        .select_only()
        .columns([factory::Column::Id, factory::Column::Revision])
        .filter(factory::Column::Id.is_in(factories.iter().map(|factory| factory.factory_id().0)))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(revisions.into_iter().map(|(id, revision)| (FactoryId(id), Revision(revision))).collect())
}

/// The factories with these slugs, locked for a write until the transaction ends. Everyone who locks several does so in
/// the order of their ids, so that no two wait for each other.
pub(super) async fn lock(
    tx: &impl ConnectionTrait,
    slugs: impl IntoIterator<Item = &str>,
) -> Result<Vec<Factory>> {
    let rows = factory::Entity::find()
        .filter(factory::Column::Slug.is_in(slugs))
        .order_by_asc(factory::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The factory with this slug, locked for a write until the transaction ends.
pub(super) async fn lock_one(tx: &impl ConnectionTrait, slug: &str) -> Result<Option<Factory>> {
    Ok(lock(tx, [slug]).await?.pop())
}

/// As [`lock_one`], by its key.
pub(super) async fn lock_by_id(tx: &impl ConnectionTrait, factory_id: FactoryId) -> Result<Option<Factory>> {
    let row = factory::Entity::find_by_id(factory_id.0).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.map(TryInto::try_into).transpose()
}

/// Sets the factory's revision, within the transaction that changed something.
pub(super) async fn set_revision(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    revision: Revision,
) -> Result<()> {
    let update = Sql::new(conn, "UPDATE factory SET revision = ").bind(revision.0).text(" WHERE id = ");
    conn.execute_raw(update.bind(factory_id.0).build()).await?;
    Ok(())
}

/// Sets the factory's revision and the instant of the commit that raises it, within its transaction.
pub(super) async fn set_committed(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    revision: Revision,
    at_ms: TimestampMs,
) -> Result<()> {
    let update = Sql::new(conn, "UPDATE factory SET revision = ")
        .bind(revision.0)
        .text(", committed_at = ")
        .bind(at_ms.0)
        .text(" WHERE id = ")
        .bind(factory_id.0);
    conn.execute_raw(update.build()).await?;
    Ok(())
}

/// Sets how a factory's decisions stand: the number of the last one, how many are pending, and which is being applied, at a
/// revision.
pub(super) async fn set_decided(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    (last_decision, pending_decisions, active): (i32, i32, Option<Active>),
    revision: Revision,
) -> Result<()> {
    let update = Sql::new(conn, "UPDATE factory SET last_decision = ")
        .bind(last_decision)
        .text(", pending_decisions = ")
        .bind(pending_decisions)
        .text(", active_decision = ")
        .bind(active.map(|active| active.number))
        .text(", active_bucket = ")
        .bind(active.map(|active| active.bucket))
        .text(", decided_revision = ")
        .bind(revision.0)
        .text(" WHERE id = ")
        .bind(factory_id.0);
    conn.execute_raw(update.build()).await?;
    Ok(())
}

impl Store {
    /// Creates a factory, unless the slug is taken or there are too many. Who creates it, if that is known, may administer it.
    pub async fn create_factory(
        &self,
        access: &Access,
        new: NewFactory,
        author: &Author,
    ) -> Result<std::result::Result<Factory, NotCreated>> {
        let mut retries = Retries::default();
        loop {
            // Another server may take the same id or slug at the same time.
            let outcome = self.try_create_factory(access, new.clone(), author).await;
            if !retries.again_for_a_key(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_create_factory(
        &self,
        access: &Access,
        new: NewFactory,
        author: &Author,
    ) -> Result<std::result::Result<Factory, NotCreated>> {
        if !access.is_operator() {
            return Ok(Err(NotCreated::NotPermitted));
        }
        let now_ms = author.at_ms;
        let change = Change::begin(self, author).await?;
        let tx = &change.tx;
        if is_slug_taken(tx, new.slug.as_str()).await? {
            return Ok(Err(NotCreated::SlugTaken));
        }
        if factory::Entity::find().count(tx).await? >= MAX_FACTORIES {
            return Ok(Err(NotCreated::TooMany));
        }
        let last_id: Option<Option<i32>> = factory::Entity::find()
            .select_only()
            .column_as(factory::Column::Id.max(), "id")
            .into_tuple()
            .one(tx)
            .await?;
        let row = factory::Model {
            id: last_id.flatten().unwrap_or(0) + 1,
            slug: new.slug.0,
            name: new.name,
            time_zone: new.time_zone.name().to_owned(),
            units_basis: new.units_basis.code(),
            state_hold_minutes: new.state_hold_minutes as i16,
            finality_grace_hours: new.finality_grace_hours as i16,
            smallest_team: new.smallest_team as i16,
            closed_floor: closing::mark(TimestampMs::MIN, new.finality_grace_hours, now_ms).0,
            committed_at: now_ms.0,
            last_decision: 0,
            pending_decisions: 0,
            active_decision: None,
            active_bucket: None,
            decided_revision: 0,
            revision: 1,
            kept_conflicts: 0,
            dropped_conflicts: 0,
            other_issues: 0,
        };
        factory::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
        let created: Factory = row.try_into()?;
        closings::keep(tx, &created).await?;
        let details = json!({ "name": created.name, "timeZone": created.time_zone.name() });
        let done = Record::done(Some(created.id), AuditAction::CreateFactory, &*created.slug.0, details);
        match author.principal_id {
            Some(creator) => {
                principals::keep_grant(&change, creator, created.id, Role::Admin, None).await?;
                change.commit(done).await?;
            }
            None => change.commit_unseen(Some(done)).await?,
        }
        Ok(Ok(created))
    }

    /// Changes a factory and raises its revision; none when it is gone.
    pub async fn update_factory(
        &self,
        scope: &Scope<ChangeSettings>,
        patch: FactoryPatch,
        author: &Author,
    ) -> Result<Option<Factory>> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_update_factory(scope.factory().slug.as_str(), patch.clone(), author).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_update_factory(
        &self,
        slug: &str,
        patch: FactoryPatch,
        author: &Author,
    ) -> Result<Option<Factory>> {
        let tx = self.begin_write().await?;
        let Some(before) = lock_one(&tx, slug).await? else { return Ok(None) };
        let mut changed = before.clone();
        changed.name = patch.name.unwrap_or(changed.name);
        changed.time_zone = patch.time_zone.unwrap_or(changed.time_zone);
        changed.units_basis = patch.units_basis.unwrap_or(changed.units_basis);
        changed.state_hold_minutes = patch.state_hold_minutes.unwrap_or(changed.state_hold_minutes);
        changed.smallest_team = patch.smallest_team.unwrap_or(changed.smallest_team);
        changed.revision = changed.revision.next();
        let grace_hours = patch.finality_grace_hours.unwrap_or(changed.finality_grace_hours);
        let is_grace_new = grace_hours != changed.finality_grace_hours;
        changed.committed_at_ms = changed.instant(author.at_ms);
        if is_grace_new {
            changed.closed_floor_ms = changed.mark(changed.committed_at_ms);
            changed.finality_grace_hours = grace_hours;
            closings::keep(&tx, &changed).await?;
        }
        let row = factory::ActiveModel {
            id: Set(changed.id.0),
            name: Set(changed.name.clone()),
            time_zone: Set(changed.time_zone.name().to_owned()),
            units_basis: Set(changed.units_basis.code()),
            state_hold_minutes: Set(changed.state_hold_minutes as i16),
            finality_grace_hours: Set(changed.finality_grace_hours as i16),
            smallest_team: Set(changed.smallest_team as i16),
            closed_floor: Set(changed.closed_floor_ms.0),
            committed_at: Set(changed.committed_at_ms.0),
            revision: Set(changed.revision.0),
            ..Default::default()
        };
        row.update(&tx).await?;
        let details = changes(&before, &changed);
        let done = Record::done(Some(changed.id), AuditAction::UpdateFactory, slug, details);
        audit_log::append(&tx, author, Record { revision: changed.revision.0, ..done }).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }
}

/// What is written down of a change of settings: each that is another one now, as it was and as it is.
fn changes(before: &Factory, after: &Factory) -> serde_json::Value {
    let settings = |factory: &Factory| {
        [
            ("name", json!(factory.name)),
            ("timeZone", json!(factory.time_zone.name())),
            ("unitsBasis", json!(factory.units_basis.name())),
            ("stateHoldMinutes", json!(factory.state_hold_minutes)),
            ("finalityGraceHours", json!(factory.finality_grace_hours)),
            ("smallestTeam", json!(factory.smallest_team)),
        ]
    };
    let pairs = settings(before).into_iter().zip(settings(after));
    let changed = pairs.filter(|((_, before), (_, after))| before != after);
    changed
        .map(|((name, before), (_, after))| (name.to_owned(), json!({ "from": before, "to": after })))
        .collect()
}

impl TryFrom<factory::Model> for Factory {
    type Error = StoreError;

    fn try_from(row: factory::Model) -> Result<Self> {
        let time_zone = time_zones::find(&row.time_zone)
            .map_err(|_unknown| StoreError::Corrupt(format!("the time zone {:?}", row.time_zone)))?;
        Ok(Self {
            id: FactoryId(row.id),
            slug: FactorySlug(row.slug),
            name: row.name,
            time_zone,
            units_basis: UnitsBasis::of_code(row.units_basis)?,
            state_hold_minutes: row.state_hold_minutes.unsigned_abs(),
            finality_grace_hours: row.finality_grace_hours.unsigned_abs(),
            smallest_team: row.smallest_team.unsigned_abs(),
            closed_floor_ms: TimestampMs(row.closed_floor),
            committed_at_ms: TimestampMs(row.committed_at),
            last_decision: row.last_decision,
            pending_decisions: row.pending_decisions,
            active: Active::of_columns(row.active_decision, row.active_bucket),
            decided_revision: Revision(row.decided_revision),
            revision: Revision(row.revision),
            kept_conflicts: row.kept_conflicts,
            dropped_conflicts: row.dropped_conflicts,
            other_issues: row.other_issues,
        })
    }
}
