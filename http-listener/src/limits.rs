//! The limits of connections.

use std::time::Duration;

use crate::TrustedProxies;

/// Limits and timeouts of connections, and whom they count for.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// The most connections at once, those of websockets included; further ones wait until one ends. More than there may
    /// be websockets, so that these never keep out a request.
    pub max_connections: usize,
    /// The most connections of one address, this machine's included. Without it one address may have two thirds of all,
    /// and this machine as many as there may be: ten thousand subscribers behind one address find room, and nobody can
    /// keep out all others.
    pub max_connections_per_address: Option<usize>,
    /// Proxies whose word is taken for the address of a client.
    pub trusted_proxies: TrustedProxies,
    /// How long a new connection may take to the end of its first request's headers: a client connects because it has
    /// something to ask.
    pub first_request_timeout: Duration,
    /// How long a connection may take to the end of a later request's headers. Longer than the 60 s for which proxies
    /// keep an idle connection, because one that is closed first costs them a request.
    pub idle_timeout: Duration,
    /// How long a peer may take next to nothing of what it is sent before its connection is dropped.
    pub stall_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 18_000,
            max_connections_per_address: None,
            trusted_proxies: TrustedProxies::default(),
            first_request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(10),
        }
    }
}

impl ConnectionLimits {
    /// The most connections of one address.
    pub fn per_address(&self) -> usize {
        self.max_connections_per_address.unwrap_or_else(|| (self.max_connections / 3 * 2).max(1))
    }
}
