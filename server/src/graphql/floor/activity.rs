//! What a worker or workstation was last seen doing.

use async_graphql::SimpleObject;

use crate::{
    graphql::{
        events::{EventType, confidence},
        scalar::DateTime,
    },
    report::Activity,
};

/// The latest activity seen, by event time.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct CurrentActivity {
    /// What was seen.
    event_type: EventType,
    /// Since when.
    since: DateTime,
    /// Until when it has been seen; it may lie ahead of now. Null when a state report says so from then on and nothing has
    /// followed it yet.
    until: Option<DateTime>,
    /// How sure the model was, 0 to 1; null means not stated.
    confidence: Option<f64>,
}

impl From<Activity> for CurrentActivity {
    fn from(activity: Activity) -> Self {
        Self {
            event_type: activity.event_type.into(),
            since: DateTime::from_ms(activity.since_ms),
            until: activity.until_ms.map(DateTime::from_ms),
            confidence: activity.confidence.map(confidence),
        }
    }
}
