//! Every part of the server through its real interfaces: a database file for each test, real HTTP and websockets.

mod contract;
mod crash;
mod database_file;
mod demo;
mod documents;
mod factories;
mod harness;
mod http_protocol;
mod ingest;
mod limits;
mod npm;
mod proof;
mod queries;
mod readme;
mod replay;
mod shutdown;
mod store_law;
mod subscriptions;
mod websocket_protocol;
