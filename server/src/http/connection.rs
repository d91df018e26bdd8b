//! Connections of the server, which it has in common with the agent.

use tokio_tungstenite::WebSocketStream;

pub(super) use http_listener::{Connection, accept};
pub use http_listener::{ConnectionLimits, TrustedProxies};

/// A websocket on a connection of this server.
pub(super) type WebSocket = WebSocketStream<Connection>;
