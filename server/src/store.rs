//! The database, and the only module that names `sea_orm`.
//!
//! * SQLite: one writer, whose transactions begin with `BEGIN IMMEDIATE`, so that waiting for the lock respects the
//!   busy timeout; a transaction that read first would be refused at once.
//! * PostgreSQL: whoever writes to a factory locks its row first, so that a factory has one writer at a time, whichever
//!   server it is. Transactions that are in each other's way are tried again.
//! * Several read-only readers, each answer from one snapshot; some are kept for subscriptions and the check of readiness.
//! * Every commit is on disk before it is answered: WAL with `synchronous=FULL`, or what the PostgreSQL server is set to.

pub mod access;
mod applied;
pub mod as_of;
pub mod audit_log;
pub mod closings;
pub mod commit_log;
pub mod conflicts;
pub mod current;
mod database;
mod decided;
pub mod decisions;
pub mod devices;
pub(crate) mod engine;
pub mod entities;
mod error;
pub mod events;
pub mod factories;
pub(crate) mod intern;
pub mod issues;
mod last_seen;
mod latest_segments;
mod name_order;
pub mod neighbours;
pub mod origins;
pub mod personal_access;
pub mod plans;
mod reach;
pub mod recompute;
mod report;
pub mod restatements;
pub mod rollups;
pub mod seen;
mod series;
pub mod source_events;
pub mod sources;
pub mod standings;
pub mod states;
pub mod timeline;
pub mod writer;

pub use database::{MAX_COHORT_READS, QUESTION_READERS, Snapshot, Store};
pub use engine::{fault::Fault, integrity::Integrity, open_error::OpenError, timeout::Timeouts};
pub use error::{Result, StoreError};
pub use recompute::{Difference, audit, rebuild, rebuild_at};
