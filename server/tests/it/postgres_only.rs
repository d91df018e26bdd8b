//! What there is on PostgreSQL alone: several servers on one database. `cargo xtask test` leaves these tests out of its
//! run on SQLite.

mod access;
mod contention;
mod cut_connections;
mod cut_off;
mod decision_slices;
mod decisions;
mod devices;
mod outage;
mod replica_killed;
mod replicas;
mod replicas_push;
mod silence;
mod stopped_server;
