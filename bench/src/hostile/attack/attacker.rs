//! What attackers have in common: where they come from, how they send over and over, what they are answered.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream, tcp::OwnedReadHalf},
};

use super::request::Numbered;
use crate::{
    http::{self, Connection},
    websocket::{
        self,
        frame::{Frames, Kind},
    },
};

/// Where attackers come from on Linux, where all of 127.0.0.0/8 is this machine.
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// How long an attacker waits who could not connect: behind the attack there is no server any more.
const CONNECT_PAUSE: Duration = Duration::from_millis(200);
/// How long an attacker waits before a stalled connection that has ended is followed by another.
pub(super) const RENEW_PAUSE: Duration = Duration::from_secs(1);
/// The first numbers of two connections differ by so much.
const NUMBERS_A_CONNECTION: u64 = 10_000_000;
/// How often a stalled connection sends a byte.
const DRIP_INTERVAL: Duration = Duration::from_secs(1);
/// What one read of a websocket takes at most.
const READ_BYTES: usize = 16 * 1024;
/// What the kernel keeps for an attacker who reads little: as little as it allows.
const SMALL_BUFFER_BYTES: u32 = 4 * 1024;

/// How a connection ended without an answer.
pub(super) const NO_ANSWER: &str = "closed without an answer";

/// How often attackers were answered what.
pub(super) type Met = BTreeMap<String, u64>;

/// Whether something is sent over and over on one connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Never,
    Always,
}

/// All attackers of one server.
#[derive(Clone)]
pub(super) struct Attacker {
    pub(super) server: SocketAddr,
    met: Rc<RefCell<Met>>,
}

impl Attacker {
    pub(super) fn of(server: SocketAddr) -> Self {
        Self { server, met: Rc::default() }
    }

    pub(super) fn met(&self) -> Met {
        self.met.borrow().clone()
    }

    pub(super) fn note(&self, what: impl Into<String>) {
        *self.met.borrow_mut().entry(what.into()).or_default() += 1;
    }

    /// Connects, again and again if need be.
    pub(super) async fn connect(&self) -> TcpStream {
        self.connect_with(None).await
    }

    /// Connects as one for whom the kernel keeps next to nothing of what is not read.
    pub(super) async fn connect_small(&self) -> TcpStream {
        self.connect_with(Some(SMALL_BUFFER_BYTES)).await
    }

    async fn connect_with(&self, buffer_bytes: Option<u32>) -> TcpStream {
        loop {
            match connect(self.server, buffer_bytes).await {
                Ok(stream) => return stream,
                Err(error) => {
                    // There is no server any more when it has been stopped, which is no answer of it.
                    if error.kind() != io::ErrorKind::ConnectionRefused {
                        self.note(format!("not connected: {}", error.kind()));
                    }
                    tokio::time::sleep(CONNECT_PAUSE).await;
                }
            }
        }
    }

    /// Sends these requests over so many connections, on each the next one as soon as the last one is answered.
    pub(super) async fn flood(&self, requests: &[Vec<u8>], connections: usize) {
        let flood = |first: usize| async move {
            let mut connection = self.open().await;
            for request in requests.iter().cycle().skip(first) {
                connection = self.exchange(connection, request).await;
            }
        };
        join_all((0..connections).map(flood)).await;
    }

    /// A connection for requests.
    pub(super) async fn open(&self) -> Connection {
        Connection::over(self.server, self.connect().await)
    }

    /// Sends a request, notes what it is answered, and gives back a connection for the next one.
    pub(super) async fn exchange(&self, mut connection: Connection, request: &[u8]) -> Connection {
        if let Ok((status, _)) = connection.exchange(request).await {
            self.note(format!("status {status}"));
            return connection;
        }
        self.note(NO_ANSWER);
        self.open().await
    }

    /// Sends this over so many connections, with other numbers each time.
    pub(super) async fn flood_numbered(&self, request: &[u8], connections: u64) {
        let flood = |number: u64| async move {
            let mut request = Numbered::of(request.to_vec(), number * NUMBERS_A_CONNECTION);
            let mut connection = self.open().await;
            loop {
                connection = self.exchange(connection, request.next()).await;
            }
        };
        join_all((0..connections).map(flood)).await;
    }

