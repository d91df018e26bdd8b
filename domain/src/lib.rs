//! The pure core of Andon: what an event is, which events are valid, which instant counts for whom, and what every
//! metric means.
//!
//! Nothing here waits, fails or looks at a clock. Time and randomness come in as arguments, and bad input is
//! answered with data. The same crate computes in the server, in tests and in the browser.

pub mod access;
pub mod backoff;
pub mod bucket;
pub mod closing;
pub mod decision;
pub mod device;
pub mod event;
pub mod event_text;
pub mod finality;
pub mod id;
pub mod id_order;
pub mod instant;
pub mod ledger;
pub mod limits;
pub mod metric;
pub mod number;
pub mod reading;
pub mod sequence;
pub mod simulation;
pub mod source;
pub mod state;
pub mod state_steps;
pub mod time;
pub mod timeline;
pub mod totals;
pub mod validate;
pub mod window;
pub mod zone;

/// Milliseconds in a minute.
pub const MS_PER_MINUTE: i64 = 60_000;
/// Milliseconds in an hour.
pub const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;
/// Milliseconds in a UTC day.
pub const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;
