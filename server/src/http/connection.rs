//! Connections of the server, which it has in common with the agent.

pub(super) use http_listener::{Connection, Peer, PeerQuota, PeerShare, accept};
pub use http_listener::{ConnectionLimits, TrustedProxies};