    /// Sends the beginning of a request and then a byte a second of `drip`, or nothing if that is empty, until it is
    /// answered or the connection ends; and then again.
    pub(super) async fn stall(&self, beginning: &[u8], drip: &[u8]) {
        loop {
            let stream = self.connect().await;
            let end = stall_once(stream, beginning, drip).await;
            self.note(end.unwrap_or_else(|_| NO_ANSWER.to_owned()));
            tokio::time::sleep(RENEW_PAUSE).await;
        }
    }

    /// Opens a websocket, sends these frames while everything that comes is read, and begins again when it ends.
    pub(super) async fn talk(&self, frames: &[u8], repeat: Repeat) {
        loop {
            let Some(socket) = self.upgrade(self.connect().await).await else { continue };
            let (from_server, mut to_server) = socket.into_split();
            let write = async {
                while to_server.write_all(frames).await.is_ok() {
                    if repeat == Repeat::Never {
                        std::future::pending::<()>().await;
                    }
                }
            };
            tokio::select! {
                () = self.listen(from_server) => {}
                () = write => {}
            }
            self.note("socket ended");
        }
    }

    /// Reads what a websocket is sent until it ends, and notes what is no delivery.
    pub(super) async fn listen(&self, mut from_server: OwnedReadHalf) {
        let (mut frames, mut buffer) = (Frames::new(), vec![0; READ_BYTES]);
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            frames.feed(&buffer[..count], |kind, message| {
                if kind == Kind::Close {
                    self.note(format!("socket closed with {}", close_code(message)));
                } else if http::find(message, b"\"errors\"").or(http::find(message, b"\"error\"")).is_some() {
                    self.note("operation refused");
                }
            });
        }
    }

    /// Makes a connection a websocket and begins the protocol; none when that is refused.
    pub(super) async fn upgrade(&self, mut stream: TcpStream) -> Option<TcpStream> {
        let opened = async {
            websocket::upgrade(&mut stream).await?;
            stream.write_all(&websocket::connection_init()).await?;
            anyhow::Ok(())
        };
        if opened.await.is_err() {
            self.note("no socket");
            tokio::time::sleep(CONNECT_PAUSE).await;
            return None;
        }
        self.note("socket opened");
        Some(stream)
    }
}

async fn connect(server: SocketAddr, buffer_bytes: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(bytes) = buffer_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    if cfg!(target_os = "linux") {
        // Without it the ports of connections that have just ended could not be used again.
        socket.set_reuseaddr(true)?;
        socket.bind((ATTACKER, 0).into())?;
    }
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Answers with how it ended.
async fn stall_once(mut stream: TcpStream, beginning: &[u8], drip: &[u8]) -> io::Result<String> {
    stream.write_all(beginning).await?;
    let mut drip = drip.iter().cycle();
    let mut due = tokio::time::interval(DRIP_INTERVAL);
    let mut answer = [0; 64];
    loop {
        tokio::select! {
            count = stream.read(&mut answer) => return Ok(ended(&answer[..count?])),
            _ = due.tick() => {
                if let Some(byte) = drip.next() {
                    stream.write_all(std::slice::from_ref(byte)).await?;
                }
            }
        }
    }
}

/// The code of a close frame; 1005 stands for none, as the protocol has it.
fn close_code(payload: &[u8]) -> u16 {
    payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))
}

/// What the beginning of an answer says.
pub(super) fn ended(answer: &[u8]) -> String {
    let status =
        answer.strip_prefix(b"HTTP/1.1 ").and_then(|behind| std::str::from_utf8(behind.get(..3)?).ok());
    status.map_or(NO_ANSWER.to_owned(), |status| format!("status {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_by_its_status() {
        assert_eq!(ended(b"HTTP/1.1 408 Request Timeout\r\n"), "status 408");
        assert_eq!(ended(b""), NO_ANSWER);
    }

    #[test]
    fn a_close_frame_says_why() {
        assert_eq!([close_code(b"\x11\x4dtoo many messages"), close_code(b"")], [4429, 1005]);
    }
}
