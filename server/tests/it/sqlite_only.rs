//! What there is on SQLite alone: a file. `cargo xtask test` leaves these tests out of its run on PostgreSQL.

mod database_file;
mod ended_transactions;
mod full_database;
