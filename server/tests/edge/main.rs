//! The agent and the server together, each a process of its own, through everything that a factory's network does.

mod agent;
mod clocks;
mod follow;
mod gateway;
mod hard_answers;
#[expect(dead_code, unused_imports, reason = "shared with the server's own tests, which need all of it")]
#[path = "../it/harness/mod.rs"]
mod harness;
mod http;
mod kills;
mod lanes;
mod ledger;
mod lost_answers;
mod older_server;
