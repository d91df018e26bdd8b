//! The agent and the server together, each a process of its own, through everything that a factory's network does.

mod agent;
mod clocks;
mod follow;
mod gateway;
mod hard_answers;
mod http;
mod kills;
mod lanes;
mod ledger;
mod lost_answers;
mod mapping;
mod older_server;
mod over_its_rate;
mod token;

#[path = "../it"]
#[allow(dead_code, unused_imports, reason = "the integration tests need all of it, these a part")]
mod it {
    pub(crate) mod harness;
}
use it::harness;
