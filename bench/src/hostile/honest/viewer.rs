//! One who watches a board over a websocket.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::websocket::{
    self, Said,
    frame::{Frames, Kind, client_frame},
};

/// What one read takes at most: a delivery of some workers is a few kilobytes.
const READ_BYTES: usize = 16 * 1024;

pub(super) struct Viewer {
    stream: TcpStream,
    frames: Frames,
    buffer: Vec<u8>,
    /// The frame that subscribes, sent once the server is ready for it.
    subscribe: Vec<u8>,
}

impl Viewer {
    /// Opens a socket for this subscription.
    pub(super) async fn open(server: SocketAddr, query: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(server).await.context("no socket could be opened")?;
        stream.set_nodelay(true)?;
        websocket::upgrade(&mut stream).await?;
        stream.write_all(&websocket::connection_init()).await?;
        let subscribe = websocket::subscribe("1", &json!({ "query": query }).to_string());
        Ok(Self { stream, frames: Frames::new(), buffer: vec![0; READ_BYTES], subscribe })
    }

    /// Waits for the next delivery and answers with its revision; of several that came together the last one's.
    pub(super) async fn delivered(&mut self) -> Result<i64> {
        loop {
            let count = self.stream.read(&mut self.buffer).await.context("the socket broke")?;
            if count == 0 {
                bail!("the server closed the connection");
            }
            let (mut said, mut revision) = (Said::default(), None);
            self.frames.feed(&self.buffer[..count], |kind, message| {
                said.hear(kind, message, |delivered| revision = Some(delivered));
            });
            if let Some(complaint) = said.complaint {
                bail!("the viewer was told {complaint}");
            }
            if said.is_acknowledged {
                self.stream.write_all(&self.subscribe).await?;
            }
            if let Some(payload) = said.ping {
                self.stream.write_all(&client_frame(Kind::Pong, &payload)).await?;
            }
            if let Some(revision) = revision {
                return Ok(revision);
            }
        }
    }
}
