//! What one worker or workstation was doing, to the millisecond.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use domain::timeline::Mark;

use super::finality::{Finality, FinalityOf};
use crate::{
    error::ApiError,
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
#[graphql(complex)]
pub(crate) struct Timeline {
    /// The window that was asked for, on the grid.
    window: Window,
    /// The revision that this is the state of.
    revision: BigInt,
    /// At most 5 000.
    segments: Vec<TimelineSegment>,
    /// Where reports disagree on what was done and nobody corrected them, in the order of time; at most 5 000 with those
    /// that are corrected.
    contested: Vec<Window>,
    /// Where a correction says what was done, or that nobody knows, without overlap in the order of time.
    corrected: Vec<CorrectedSpan>,
    /// Whether there are more, which a shorter or later window shows.
    truncated: bool,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl Timeline {
    /// Whether it will stay as it is by itself.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
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

/// A span of which a correction says what was done.
#[derive(SimpleObject)]
pub(crate) struct CorrectedSpan {
    /// The first instant.
    from: DateTime,
    /// The instant after the last.
    to: DateTime,
    /// The number of the decision that holds.
    decision: i32,
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
        let timeline::Timeline { scope, question, window, picture } = timeline;
        let revision = scope.factory().revision;
        let (mut contested, mut corrected) = (Vec::new(), Vec::new());
        for Mark { from_ms, to_ms, decision } in picture.marks {
            match decision {
                None => contested.push(domain::window::Window { from_ms, to_ms }.into()),
                Some(decision) => corrected.push(CorrectedSpan {
                    from: DateTime::from_ms(from_ms),
                    to: DateTime::from_ms(to_ms),
                    decision,
                }),
            }
        }
        Self {
            of: FinalityOf::new(&scope.into(), Arc::new(question), Some(window)),
            window: window.into(),
            revision: BigInt(revision.0),
            segments: picture.segments.into_iter().map(Into::into).collect(),
            contested,
            corrected,
            truncated: picture.is_truncated,
        }
    }
}
