//! When entities were last seen, by their events that serve and by what is told of them: of many at once, because each statement
//! is a round trip.

mod own;
mod serving;
mod told;

use std::collections::HashMap;

use domain::{
    id::{EntityId, FactoryId},
    time::TimestampMs,
};
use sea_orm::ConnectionTrait;

use self::own::own;
pub(super) use self::told::told;
use super::{entities::Entity, error::Result};

/// Of how many entities events are held at a time: some tens of megabytes where each has an event a minute.
const ENTITIES_AT_A_TIME: usize = 100;

/// When each of some entities was last seen, read backwards from when each is known to have been seen last; those that never were
/// are left out.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entities: &[&Entity],
) -> Result<HashMap<EntityId, TimestampMs>> {
    let mut found = told(conn, factory_id, entities, TimestampMs::MAX).await?;
    for some in entities.chunks(ENTITIES_AT_A_TIME) {
        for (entity_id, own_ms) in own(conn, factory_id, some).await? {
            let last_ms = found.entry(entity_id).or_insert(own_ms);
            *last_ms = own_ms.max(*last_ms);
        }
    }
    Ok(found)
}
