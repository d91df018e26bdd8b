//! The small numbers that stand for kinds in the database.

use domain::{
    access::{PrincipalKind, Role},
    decision::DecisionKind,
    event::{EntityType, EventForm, EventType},
    metric::UnitsBasis,
    timeline::CorrectedState,
};

use crate::store::error::{Result, StoreError};

/// A kind that is stored as a small number.
pub(in crate::store) trait Code: Copy + 'static {
    /// Every kind with its number.
    const CODES: &'static [(Self, i16)];

    /// The number that stands for it.
    fn code(self) -> i16;

    /// The kind that a number stands for.
    fn of_code(code: i16) -> Result<Self> {
        let found = Self::CODES.iter().find(|(_, known)| *known == code).map(|(kind, _)| *kind);
        found.ok_or_else(|| StoreError::Corrupt(format!("a kind numbered {code}")))
    }
}

impl Code for EntityType {
    const CODES: &'static [(Self, i16)] = &[(Self::Worker, 0), (Self::Workstation, 1)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for EventType {
    const CODES: &'static [(Self, i16)] = &[(Self::Absent, 0), (Self::Idle, 1), (Self::Working, 2)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for EventForm {
    const CODES: &'static [(Self, i16)] = &[(Self::Interval, 0), (Self::State, 1)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for CorrectedState {
    const CODES: &'static [(Self, i16)] =
        &[(Self::Working, 0), (Self::Idle, 1), (Self::Absent, 2), (Self::NotObserved, 3)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for DecisionKind {
    const CODES: &'static [(Self, i16)] =
        &[(Self::Correction, 0), (Self::Standing, 1), (Self::Retraction, 2), (Self::Withdrawal, 3)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for UnitsBasis {
    const CODES: &'static [(Self, i16)] = &[(Self::Workers, 0), (Self::Workstations, 1)];

    fn code(self) -> i16 {
        match self {
            Self::Workers => 0,
            Self::Workstations => 1,
        }
    }
}

impl Code for Role {
    const CODES: &'static [(Self, i16)] =
        &[(Self::Device, 0), (Self::Viewer, 1), (Self::Supervisor, 2), (Self::Engineer, 3), (Self::Admin, 4)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for PrincipalKind {
    const CODES: &'static [(Self, i16)] = &[(Self::Person, 0), (Self::Device, 1), (Self::Service, 2)];

    fn code(self) -> i16 {
        self as i16
    }
}

/// A confidence as the database holds it; parts per 10 000 fit either way.
pub(in crate::store) fn confidence_column(confidence: Option<u16>) -> Option<i16> {
    confidence.and_then(|parts| i16::try_from(parts).ok())
}

/// A confidence as the core holds it.
pub(in crate::store) fn confidence_of(column: Option<i16>) -> Option<u16> {
    column.and_then(|parts| u16::try_from(parts).ok())
}
