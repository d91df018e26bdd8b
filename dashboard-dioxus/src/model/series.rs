use super::span::Span;
use std::rc::Rc;

/// One step of a series. A step in which nothing was observed is left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) span: Span,
    pub(crate) productive_minutes: f64,
    pub(crate) idle_minutes: f64,
    pub(crate) absent_minutes: f64,
    pub(crate) units: i64,
    pub(crate) utilization: Option<f64>,
    pub(crate) units_per_hour: Option<f64>,
    pub(crate) mean_confidence: Option<f64>,
}

/// A factory's steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    pub(crate) points: Vec<Point>,
}

/// The steps of many entities, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntitySeriesSet {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    pub(crate) series: Vec<EntityPoints>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntityPoints {
    pub(crate) id: String,
    pub(crate) points: Vec<Point>,
}

/// The utilization of many entities over time, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UtilizationSet {
    pub(crate) window: Span,
    pub(crate) revision: i64,
    pub(crate) series: Vec<UtilizationSteps>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UtilizationSteps {
    pub(crate) id: String,
    /// Spans and %; a step in which nothing was observed is left out.
    pub(crate) steps: Vec<(Span, Option<f64>)>,
}

/// What many entities were doing, step by step, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StateSet {
    pub(crate) window: Span,
    /// How long steps are that are not cut at the window.
    pub(crate) step_ms: i64,
    pub(crate) revision: i64,
    pub(crate) timelines: Vec<EntityStates>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntityStates {
    pub(crate) id: String,
    /// A letter for each step up to the last in which anything was observed.
    pub(crate) states: Rc<str>,
}
