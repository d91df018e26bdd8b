//! Clients that mean harm, or act as if they did: what they may take, and that others are served all along.

mod browsers;
mod peers;
mod wire;

#[path = "../it"]
#[allow(dead_code, unused_imports, reason = "the integration tests need all of it, these a part")]
mod it {
    pub(crate) mod harness;
}
use it::harness;
