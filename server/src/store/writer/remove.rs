//! Taking a stored event out. No request does that; it is the proof that sums and caches follow any change of the stored
//! events on the one path that all changes take.

use domain::{bucket::bucket_of, event::Event, id::Revision, timeline};
use entity::event;
use sea_orm::{EntityTrait as _, ModelTrait as _};

use super::{
    Writer,
    apply::{self, Change, Changes},
    cache::Cache,
};
use crate::store::{
    engine::code::Code as _,
    error::Result,
    factories,
    neighbours::{self, Neighbourhood},
    sources,
};

/// What a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The factory's revision without the event.
    pub revision: Revision,
    /// How many stored events were read for it.
    pub neighbours_read: usize,
}

impl Writer {
    /// Removes the stored event that has this one's identity; none when there is no such factory or event.
    pub async fn remove(&mut self, factory_slug: &str, removed: &Event) -> Result<Option<Removed>> {
        let tx = self.store.begin_write().await?;
        let Some(factory) = factories::lock_one(&tx, factory_slug).await? else { return Ok(None) };
        let mut cache = Cache::of(&tx, &factory, self.caches.remove(&factory.slug)).await?;
        let Some(entity) = cache.entity(removed.entity_type, &removed.entity_code) else { return Ok(None) };
        let entity_id = entity.id;
        let key = (
            factory.id.0,
            bucket_of(removed.started_at_ms),
            entity_id.0,
            removed.started_at_ms.0,
            removed.event_type.code(),
            removed.event_code.clone(),
        );
        let Some(row) = event::Entity::find_by_id(key).one(&tx).await? else { return Ok(None) };
        row.clone().delete(&tx).await?;

        let removed = neighbours::observation(row)?;
        let source = removed.source;
        let near = Neighbourhood {
            entity_id,
            ranges: timeline::ranges([&removed]),
            longest_duration_ms: entity.longest_duration_ms,
        };
        let (overlapping, overlaps_read) = neighbours::overlapping(&tx, factory.id, &[near]).await?;
        let changes = Changes::from([(entity_id, Change { added: Vec::new(), removed: vec![removed] })]);
        let effects = apply::effects(&mut cache, &changes, overlapping);
        let revision = factory.revision.next();
        let rows_read = apply::save(&tx, factory.id, &mut cache, effects, |_| Some(revision)).await?;
        if let Some(source) = source {
            sources::find_again(&tx, factory.id, source).await?;
        }
        factories::set_revision(&tx, factory.id, revision).await?;
        tx.commit().await?;
        cache.revision = revision;
        self.put_back(vec![(factory.slug, cache)]);
        Ok(Some(Removed { revision, neighbours_read: overlaps_read + rows_read }))
    }
}
