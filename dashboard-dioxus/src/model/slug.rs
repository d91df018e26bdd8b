use domain::decision::DecisionKind;
use domain::device::DeviceState;
use domain::event::{EntityType, EventType};

/// Both types of entities, in the order in which people read them.
pub(crate) const ENTITY_TYPES: [EntityType; 2] = [EntityType::Worker, EntityType::Workstation];
/// All types of events, in the order in which people read them.
pub(crate) const EVENT_TYPES: [EventType; 3] = [EventType::Working, EventType::Idle, EventType::Absent];

/// All kinds of decisions, in the order in which people read them.
pub(crate) const DECISION_KINDS: [DecisionKind; 4] =
    [DecisionKind::Correction, DecisionKind::Standing, DecisionKind::Retraction, DecisionKind::Withdrawal];

/// What addresses, stylesheets and tests know by a name.
pub(crate) trait Slug: Copy {
    /// Its name.
    fn slug(self) -> &'static str;
}

/// The one of a name, if there is one.
pub(crate) fn by_slug<T: Slug>(all: &[T], slug: &str) -> Option<T> {
    all.iter().copied().find(|one| one.slug() == slug)
}

impl Slug for EntityType {
    fn slug(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Workstation => "workstation",
        }
    }
}

impl Slug for EventType {
    fn slug(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Absent => "absent",
        }
    }
}

impl Slug for DecisionKind {
    fn slug(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Standing => "standing",
            Self::Retraction => "retraction",
            Self::Withdrawal => "withdrawal",
        }
    }
}

impl Slug for DeviceState {
    fn slug(self) -> &'static str {
        match self {
            Self::Losing => "losing",
            Self::Silent => "silent",
            Self::Behind => "behind",
            Self::Healthy => "healthy",
        }
    }
}
