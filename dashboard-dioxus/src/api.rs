//! The API as the dashboard uses it: any number of operations, checked against `schema.graphql` when this compiles, over
//! one connection.
//!
//! A page asks with [`use_subscription`](hooks::use_subscription) and [`use_query`](hooks::use_query), and changes
//! something with [`Client::mutate`](client::Client::mutate). Everything below keeps that going.

pub(crate) mod client;
pub(crate) mod endpoint;
mod event_source;
pub(crate) mod hooks;
mod http_link;
mod http_request;
pub(crate) mod keep_alive;
pub(crate) mod link;
mod once;
pub(crate) mod operation;
pub(crate) mod protocol;
pub(crate) mod session;
mod sign_in;
pub(crate) mod socket;
mod websocket;

pub(crate) use client::{Connection, Transport, use_client};
pub(crate) use hooks::{Answer, Panel, use_polled_query, use_query, use_query_at, use_subscription};
pub(crate) use once::ask_once;
