//! What there is on SQLite alone: a file; and what need not be tried twice: clients that others wrote, which see no engine.
//! `cargo xtask test` leaves these tests out of its run on PostgreSQL.

mod database_file;
mod ended_transactions;
mod full_database;
mod npm;
mod pypi;
