//! The operations of `queries/`, checked against the schema when this compiles, and what pages make of their answers.

mod access_list;
mod audit_list;
mod caller;
mod change;
mod data_problems;
mod decision_list;
mod decision_request;
mod device_list;
mod entities;
mod event_list;
mod factory;
mod factory_window;
mod grant_list;
mod restatement_list;
mod scalar;
mod series;
mod shows;
mod source_list;
mod state_set;
mod token_list;
mod utilization;
mod window;
mod zone_offsets;

pub(crate) use access_list::{AccessEntry, AccessLog, access_log};
pub(crate) use audit_list::{AuditEntry, AuditFilter, AuditLog, FACTORY_ACTIONS, SERVER_ACTIONS, audit_log};
pub(crate) use caller::Caller;
pub(crate) use change::{
    CreateDemoFactory, CreateFactory, EntityChange, EntityChangeInput, Unknown, create_demo_factory,
    create_factory, update_entities, update_entity,
};
pub(crate) use data_problems::{
    Conflict, Conflicts, RejectionCount, RejectionReport, Rejections, Report, conflicts, rejections,
};
pub(crate) use decision_list::{DecisionFeed, DecisionFilter, Decisions, decision_feed, decisions};
pub(crate) use decision_request::{
    CorrectionInput, DecisionInput, NotDecided, Who, decide, decide_variables,
};
pub(crate) use device_list::{Closed, Device, Devices, Numbers, devices};
pub(crate) use entities::Entities;
pub(crate) use event_list::{EventFilter, Events, EventsIngested, events, events_ingested};
pub(crate) use factory::{
    Factories, FactoryEntities, FactoryMetrics, FactoryMetricsOnce, Listed, factories, factory_entities,
    factory_metrics, factory_metrics_once,
};
pub(crate) use factory_window::FactoryWindow;
pub(crate) use grant_list::{
    Grant, GrantWish, Grants, Invitation, grant, grants, invite, revoke_grant, role_code,
};
pub(crate) use restatement_list::{Restatements, restatements};
pub(crate) use series::{EntitySeries, MetricSeries, Timeline, entity_series, metric_series, timeline};
pub(crate) use shows::Shows;
pub(crate) use source_list::{Agreement, Source, SourcePoint, SourceReport, SourceVersion, Sources, sources};
pub(crate) use state_set::{Timelines, timelines};
pub(crate) use token_list::{
    IssuedToken, OVERLAP_HOURS, Token, TokenWish, Tokens, create_token, revoke_token, rotate_token, tokens,
};
pub(crate) use utilization::{UtilizationByStep, utilization_by_step};
pub(crate) use zone_offsets::{UtcOffsets, utc_offsets};

pub(crate) use window::{WindowInput, range_input, window_input};
