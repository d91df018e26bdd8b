//! What Andon's rate is measured against: a stock async-graphql server whose mutation has the signature of ours, reads
//! the same batches into the same input objects, and does nothing with them.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use async_graphql::{
    EmptySubscription, Enum, ID, InputObject, InputValueError, InputValueResult, Object, Scalar, ScalarType,
    Schema, SimpleObject, Value,
};
use async_graphql_axum::GraphQL;
use axum::{Router, extract::DefaultBodyLimit, routing::post_service};
use tokio::net::TcpListener;

/// Serves /graphql on a free port until the process is ended; the address goes to stderr.
pub(crate) async fn serve() -> Result<()> {
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    let router = Router::new()
        .route("/graphql", post_service(GraphQL::new(schema)))
        .layer(DefaultBodyLimit::disable());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

struct Query;

#[Object]
impl Query {
    /// A schema needs a query.
    async fn is_up(&self) -> bool {
        true
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn ingest_events(&self, factory_id: ID, events: Vec<EventInput>) -> IngestEventsPayload {
        let mut payload =
            IngestEventsPayload { revision: factory_id.len(), ..IngestEventsPayload::default() };
        for event in &events {
            if event.is_plausible() { payload.accepted += 1 } else { payload.rejected += 1 }
        }
        payload
    }
}

#[derive(Default, SimpleObject)]
struct IngestEventsPayload {
    accepted: usize,
    duplicates: usize,
    conflicts: usize,
    rejected: usize,
    revision: usize,
}

/// Any text, as in Andon's input.
struct DateTime(String);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum EntityType {
    Worker,
    Workstation,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum EventType {
    Working,
    Idle,
    Absent,
}

#[derive(InputObject)]
struct EventInput {
    timestamp: DateTime,
    entity_type: EntityType,
    entity_id: ID,
    event_type: EventType,
    duration_minutes: Option<f64>,
    hold_minutes: Option<i64>,
    #[graphql(default)]
    units_produced: i32,
    confidence: Option<f64>,
    model_version: Option<String>,
    event_id: Option<ID>,
    source_id: Option<ID>,
    workstation_id: Option<ID>,
}

impl EventInput {
    /// Looks at every field, so that none of them can be left unread.
    fn is_plausible(&self) -> bool {
        let texts =
            [Some(self.timestamp.0.as_str()), Some(self.entity_id.as_str()), self.model_version.as_deref()];
        let ids = [&self.event_id, &self.source_id, &self.workstation_id];
        let place_fits = self.entity_type == EntityType::Worker || self.workstation_id.is_none();
        let units_fit = self.event_type == EventType::Working || self.units_produced >= 0;
        place_fits
            && units_fit
            && self.duration_minutes.is_none_or(|minutes| minutes >= 0.0)
            && self.hold_minutes.is_none_or(|minutes| minutes > 0)
            && self.confidence.is_none_or(|confidence| confidence <= 1.0)
            && texts.iter().flatten().all(|text| !text.is_empty())
            && ids.iter().filter_map(|id| id.as_deref()).all(|id| !id.is_empty())
    }
}
