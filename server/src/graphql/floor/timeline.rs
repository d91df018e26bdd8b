//! What one worker or workstation was doing, to the millisecond.

use async_graphql::{ID, SimpleObject};

use crate::{
    graphql::{
        events::{EventType, confidence},
        scalar::{BigInt, DateTime},
        window::Window,
    },
    report::timeline,
    store::timeline::NamedSegment,
};

/// What one entity was doing: segments without overlap in the order of time.
#[derive(SimpleObject)]
pub(crate) struct Timeline {
    /// The window that was asked for, on the grid.
    window: Window,
    /// The revision that this is the state of.
    revision: BigInt,
    /// At most 5 000.
    segments: Vec<TimelineSegment>,
    /// Whether there are more, which a shorter or later window shows.
    truncated: bool,
}

/// A span in which one entity did one thing.
#[derive(SimpleObject)]
pub(crate) struct TimelineSegment {
    /// The first instant.
    from: DateTime,
    /// The instant after the last.
    to: DateTime,
    /// What it did.
    event_type: EventType,
    /// How sure the model was, 0 to 1; null means not stated.
    confidence: Option<f64>,
    /// The number of the decision that says so; null where reports do. Such a span has no confidence, model or source.
    decision: Option<i32>,
    /// The model that judged.
    model_version: Option<String>,
    /// The camera or device that saw it.
    source_id: Option<ID>,
}

impl From<NamedSegment> for TimelineSegment {
    fn from(segment: NamedSegment) -> Self {
        Self {
            from: DateTime::from_ms(segment.from_ms),
            to: DateTime::from_ms(segment.to_ms),
            event_type: segment.event_type.into(),
            confidence: segment.confidence.map(confidence),
            decision: segment.decision,
            model_version: segment.model_version,
            source_id: segment.source.map(ID),
        }
    }
}

impl From<timeline::Timeline> for Timeline {
    fn from(timeline: timeline::Timeline) -> Self {
        Self {
            window: timeline.window.into(),
            revision: BigInt(timeline.revision.0),
            segments: timeline.segments.into_iter().map(Into::into).collect(),
            truncated: timeline.is_truncated,
        }
    }
}
