//! Andon's edge side: delivers events that cameras and devices saw to the server.
//!
//! [`run`] is the agent: [`input`]s append events to the [`spool`], a [`delivery`] sends them to an [`outlet`], and neither
//! waits for the other; [`health`] counts what happens.
//!
//! [`replay`] sends a file to the same outlet without a spool: lines, each parsed by [`line`], become [`batch`]es, and
//! each batch is tried for as long as its [`retry`] allows.

pub mod batch;
pub mod clock;
pub mod dead_letters;
pub mod delivery;
pub mod health;
pub mod input;
pub mod line;
pub mod mapping;
pub mod outlet;
mod quantity;
pub mod replay;
pub mod retry;
pub mod run;
pub mod simulate;
pub mod spool;
pub mod status;
pub mod stop;
pub mod try_mapping;
