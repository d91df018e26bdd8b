//! Every part of the server through its real interfaces: a database for each test, real HTTP and websockets.

mod batches;
mod byte_order;
mod contract;
mod crash;
mod demo;
mod documents;
mod factories;
mod harness;
mod http_protocol;
mod ingest;
mod limits;
mod many_subscribers;
mod npm;
mod plans;
mod postgres_only;
mod proof;
mod queries;
mod readme;
mod replay;
mod shutdown;
mod sqlite_only;
mod store_law;
mod subscriptions;
mod ten_thousand_sockets;
mod undisturbed;
mod websocket_protocol;
