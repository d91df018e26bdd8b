//! The rows of Andon's database, one file per table. A row is never an API type.
//!
//! Every key begins with the factory, because factories never share rows; but for those of who may do what. Instants and lengths are integers in
//! milliseconds, `received_at` and `started_at` since the Unix epoch.
#![expect(missing_docs, reason = "a column says itself what it holds; the table's doc says the rest")]

pub mod access;
pub mod access_grant;
pub mod audit_head;
pub mod audit_log;
pub mod closing;
pub mod commit_log;
pub mod credential;
pub mod decision;
pub mod decision_entity;
pub mod device;
pub mod device_closed_range;
pub mod device_epoch;
pub mod entity_origin;
pub mod event;
pub mod event_conflict;
pub mod event_issue;
pub mod factory;
pub mod identity;
pub mod ingest_count;
pub mod model_version;
pub mod password;
pub mod pending_sign_in;
pub mod personal_access;
pub mod principal;
pub mod restated_hour;
pub mod restatement;
pub mod rollup;
pub mod setup_code;
pub mod source;
pub mod source_last_event;
pub mod state_series;
pub mod tracked_entity;
