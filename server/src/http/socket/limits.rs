//! How much a websocket may send, and how long it may be silent.

use std::time::Duration;

/// The longest message from a client, in bytes: the longest document and a thousand ids. Batches of events belong on HTTP.
pub(in super::super) const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// How much is kept of what the library writes, in bytes: pongs, and the frame that closes a socket. Answers are written
/// past it.
pub(super) const MAX_WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// The longest payload of a ping that is sent back, in bytes. It need not be sent back at all.
pub(super) const MAX_PONG_BYTES: usize = 4 * 1024;

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
    /// How long a message may take from its first byte to its last. Looked at when anything happens on the socket, at least
    /// with each ping.
    pub message_timeout: Duration,
    /// How long an answer may take to be taken: the largest one over a mobile network.
    pub answer_timeout: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            max_sockets: 16_000,
            init_timeout: Duration::from_secs(3),
            ping_interval: Duration::from_secs(12),
            message_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
        }
    }
}
