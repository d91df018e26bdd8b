//! Workers, workstations and what they do.

use super::isolated;
use crate::model::Presence;

use domain::event::{EntityType, EventType};

pub(crate) const WORKER: &str = "Worker";
pub(crate) const WORKSTATION: &str = "Workstation";
pub(crate) const WORKERS: &str = "Workers";
pub(crate) const WORKSTATIONS: &str = "Workstations";
pub(crate) const NO_WORKER: &str = "No worker was seen in this window.";
pub(crate) const NO_WORKSTATION: &str = "No workstation was seen in this window.";
pub(crate) const AREA: &str = "Area";
pub(crate) const NOW: &str = "Now";
pub(crate) const NEVER_SEEN: &str = "never";
pub(crate) const NO_ID: &str = "No worker or workstation selected. Choose one on the floor or by search.";

pub(crate) fn kind(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => WORKER,
        EntityType::Workstation => WORKSTATION,
    }
}

pub(crate) fn kinds(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => WORKERS,
        EntityType::Workstation => WORKSTATIONS,
    }
}

pub(crate) fn none_seen(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Worker => NO_WORKER,
        EntityType::Workstation => NO_WORKSTATION,
    }
}

pub(crate) fn state(kind: EntityType, state: EventType) -> &'static str {
    match (kind, state) {
        (EntityType::Worker, EventType::Working) => "Working",
        (EntityType::Workstation, EventType::Working) => "In use",
        (_, EventType::Idle) => "Idle",
        (_, EventType::Absent) => "Absent",
    }
}

pub(crate) fn presence(kind: EntityType, presence: Presence) -> &'static str {
    match presence {
        Presence::Seen(seen) => state(kind, seen),
        Presence::NotObserved => "No data",
    }
}

pub(crate) fn not_in_window(kind: EntityType, id: &str) -> String {
    let id = isolated(id);
    match kind {
        EntityType::Worker => format!("Worker {id} was not seen in this window."),
        EntityType::Workstation => format!("Workstation {id} was not seen in this window."),
    }
}
