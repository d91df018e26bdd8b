//! What the writer knows of a factory between commits, so that most events need no look at what is stored.

use std::collections::HashMap;

use domain::{
    event::{EntityType, Event},
    id::{EntityId, Revision},
    time::TimestampMs,
    timeline::Tail,
    validate::{RegisteredName, new_id_fault},
};
use sea_orm::ConnectionTrait;

use super::{batch::Verdict, latest::LatestReports, origins::Origins, row::NewRow};
use crate::store::{
    applied::Applied,
    entities::{self, Entity, EntityFilter},
    error::Result as StoreResult,
    factories::Factory,
    intern::Names,
    report::SeriesKey,
    series::Around,
};

/// What is known of a factory as it was at a revision, which is 0 where nothing was read yet.
#[derive(Default)]
pub(super) struct Cache {
    pub(super) revision: Revision,
    pub(super) entities: HashMap<EntityId, Entity>,
    /// What is known of their latest segments; those that have none here begin with their current one.
    pub(super) tails: HashMap<EntityId, Tail>,
    /// What is known of their latest state reports.
    pub(super) latest_reports: LatestReports,
    ids: HashMap<EntityType, HashMap<String, EntityId>>,
    /// The highest number that an entity has.
    last_id: i32,
    /// Those that got one since the last commit.
    registered: Vec<EntityId>,
    pub(super) model_versions: Names,
    pub(super) sources: Names,
    /// Who is known to have been reported by whom.
    pub(super) origins: Origins,
    /// By which decisions the buckets are counted.
    pub(super) applied: Applied,
}

impl Cache {
    /// Whether an event may be stored that overlaps this one or starts together with it.
    pub(super) fn may_touch(&self, row: &NewRow<'_>) -> bool {
        let (from_ms, to_ms) = (row.event.started_at_ms, row.event.ended_at_ms());
        self.may_hold_events(row.entity_id, from_ms, to_ms)
    }

    /// Whether events of an entity may be stored that overlap a span or start in it; a span of no length is its instant.
    pub(super) fn may_hold_events(
        &self,
        entity_id: EntityId,
        from_ms: TimestampMs,
        to_ms: TimestampMs,
    ) -> bool {
        // Where every event is shown, a gap between segments holds none.
        let is_gap = || self.tails.get(&entity_id).is_some_and(|tail| tail.is_free(from_ms, to_ms));
        self.entities
            .get(&entity_id)
            .is_some_and(|entity| from_ms <= entity.frontier_ms && (entity.hides_events || !is_gap()))
    }

    /// What is stored of a series around an instant, where that is known.
    pub(super) fn around(&self, series: SeriesKey, at_ms: TimestampMs) -> Option<Around> {
        let is_first =
            self.entities.get(&series.entity_id).is_some_and(|entity| entity.frontier_ms == TimestampMs::MIN);
        if is_first {
            return Some(Around::default());
        }
        let latest_ms = self.latest_reports.of_series(series)?;
        (latest_ms < at_ms).then_some(Around { before_ms: Some(latest_ms), after_ms: None })
    }

    /// What is known of a factory at its revision. What is cached is brought up to date with what others have
    /// committed since: the entities they touched. Names are never changed, so those known stay true.
    pub(super) async fn of(
        conn: &impl ConnectionTrait,
        factory: &Factory,
        cached: Option<Self>,
    ) -> StoreResult<Self> {
        let mut cache = cached.unwrap_or_default();
        if cache.revision == factory.revision {
            return Ok(cache);
        }
        if !cache.applied.is_of(factory) {
            cache.applied = Applied::read(conn, factory.id, None).await?;
        }
        let changed_after = (cache.revision > Revision(0)).then_some(cache.revision);
        let changed = EntityFilter { changed_after, ..EntityFilter::default() };
        for entity in entities::of_factory(conn, factory.id, changed).await? {
            cache.ids.entry(entity.entity_type).or_default().insert(entity.code.clone(), entity.id);
            cache.tails.remove(&entity.id);
            cache.latest_reports.forget(entity.id);
            cache.last_id = cache.last_id.max(entity.id.0);
            cache.entities.insert(entity.id, entity);
        }
        cache.revision = factory.revision;
        Ok(cache)
    }

    /// A registered entity.
    pub(super) fn entity(&self, entity_type: EntityType, code: &str) -> Option<&Entity> {
        self.entities.get(self.ids.get(&entity_type)?.get(code)?)
    }

    /// How much it holds: entities and names.
    pub(super) fn len(&self) -> usize {
        self.entities.len() + self.model_versions.len() + self.sources.len()
    }

    /// Whether the entity of an event and a workstation beside it are registered or can be.
    pub(super) fn has_room_for(&self, event: &Event, workstation: &str) -> bool {
        let named = [(event.entity_type, event.entity_code.as_str()), (EntityType::Workstation, workstation)];
        let new =
            named.into_iter().filter(|(entity_type, code)| self.entity(*entity_type, code).is_none()).count();
        self.entities.len() + new <= entities::MAX_ENTITIES
    }

    /// Forgets who was registered and is not stored: an event that named somebody contradicted a stored one. Others may give the
    /// number to somebody else.
    pub(super) fn forget_unsaved(&mut self) {
        for id in std::mem::take(&mut self.registered) {
            let is_unsaved = |entity: &Entity| entity.revision == Revision(0);
            if self.entities.get(&id).is_some_and(is_unsaved)
                && let Some(entity) = self.entities.remove(&id)
                && let Some(ids) = self.ids.get_mut(&entity.entity_type)
            {
                ids.remove(&entity.code);
            }
        }
    }

    /// The number of an entity, registered now if it is new, or why it cannot be.
    pub(super) fn entity_id(&mut self, entity_type: EntityType, code: &str) -> Result<EntityId, Verdict> {
        let ids = self.ids.entry(entity_type).or_default();
        if let Some(id) = ids.get(code) {
            return Ok(*id);
        }
        if new_id_fault(code).is_some() {
            return Err(Verdict::NameRefused(RegisteredName::EntityId));
        }
        if self.entities.len() >= entities::MAX_ENTITIES {
            return Err(Verdict::EntityLimitReached);
        }
        self.last_id += 1;
        let id = EntityId(self.last_id);
        self.registered.push(id);
        ids.insert(code.to_owned(), id);
        self.entities.insert(id, Entity::unseen(id, entity_type, code));
        Ok(id)
    }
}
