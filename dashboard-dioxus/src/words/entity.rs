//! Workers, workstations and what they do.

use crate::model::{EntityKind, Presence, State};

pub(crate) const WORKER: &str = "Worker";
pub(crate) const WORKSTATION: &str = "Workstation";
pub(crate) const WORKERS: &str = "Workers";
pub(crate) const WORKSTATIONS: &str = "Workstations";
pub(crate) const NO_WORKER: &str = "No worker was seen in this window.";
pub(crate) const NO_WORKSTATION: &str = "No workstation was seen in this window.";
pub(crate) const AREA: &str = "Area";
pub(crate) const NOW: &str = "Now";
pub(crate) const NEVER_SEEN: &str = "never";
pub(crate) const NO_ID: &str =
    "The address names nobody. Choose a worker or workstation on the floor or by search.";

pub(crate) fn kind(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Worker => WORKER,
        EntityKind::Workstation => WORKSTATION,
    }
}

pub(crate) fn kinds(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Worker => WORKERS,
        EntityKind::Workstation => WORKSTATIONS,
    }
}

pub(crate) fn none_seen(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Worker => NO_WORKER,
        EntityKind::Workstation => NO_WORKSTATION,
    }
}

pub(crate) fn state(kind: EntityKind, state: State) -> &'static str {
    match (kind, state) {
        (EntityKind::Worker, State::Working) => "Working",
        (EntityKind::Workstation, State::Working) => "Occupied",
        (_, State::Idle) => "Idle",
        (_, State::Absent) => "Absent",
    }
}

pub(crate) fn presence(kind: EntityKind, presence: Presence) -> &'static str {
    match presence {
        Presence::Seen(seen) => state(kind, seen),
        Presence::NotObserved => "Not observed",
    }
}

pub(crate) fn not_in_window(kind: EntityKind, id: &str) -> String {
    match kind {
        EntityKind::Worker => format!("Worker {id} was not seen in this window."),
        EntityKind::Workstation => format!("Workstation {id} was not seen in this window."),
    }
}
