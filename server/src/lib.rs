//! The shell around [`domain`]: one process that stores events, keeps the sums exact, answers GraphQL and pushes
//! changes.

pub mod access;
pub mod app;
#[cfg(any(feature = "kafka", feature = "amqp"))]
pub mod broker;
pub mod clock;
pub mod config;
pub mod demo;
pub mod error;
pub mod graphql;
pub mod http;
pub mod ingest;
pub mod live;
pub mod open_files;
pub mod report;
pub mod shutdown;
pub mod store;
pub mod telemetry;
