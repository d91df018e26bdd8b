//! How much a websocket may send, and how long it may be silent.

use std::time::Duration;

/// The longest message from a client, in bytes: an operation and its variables. Batches of events belong on HTTP.
pub(super) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Limits and timeouts of websockets.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// The most sockets at once, well above ten thousand; each takes about 12 kB and what only it subscribed to.
    pub max_sockets: usize,
    /// How long a client may take to send `connection_init`.
    pub init_timeout: Duration,
    /// How often a ping is sent; a peer that leaves two unanswered is gone. Between a proxy's usual 30 s or 60 s of
    /// allowed silence and the traffic of ten thousand sockets.
    pub ping_interval: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            max_sockets: 16_000,
            init_timeout: Duration::from_secs(3),
            ping_interval: Duration::from_secs(12),
        }
    }
}
