//! A client of graphql-transport-ws that can also misbehave.

use std::{io::Cursor, net::SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        handshake::client::Request,
        protocol::{
            Role, WebSocketConfig,
            frame::{
                FrameHeader,
                coding::{Control, Data, OpCode},
            },
        },
    },
};

use super::soon;

/// What a socket reads at once, in bytes: there may be ten thousand of them in one process.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// How a socket ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
}

impl Socket {
    /// A request for a websocket with the right sub-protocol.
    pub(crate) fn request(address: SocketAddr) -> Request {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        request
    }

    /// Opens a socket and says nothing yet.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, Self::request(address)).await
    }

    pub(crate) async fn open_with(address: SocketAddr, request: Request) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
        let shaking_hands = client_async_with_config(request, stream, Some(config));
        let (stream, _) = soon("the handshake", shaking_hands).await.expect("an upgrade");
        Self { stream }
    }

    /// Opens a socket that offers these sub-protocols, byte by byte; answers also with the head of the server's response.
    #[allow(dead_code, reason = "the tests with brokers do not need it, which share this file")]
    pub(crate) async fn offering(address: SocketAddr, offered: Option<&[u8]>) -> (Self, String) {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let mut request = format!(
            "GET /graphql HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        )
        .into_bytes();
        if let Some(offered) = offered {
            request.extend([b"sec-websocket-protocol: ", offered, b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        stream.write_all(&request).await.expect("a request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("the handshake", stream.read_u8()).await.expect("a byte"));
        }
        let stream = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        (Self { stream }, String::from_utf8(head).expect("text").to_ascii_lowercase())
    }

    /// Opens a socket and says hello.
    pub(crate) async fn acknowledged(address: SocketAddr) -> Self {
        let mut socket = Self::open(address).await;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        soon("a write", self.stream.send(Message::text(text.into()))).await.expect("an open socket");
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    pub(crate) async fn complete(&mut self, id: &str) {
        self.send(json!({ "id": id, "type": "complete" })).await;
    }

    /// The next message of the protocol; the frames of websockets themselves are left out.
    pub(crate) async fn receive(&mut self) -> Value {
        soon("a message", self.receive_ever()).await
    }

    /// As [`Socket::receive`], however long it takes.
    async fn receive_ever(&mut self) -> Value {
        loop {
            match self.stream.next().await.expect("an open socket").expect("a frame") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => panic!("the socket was closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The data of the next message, which must be a delivery for this id.
    pub(crate) async fn delivery(&mut self, id: &str) -> Value {
        soon("a delivery", self.delivery_ever(id)).await
    }

    /// As [`Socket::delivery`], however long it takes.
    pub(crate) async fn delivery_ever(&mut self, id: &str) -> Value {
        let mut message = self.receive_ever().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].take()
    }

    /// What comes until the connection ends, to one who answers nothing, not even a ping: the lengths of the whole texts, and
    /// the close frame, if one came.
    pub(crate) async fn rest_unanswered(&mut self) -> (Vec<usize>, Option<Closed>) {
        let mut bytes = Vec::new();
        // A connection that is reset ends with an error, after what came before.
        soon("the end", self.stream.get_mut().read_to_end(&mut bytes)).await.ok();
        let (mut lengths, mut closed) = (Vec::new(), None);
        let mut frames = Cursor::new(bytes);
        while let Ok(Some((header, length))) = FrameHeader::parse(&mut frames) {
            let end = frames.position() + length;
            let Some(payload) = frames.get_ref().get(frames.position() as usize..end as usize) else { break };
            match (header.opcode, payload) {
                (OpCode::Data(Data::Text), text) => lengths.push(text.len()),
                (OpCode::Control(Control::Close), [high, low, reason @ ..]) => {
                    let code = u16::from_be_bytes([*high, *low]);
                    closed = Some(Closed { code, reason: String::from_utf8_lossy(reason).into_owned() });
                }
                _ => {}
            }
            frames.set_position(end);
        }
        (lengths, closed)
    }

    /// How the server closes the socket; messages before that are left out.
    pub(crate) async fn closed(&mut self) -> Closed {
        soon("the end", async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Closed { code: frame.code.into(), reason: frame.reason.to_string() };
                    }
                    Some(Ok(Message::Close(None))) | None => panic!("the socket ended without a code"),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => panic!("the socket broke: {error}"),
                }
            }
        })
        .await
    }
}
