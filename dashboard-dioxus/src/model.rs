//! What the page shows, as its parts think of it: the API's answers in one shape for workers and workstations.

pub(crate) mod attention;
mod decision;
mod entity;
mod event;
mod factory;
mod finality;
mod presence;
mod restatement;
mod series;
mod slug;
pub(crate) mod span;
mod timeline;
pub(crate) mod window;
pub(crate) mod window_span;

pub(crate) use decision::{
    Correction, Decision, DecisionContent, DecisionFeed, DecisionPage, DecisionProgressState, Progress,
    Retraction, StandingRule,
};
pub(crate) use entity::{Activity, EntityMetrics, EntityName};
pub(crate) use event::{EventFeed, EventPage, SeenEvent};
pub(crate) use factory::{Factory, FactorySummary};
pub(crate) use finality::Finality;
pub(crate) use presence::{Presence, UNSEEN_AFTER_MIN};
pub(crate) use restatement::{Cause, RestatedFigures, Restatement, Restatements};
pub(crate) use series::{
    EntityPoints, EntitySeriesSet, EntityStates, Point, Series, StateSet, UtilizationSet, UtilizationSteps,
};
pub(crate) use slug::{DECISION_KINDS, ENTITY_TYPES, EVENT_TYPES, Slug, by_slug};
pub(crate) use span::Span;
pub(crate) use timeline::{Segment, Timeline};
