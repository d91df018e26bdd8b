//! A factory's raw events, hour by hour, as the sums of that hour. What is held is an hour of events and those that
//! reach into the next.

use std::collections::{BTreeMap, HashMap};

use domain::{
    MS_PER_HOUR,
    bucket::{BUCKET_MS, Level},
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    timeline::{self, Observation, Segment},
    totals::Totals,
};
use entity::event::{self, Column};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::store::{error::Result, neighbours::observation, sources::LastEvents};

/// Five-minute buckets in an hour.
const BUCKETS_PER_HOUR: i64 = MS_PER_HOUR / BUCKET_MS;

/// The five-minute sums of one hour, by bucket and entity.
pub(super) struct HourSums {
    pub(super) hour: i64,
    pub(super) sums: BTreeMap<(i64, EntityId), Totals>,
}

/// What an entity was last seen doing, as its raw events say.
pub(super) struct Seen {
    pub(super) last_seen_at_ms: TimestampMs,
    pub(super) longest_duration_ms: DurationMs,
    pub(super) current: Option<Segment>,
}

/// The walk over a factory's hours.
pub(super) struct Hours<'a, C> {
    conn: &'a C,
    factory_id: FactoryId,
    next_hour: i64,
    /// The events that reach past the hours behind.
    reaching: HashMap<EntityId, Vec<Observation>>,
    seen: HashMap<EntityId, Seen>,
    last_events: LastEvents,
}

impl<'a, C: ConnectionTrait> Hours<'a, C> {
    pub(super) fn new(conn: &'a C, factory_id: FactoryId) -> Self {
        Self {
            conn,
            factory_id,
            next_hour: i64::MIN,
            reaching: HashMap::new(),
            seen: HashMap::new(),
            last_events: LastEvents::default(),
        }
    }

    /// The next hour that holds anything; none when there is no more.
    pub(super) async fn next(&mut self) -> Result<Option<HourSums>> {
        let hour = if self.reaching.is_empty() {
            let Some(bucket) = self.first_bucket_from(self.next_hour).await? else { return Ok(None) };
            Level::Hour.bucket_of(TimestampMs(bucket * BUCKET_MS))
        } else {
            self.next_hour
        };
        self.next_hour = hour + 1;
        let mut events = std::mem::take(&mut self.reaching);
        for row in self.rows_of(hour).await? {
            self.last_events.add_row(&row);
            events.entry(EntityId(row.entity_id)).or_default().push(observation(row)?);
        }
        let mut sums = BTreeMap::new();
        for (entity_id, events) in events {
            self.add_entity(hour, entity_id, &events, &mut sums);
            let ends_ms = TimestampMs((hour + 1) * MS_PER_HOUR);
            let reaching: Vec<_> = events.into_iter().filter(|event| event.ended_at_ms() > ends_ms).collect();
            if !reaching.is_empty() {
                self.reaching.insert(entity_id, reaching);
            }
        }
        Ok(Some(HourSums { hour, sums }))
    }

    /// What the entities were last seen doing and when the sources were last seen, once there is no next hour.
    pub(super) fn into_seen(self) -> (HashMap<EntityId, Seen>, LastEvents) {
        (self.seen, self.last_events)
    }

    fn add_entity(
        &mut self,
        hour: i64,
        entity_id: EntityId,
        events: &[Observation],
        sums: &mut BTreeMap<(i64, EntityId), Totals>,
    ) {
        let buckets = hour * BUCKETS_PER_HOUR..(hour + 1) * BUCKETS_PER_HOUR;
        for (bucket, totals) in timeline::totals(events).range(buckets) {
            sums.insert((*bucket, entity_id), *totals);
        }
        let seen = self.seen.entry(entity_id).or_insert(Seen {
            last_seen_at_ms: TimestampMs::MIN,
            longest_duration_ms: DurationMs::ZERO,
            current: None,
        });
        for event in events {
            seen.last_seen_at_ms = seen.last_seen_at_ms.max(event.ended_at_ms());
            seen.longest_duration_ms = seen.longest_duration_ms.max(event.duration_ms);
        }
        let (starts_ms, ends_ms) = (TimestampMs(hour * MS_PER_HOUR), TimestampMs((hour + 1) * MS_PER_HOUR));
        let mut segments = Vec::from_iter(seen.current);
        for mut segment in timeline::segments(events) {
            segment.from_ms = segment.from_ms.max(starts_ms);
            segment.to_ms = segment.to_ms.min(ends_ms);
            if segment.from_ms < segment.to_ms {
                timeline::push_segment(&mut segments, segment);
            }
        }
        seen.current = segments.pop();
    }

    async fn first_bucket_from(&self, hour: i64) -> Result<Option<i64>> {
        let first: Option<Option<i64>> = event::Entity::find()
            .select_only()
            .column_as(Column::Bucket.min(), "bucket")
            .filter(Column::FactoryId.eq(self.factory_id.0))
            .filter(Column::Bucket.gte(hour.saturating_mul(BUCKETS_PER_HOUR)))
            .into_tuple()
            .one(self.conn)
            .await?;
        Ok(first.flatten())
    }

    async fn rows_of(&self, hour: i64) -> Result<Vec<event::Model>> {
        Ok(event::Entity::find()
            .filter(Column::FactoryId.eq(self.factory_id.0))
            .filter(Column::Bucket.gte(hour * BUCKETS_PER_HOUR))
            .filter(Column::Bucket.lt((hour + 1) * BUCKETS_PER_HOUR))
            .all(self.conn)
            .await?)
    }
}
