//! The least of a websocket client of graphql-transport-ws, for those who subscribe once and then listen.

pub(crate) mod frame;

use std::io;

use anyhow::{Result, bail, ensure};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use self::frame::{Kind, client_frame};
use crate::http;

/// The request that makes a connection a websocket.
const UPGRADE: &[u8] =
    b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    sec-websocket-protocol: graphql-transport-ws\r\n\r\n";

/// What one read brought besides deliveries.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) is_acknowledged: bool,
    pub(crate) ping: Option<Vec<u8>>,
    pub(crate) complaint: Option<String>,
}

impl Said {
    /// Takes a frame, and hands on the revision when it is a delivery.
    pub(crate) fn hear(&mut self, kind: Kind, message: &[u8], deliver: impl FnOnce(i64)) {
        match kind {
            Kind::Text => {
                if let Some(revision) = http::number_after(message, b"\"revision\":") {
                    deliver(revision);
                } else if http::find(message, b"\"connection_ack\"").is_some() {
                    self.is_acknowledged = true;
                } else {
                    self.complaint = Some(String::from_utf8_lossy(message).into_owned());
                }
            }
            Kind::Ping => self.ping = Some(message.to_vec()),
            Kind::Pong => {}
            Kind::Close => self.complaint = Some("that its socket is closed".to_owned()),
        }
    }
}

/// Turns the connection into a websocket.
pub(crate) async fn upgrade(stream: &mut TcpStream) -> Result<()> {
    stream.write_all(UPGRADE).await?;
    let mut head = Vec::new();
    // The server says nothing behind its head before it is spoken to.
    while http::find(&head, b"\r\n\r\n").is_none() {
        stream.readable().await?;
        match stream.try_read_buf(&mut head) {
            Ok(0) => bail!("the server closed a socket before it was one"),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
    let head = String::from_utf8_lossy(&head);
    ensure!(head.starts_with("HTTP/1.1 101"), "the server opened no socket: {head}");
    Ok(())
}

/// The frame that begins the protocol.
pub(crate) fn connection_init() -> Vec<u8> {
    client_frame(Kind::Text, br#"{"type":"connection_init"}"#)
}

/// The frame that subscribes. `payload` is JSON: the operation and its variables.
pub(crate) fn subscribe(id: &str, payload: &str) -> Vec<u8> {
    // Written by hand where the order matters: the message says its type before anything else.
    client_frame(
        Kind::Text,
        format!("{{\"type\":\"subscribe\",\"id\":\"{id}\",\"payload\":{payload}}}").as_bytes(),
    )
}
