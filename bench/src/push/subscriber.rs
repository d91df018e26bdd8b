//! One subscriber on a socket of its own: it notes when which revision came, and spends as little as it can.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Poll, ready},
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use tokio::{
    io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    sync::Semaphore,
};

use crate::websocket::{
    self, Said,
    frame::{Frames, Kind, client_frame},
};

/// What one read takes at most: a delivery of some changed workers is a few kilobytes.
const READ_BYTES: usize = 64 * 1024;

thread_local! {
    // All subscribers read into this one: a buffer each would be hundreds of megabytes.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// A delivery: its revision, and when its last byte came, in microseconds since the clock was started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    pub(super) revision: i64,
    pub(super) at_micros: u32,
}

/// What all subscribers of a measurement share.
pub(super) struct Audience {
    pub(super) address: SocketAddr,
    /// The frame that subscribes.
    pub(super) subscribe: Vec<u8>,
    pub(super) clock: Instant,
    /// How many may be opening their sockets at once.
    pub(super) opening: Semaphore,
}

/// Subscribes and listens until the task is ended.
pub(super) async fn listen(audience: Rc<Audience>, heard: Rc<RefCell<Vec<Delivery>>>) -> Result<()> {
    let mut opening = Some(audience.opening.acquire().await?);
    let mut stream = TcpStream::connect(audience.address).await.context("no socket could be opened")?;
    stream.set_nodelay(true)?;
    websocket::upgrade(&mut stream).await?;
    stream.write_all(&websocket::connection_init()).await?;
    let mut frames = Frames::new();
    loop {
        let mut said = Said::default();
        read(&mut stream, &mut frames, |kind, message| {
            said.hear(kind, message, |revision| {
                let at_micros = audience.clock.elapsed().as_micros() as u32;
                heard.borrow_mut().push(Delivery { revision, at_micros });
            });
        })
        .await
        .context("a socket broke")?;
        if let Some(complaint) = said.complaint {
            bail!("a subscriber was told {complaint}");
        }
        if said.is_acknowledged {
            stream.write_all(&audience.subscribe).await?;
        }
        if let Some(payload) = said.ping {
            stream.write_all(&client_frame(Kind::Pong, &payload)).await?;
        }
        if opening.is_some() && !heard.borrow().is_empty() {
            opening = None;
        }
    }
}

/// Waits for bytes and visits the frames that end in them.
async fn read(
    stream: &mut TcpStream,
    frames: &mut Frames,
    mut visit: impl FnMut(Kind, &[u8]),
) -> io::Result<()> {
    poll_fn(|context| {
        BUFFER.with_borrow_mut(|buffer| {
            let mut into = ReadBuf::new(buffer);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            frames.feed(into.filled(), &mut visit);
            Poll::Ready(Ok(()))
        })
    })
    .await
}
