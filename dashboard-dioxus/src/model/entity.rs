use crate::lean::instant::Instant;
use crate::live::table::Row;
use domain::event::{EntityType, EventType};

/// A worker or workstation by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityName {
    pub(crate) kind: EntityType,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) area: Option<String>,
}

/// One worker or workstation in a window. Working and occupied are both "productive".
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntityMetrics {
    pub(crate) kind: EntityType,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) productive_minutes: f64,
    pub(crate) idle_minutes: f64,
    pub(crate) absent_minutes: f64,
    pub(crate) overlap_minutes: f64,
    /// In which reports disagree on what was done, and nobody corrected them.
    pub(crate) contested_minutes: f64,
    /// That a person corrected.
    pub(crate) corrected_minutes: f64,
    /// %.
    pub(crate) utilization: Option<f64>,
    pub(crate) units: i64,
    pub(crate) units_per_hour: Option<f64>,
    /// From 0 to 1.
    pub(crate) mean_confidence: Option<f64>,
    pub(crate) current: Option<Activity>,
    pub(crate) last_seen_at: Option<Instant>,
}

impl EntityMetrics {
    /// What people call it.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

impl Row for EntityMetrics {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The stretch of an entity's timeline that ends last, whatever the window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Activity {
    pub(crate) state: EventType,
    pub(crate) since: Instant,
    /// None while a report says so from then on and nothing has followed it.
    pub(crate) until: Option<Instant>,
    pub(crate) confidence: Option<f64>,
}

#[cfg(test)]
impl EntityMetrics {
    /// One of which nothing was seen.
    pub(crate) fn unseen(kind: EntityType, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            name: None,
            area: None,
            productive_minutes: 0.0,
            idle_minutes: 0.0,
            absent_minutes: 0.0,
            overlap_minutes: 0.0,
            contested_minutes: 0.0,
            corrected_minutes: 0.0,
            utilization: None,
            units: 0,
            units_per_hour: None,
            mean_confidence: None,
            current: None,
            last_seen_at: None,
        }
    }
}
