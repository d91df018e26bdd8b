//! Senders and readers who mean harm: what little they send takes no more than its share, and everybody else is served.

mod clock;
mod growth;
mod writer;

#[path = "../it"]
#[allow(dead_code, unused_imports, reason = "the integration tests need all of it, these a part")]
mod it {
    pub(crate) mod harness;
}
use it::harness;
