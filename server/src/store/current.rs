//! What is so now: a state report that nothing has ended yet goes on without end.

use std::collections::HashMap;

use domain::{
    id::EntityId,
    state::{self, Current},
    time::TimestampMs,
    timeline::{Observation, Segment},
};
use sea_orm::ConnectionTrait;

use super::{
    access::{Permission, Scope},
    error::Result,
    name_order, series,
};

/// The state reports of a factory that nothing has ended yet.
#[derive(Debug, Default)]
pub struct OpenReports(HashMap<EntityId, Vec<Observation>>);

/// Reads the state reports that nothing has ended yet, up to an instant.
///
/// # Errors
/// The database failed.
pub async fn open_reports(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    until_ms: TimestampMs,
) -> Result<OpenReports> {
    let factory_id = scope.factory_id();
    let mut by_entity: HashMap<EntityId, Vec<Observation>> = HashMap::new();
    for open in series::open_reports(conn, factory_id).await? {
        let Some(observation) = open.observation.filter(|_| open.at_ms <= until_ms) else { continue };
        if let Some(workstation_id) = open.workstation_id {
            let derived = Observation { derived_from_ms: Some(open.at_ms), ..observation.clone() };
            by_entity.entry(workstation_id).or_default().push(derived);
        }
        by_entity.entry(open.key.entity_id).or_default().push(observation);
    }
    let lists = by_entity.values_mut().map(|open| open.iter_mut().collect());
    name_order::find(conn, factory_id, lists).await?;
    Ok(OpenReports(by_entity))
}

impl OpenReports {
    /// What an entity is doing that was seen last in a segment: that, or what was reported at its end or later and nothing has
    /// ended. Where it goes on with what the segment says, it has been so since that began.
    pub fn current(&self, entity_id: EntityId, last: Option<Segment>) -> Option<Segment> {
        let open = self.0.get(&entity_id).into_iter().flatten();
        let open = match state::current(last, open)? {
            Current::Latest(last) => return Some(last),
            Current::Open(open) => open,
        };
        let current = Segment {
            from_ms: open.started_at_ms,
            to_ms: TimestampMs::MAX,
            event_type: open.event_type,
            confidence: open.confidence,
            model_version: open.model_version,
            source: open.source,
            decision: None,
        };
        let since = last.filter(|last| last.continues_as(&current)).map(|last| last.from_ms);
        Some(Segment { from_ms: since.unwrap_or(current.from_ms), ..current })
    }
}
