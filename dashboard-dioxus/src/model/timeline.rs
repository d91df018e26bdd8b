use super::span::Span;
use domain::event::EventType;

/// What one entity was doing: segments without overlap in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    /// Whether there are more segments than the server lists.
    pub(crate) truncated: bool,
    pub(crate) segments: Vec<Segment>,
    /// Where reports disagree and nobody corrected them, in the order of time.
    pub(crate) contested: Vec<Span>,
    /// Where a correction holds, with the number of the decision, in the order of time.
    pub(crate) corrected: Vec<(Span, i32)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) span: Span,
    pub(crate) state: EventType,
    pub(crate) confidence: Option<f64>,
    pub(crate) model_version: Option<String>,
    pub(crate) source_id: Option<String>,
}
