//! Every part of the server through its real interfaces: a database for each test, real HTTP and websockets.

mod access;
mod access_matrix;
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod as_of;
mod batches;
mod byte_order;
mod compressed_bodies;
mod contract;
mod crash;
mod data_problems;
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod decision_faults;
mod decision_kills;
mod decision_law;
mod decision_reach;
mod decision_slices;
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod decisions;
mod demo;
mod devices;
mod documents;
mod entity_changes;
mod event_standing;
mod event_streams;
mod expected;
mod factories;
mod harness;
mod http_protocol;
mod ingest;
mod limits;
mod many_subscribers;
mod node;
mod older_websocket_protocol;
mod operation_lists;
mod oracle;
mod persisted_queries;
mod plans;
mod postgres_only;
mod proof;
mod queries;
mod readme;
mod replay;
mod shutdown;
mod sources;
mod sqlite_only;
mod stalled_subscriber;
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod state_reports;
mod store_law;
mod subscriptions;
mod time_zones;
mod timelines;
mod undisturbed;
mod vanishing_sockets;
mod websocket_protocol;
