//! What was done, by whom, from where and when.
//!
//! * Rows are only added, within the transaction of what they tell of, so that both are there or neither. They are kept for
//!   [`KEPT_FOR_MS`].
//! * Each factory has a log of its own, and the server as a whole has one. The rows of a log are numbered without gaps.
//! * The hash of a row covers it and the hash of the row before it. Whoever changes, removes or swaps rows has to compute all later
//!   hashes anew, and the last of them differs then from the one that was written to the server's log, or exported, before.
//! * What happens too often for a row each is counted: events by credential and hour, refusals by minute.

mod chain;
mod counts;
mod entry;
mod read;
mod verify;
mod write;

pub(crate) use self::entry::Record;
pub use self::{
    chain::{NoHash, RowHash},
    entry::{AuditAction, AuditOutcome, AuditRow},
    read::{AuditFilter, AuditPage, AuditScope, Head, MAX_PAGE_ROWS, Operator, heads, page, rows_after},
    verify::{Fault, Finding, KnownRow, verify},
    write::KEPT_FOR_MS,
};
pub(in crate::store) use self::{counts::count_ingested, write::append};
