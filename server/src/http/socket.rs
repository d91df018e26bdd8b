//! GraphQL over websockets: the protocols graphql-transport-ws and graphql-ws, over the schema's streams.
//!
//! - A socket that subscribed costs about 12 kB, however large its answers: answers that several sockets are sent are
//!   written from one shared copy.
//! - One task does everything for one socket, one thing after another: while a slow reader's buffer is full its operations
//!   do not go on, and when the task ends all of them are dropped.

mod arriving;
mod frame;
mod handshake;
pub(super) mod limits;
mod message;
mod rate;
mod session;
mod subprotocol;

pub(super) use self::handshake::open;
