//! Where to look for the last event of an entity: not where all that was reported does not serve, which may be months.

use std::collections::HashMap;

use domain::{
    MS_PER_DAY,
    bucket::Level,
    id::{EntityId, FactoryId},
    time::TimestampMs,
};
use sea_orm::ConnectionTrait;

use crate::store::{
    applied::Applied,
    error::Result,
    origins::{self, Origin},
};

/// How many days are looked through at once for who reported anybody.
const DAYS_AT_A_TIME: i64 = 32;

/// Whose events are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Those of the entities.
    Themselves,
    /// Those of any entity, because workers tell of workstations.
    Anybody,
}

/// The end of the last span of time before an instant, or up to it, in which events can serve that start in it: of some entities,
/// each with such an instant. Those are left out of which none can.
pub(super) async fn until(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    mut before: HashMap<EntityId, TimestampMs>,
    by: By,
) -> Result<HashMap<EntityId, TimestampMs>> {
    let mut found = HashMap::with_capacity(before.len());
    let Some(latest_ms) = before.values().max() else { return Ok(found) };
    let Some(first_day) = origins::first_day(conn, factory_id).await? else { return Ok(found) };
    let applied = Applied::read(conn, factory_id, Some(&[])).await?;
    let mut last_day = Level::Day.bucket_of(*latest_ms) + 1;
    loop {
        let days = (last_day - DAYS_AT_A_TIME + 1, last_day);
        let are_all_days = days.0 <= first_day;
        let ids: Vec<EntityId> = before.keys().copied().collect();
        let of_themselves = (by == By::Themselves).then_some(ids.as_slice());
        let origins = origins::of_days(conn, factory_id, days, of_themselves).await?;
        // On the days before these, nothing starts later than that.
        let (_, earlier_ms) = reach(days.0 - 1);
        before.retain(|entity_id, before_ms| {
            let own = origins.iter().filter(|origin| origin.entity_id.is_none_or(|id| id == *entity_id));
            let until_ms = own.filter_map(|origin| serving_until(&applied, origin, *before_ms)).max();
            let sure_ms = until_ms.filter(|until_ms| *until_ms > earlier_ms || are_all_days);
            found.extend(sure_ms.map(|until_ms| (*entity_id, until_ms)));
            sure_ms.is_none()
        });
        if before.is_empty() || are_all_days {
            return Ok(found);
        }
        // Of some of these days it is not sure yet, so they are asked for again with the days before.
        last_day = days.0 + 1;
    }
}

/// The end of the last span of time before an instant, or up to it, in which events of an origin can start and serve.
fn serving_until(applied: &Applied, origin: &Origin, before_ms: TimestampMs) -> Option<TimestampMs> {
    let (from_ms, to_ms) = reach(origin.day);
    let until_ms = applied.serving_until(origin.source, origin.model_version, before_ms.min(to_ms))?;
    (until_ms > from_ms).then_some(until_ms)
}

/// When events of a factory's day can start, whatever its zone is and was.
fn reach(day: i64) -> (TimestampMs, TimestampMs) {
    (TimestampMs((day - 1) * MS_PER_DAY), TimestampMs((day + 2) * MS_PER_DAY))
}
