//! Figures over time, and what one entity was doing.

use super::decision_list::number;
use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use super::window::WindowInput;
use crate::api::session::Arrival;
use crate::model::{self, EntityPoints, EntitySeriesSet, Point, Segment, Series, Span};
use domain::event::{EntityType, EventType};
use domain::window::Resolution;
use graphql_client::GraphQLQuery;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/metric_series.graphql",
    extern_enums("Resolution"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct MetricSeries;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/entity_series.graphql",
    extern_enums("Resolution", "EntityType"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct EntitySeries;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/timeline.graphql",
    extern_enums("EntityType", "EventType"),
    variables_derives = "Clone, Debug, PartialEq",
    variable_types("ID", "EntityType", "ID", "super::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct Timeline;

macro_rules! points {
    ($points:expr) => {
        $points
            .into_iter()
            .map(|point| Point {
                span: Span { from: point.from, to: point.to },
                productive_minutes: point.working_minutes,
                idle_minutes: point.idle_minutes,
                absent_minutes: point.absent_minutes,
                units: point.units_produced,
                utilization: point.utilization,
                units_per_hour: point.units_per_hour,
                mean_confidence: point.mean_confidence,
            })
            .collect()
    };
}

impl Shows for MetricSeries {
    type Shown = Series;

    fn show(_: Option<Self::Shown>, data: metric_series::ResponseData, _: Arrival) -> Self::Shown {
        let series = data.metric_series;
        Series {
            window: Span { from: series.window.from, to: series.window.to },
            revision: series.revision,
            points: points!(series.points),
        }
    }
}

impl Shows for EntitySeries {
    type Shown = EntitySeriesSet;

    fn show(_: Option<Self::Shown>, data: entity_series::ResponseData, _: Arrival) -> Self::Shown {
        let report = data.entity_series;
        let series = report.series.into_iter();
        EntitySeriesSet {
            window: Span { from: report.window.from, to: report.window.to },
            revision: report.revision,
            series: series
                .map(|entity| EntityPoints { id: entity.entity_id, points: points!(entity.points) })
                .collect(),
        }
    }
}

impl Shows for Timeline {
    type Shown = model::Timeline;

    fn show(_: Option<Self::Shown>, data: timeline::ResponseData, _: Arrival) -> Self::Shown {
        let timeline = data.timeline;
        let segments = timeline.segments.into_iter().map(|segment| Segment {
            span: Span { from: segment.from, to: segment.to },
            state: segment.event_type,
            confidence: segment.confidence,
            model_version: segment.model_version,
            source_id: segment.source_id,
        });
        model::Timeline {
            window: Span { from: timeline.window.from, to: timeline.window.to },
            revision: timeline.revision,
            truncated: timeline.truncated,
            segments: segments.collect(),
            contested: timeline
                .contested
                .into_iter()
                .map(|span| Span { from: span.from, to: span.to })
                .collect(),
            corrected: timeline
                .corrected
                .into_iter()
                .map(|span| (Span { from: span.from, to: span.to }, number(span.decision)))
                .collect(),
        }
    }
}
