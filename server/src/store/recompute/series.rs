//! The series of state reports, as the raw events say: for how long each report counts, and which is the latest.

use std::collections::BTreeMap;

use domain::{
    event::EventType,
    id::{EntityId, FactoryId},
    state::{covered_ms, latest_open},
    time::TimestampMs,
    timeline::{NameOrder, Standing},
};
use entity::event::{self, Column};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::Difference;
use crate::store::{
    applied::Applied,
    engine::code::Code as _,
    error::Result,
    factories::Factory,
    name_order,
    report::{Report, SeriesKey},
    series::{self, OpenReport},
};

/// How many reports of a series are in memory at a time.
const MAX_ROWS: u64 = 5_000;

/// The reports of a factory that count for another time than they should, with the right one, and the latest of each series.
#[derive(Default)]
pub(super) struct Recomputed {
    wrong: Vec<(event::Model, i64)>,
    open: Vec<OpenReport>,
}

/// Recomputes the series of a factory. `workstations` are its workstations by their codes.
pub(super) async fn recompute(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    workstations: &BTreeMap<&str, EntityId>,
    applied: &Applied,
) -> Result<Recomputed> {
    let all: Vec<(i32, i32, i32)> = event::Entity::find()
        .select_only()
        .columns([Column::EntityId, Column::Series, Column::ModelVersionId])
        .distinct()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Series.ne(0))
        .into_tuple()
        .all(conn)
        .await?;
    let mut recomputed = Recomputed::default();
    for (entity_id, series, model_version) in all {
        let series = SeriesKey { entity_id: EntityId(entity_id), series, model_version };
        recomputed.add(conn, factory_id, series, (workstations, applied)).await?;
    }
    Ok(recomputed)
}

impl Recomputed {
    async fn add(
        &mut self,
        conn: &impl ConnectionTrait,
        factory_id: FactoryId,
        key: SeriesKey,
        (workstations, applied): (&BTreeMap<&str, EntityId>, &Applied),
    ) -> Result<()> {
        // The reports of the latest instant that was read.
        let mut last: Vec<Report> = Vec::new();
        loop {
            let after = last.first().map_or(i64::MIN, |report| report.row.started_at);
            let rows = rows_after(conn, factory_id, key, after).await?;
            let is_end = (rows.len() as u64) < MAX_ROWS;
            let instants: Vec<&[event::Model]> =
                rows.chunk_by(|one, other| one.started_at == other.started_at).collect();
            // The last instant may have more reports than were read.
            let whole = if is_end { instants.len() } else { instants.len().saturating_sub(1) };
            for instant in &instants[..whole] {
                let next_ms = instant.first().map(|row| TimestampMs(row.started_at));
                self.end(&last, next_ms);
                last = instant.iter().cloned().map(Report::of_row).collect::<Result<_>>()?;
            }
            if is_end {
                break;
            }
        }
        self.end(&last, None);
        let lists = std::iter::once(last.iter_mut().map(AsMut::as_mut).collect());
        name_order::find(conn, factory_id, lists).await?;
        let Some(at_ms) = last.first().map(|report| report.observation.started_at_ms) else { return Ok(()) };
        for report in &mut last {
            report.judge(applied.at(at_ms));
        }
        let serving = last.iter().filter(|report| report.observation.standing == Standing::Serving);
        let latest = latest_open(serving.map(|report| &report.observation));
        let latest = last.iter().find(|report| Some(&report.observation) == latest);
        let workstation_id =
            latest.and_then(|latest| latest.tells_of()).and_then(|code| workstations.get(code)).copied();
        let observation = latest.map(|latest| latest.observation.clone());
        self.open.push(OpenReport { key, at_ms, observation, workstation_id });
        Ok(())
    }

    fn end(&mut self, reports: &[Report], next_ms: Option<TimestampMs>) {
        for report in reports {
            let covered = covered_ms(report.observation.started_at_ms, report.hold_minutes(), next_ms);
            if covered != report.observation.duration_ms {
                self.wrong.push((report.row.clone(), covered.0));
            }
        }
    }

    /// Adds what is stored otherwise.
    pub(super) async fn compare(
        self,
        conn: &impl ConnectionTrait,
        factory: &Factory,
        differences: &mut Vec<Difference>,
    ) -> Result<()> {
        let difference = |what: String, stored: String, recomputed: String| Difference {
            factory: factory.slug.to_string(),
            what,
            stored,
            recomputed,
        };
        for (row, covered_ms) in self.wrong {
            let event_type = EventType::of_code(row.event_type)?;
            let what = format!("entity {}, {event_type:?} from {} on", row.entity_id, row.started_at);
            differences.push(difference(what, row.duration_ms.to_string(), covered_ms.to_string()));
        }
        let by_key = |open: Vec<OpenReport>| -> BTreeMap<SeriesKey, OpenReport> {
            open.into_iter()
                .map(|mut open| {
                    if let Some(observation) = &mut open.observation {
                        (observation.names, observation.units) = (NameOrder::default(), 0);
                    }
                    (open.key, open)
                })
                .collect()
        };
        let stored = by_key(series::open_reports(conn, factory.id).await?);
        let recomputed = by_key(self.open);
        let keys: std::collections::BTreeSet<_> = stored.keys().chain(recomputed.keys()).collect();
        for key in keys.into_iter().filter(|key| stored.get(key) != recomputed.get(key)) {
            let what = format!("the latest state report of {key:?}");
            let of = |open: &BTreeMap<SeriesKey, OpenReport>| format!("{:?}", open.get(key));
            differences.push(difference(what, of(&stored), of(&recomputed)));
        }
        Ok(())
    }

    /// Writes it anew.
    pub(super) async fn replace(self, tx: &impl ConnectionTrait, factory_id: FactoryId) -> Result<()> {
        let ended = self.wrong.into_iter().map(|(row, duration_ms)| event::Model { duration_ms, ..row });
        series::update_durations(tx, factory_id, &ended.collect::<Vec<_>>()).await?;
        series::forget(tx, factory_id).await?;
        series::keep(tx, factory_id, &self.open).await
    }
}

/// The reports of a series after an instant, in the order of time.
async fn rows_after(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    key: SeriesKey,
    after: i64,
) -> Result<Vec<event::Model>> {
    Ok(event::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::EntityId.eq(key.entity_id.0))
        .filter(Column::Series.eq(key.series))
        .filter(Column::ModelVersionId.eq(key.model_version))
        .filter(Column::Series.ne(0))
        .filter(Column::StartedAt.gt(after))
        .order_by_asc(Column::StartedAt)
        .limit(MAX_ROWS)
        .all(conn)
        .await?)
}
