//! What both engines need: connections and their settings, transactions, statements about many rows, time-outs, retries,
//! notifications. What differs between SQLite and PostgreSQL is here.

pub(super) mod code;
pub(super) mod connect;
pub(super) mod fault;
pub(super) mod file;
pub(super) mod integrity;
pub(super) mod interrupt;
pub(crate) mod notify;
pub(super) mod open_error;
pub(super) mod retry;
pub(super) mod statement;
pub(super) mod table;
pub(super) mod timeout;
pub(super) mod transaction;
