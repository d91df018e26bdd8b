//! One socket from its first message to its close frame.

use std::{future::pending, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::value::RawValue;
use tokio::time::{Instant, Interval, MissedTickBehavior, error::Elapsed};
use tokio_stream::{StreamMap, StreamNotifyClose};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{
    super::{
        authenticate::{Client, Proof, unauthenticated},
        connection::{Connection, Peer},
        payloads::{self, Changes, Started},
        quota::SocketQuota,
        shared::Shared,
    },
    arriving::Arriving,
    frame,
    limits::{MAX_MESSAGE_BYTES, MAX_PONG_BYTES},
    message::{self, ClientMessage, ServerMessage},
    rate::MessageRate,
    subprotocol::{Spoken, Subprotocol},
};
use crate::{
    access::{Denied, PrincipalShare},
    clock::Clock,
    error::ApiError,
    graphql::shared::Payloads,
    live::broadcast::Payload,
    store::access::Origin,
};

/// The most operations that run at once on one socket.
const MAX_OPERATIONS: usize = 50;
/// How many pings in a row a peer may leave unanswered.
const MAX_UNANSWERED_PINGS: u32 = 2;
/// How long the exchange of close frames may take before the connection is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// What fits into a close frame beside its code, in bytes; longer reasons break the frame.
const MAX_REASON_BYTES: usize = 123;

/// Why a socket ends.
enum End {
    /// With the server's close frame.
    Close(CloseCode, String),
    /// With the peer's close frame, which is to be answered.
    Closed,
    /// The peer is gone.
    Gone,
}

/// A websocket on a connection of this server.
pub(super) type WebSocket = WebSocketStream<Arriving<Connection>>;

pub(super) struct Session {
    socket: WebSocket,
    shared: Arc<Shared>,
    spoken: Spoken,
    operations: StreamMap<String, StreamNotifyClose<Payloads>>,
    /// What the handshake has.
    origin: Origin,
    proof: Proof,
    /// Who it is, once they have said hello.
    client: Option<Client>,
    /// That the socket counts for its principal, once it is known.
    of_principal: Option<PrincipalShare>,
    init_deadline: Instant,
    pings: Interval,
    unanswered_pings: u32,
    rate: MessageRate,
    quota: SocketQuota,
}

impl Session {
    pub(super) fn new(
        socket: WebSocket,
        shared: Arc<Shared>,
        (peer, origin, proof): (Peer, Origin, Proof),
        negotiated: Option<Subprotocol>,
    ) -> Self {
        let limits = &shared.socket_limits;
        let mut pings = tokio::time::interval_at(Instant::now() + limits.ping_interval, limits.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            spoken: Spoken::new(negotiated),
            operations: StreamMap::new(),
            origin,
            proof,
            client: None,
            of_principal: None,
            init_deadline: Instant::now() + limits.init_timeout,
            pings,
            unanswered_pings: 0,
            rate: MessageRate::new(Instant::now()),
            quota: SocketQuota::new(shared.subscriptions.clone(), peer),
            shared,
        }
    }

    /// Serves the socket until it ends.
    pub(super) async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        self.operations.clear();
        end_socket(&mut self.socket, end).await;
    }

    /// Waits for the next event and handles it. Messages of the peer come before deliveries to it, so that many deliveries
    /// cannot keep it from completing them.
    async fn step(&mut self) -> Result<(), End> {
        let arriving_since = self.socket.get_ref().since();
        let message_timeout = self.shared.socket_limits.message_timeout;
        tokio::select! {
            biased;
            () = self.shared.shutdown.cancelled() => Err(going_away()),
            // Looked at after each event, such as our own ping.
            () = passed(arriving_since, message_timeout) => Err(close(4408, "a message did not come whole in time")),
            message = self.socket.next() => self.receive(message).await,
            () = until(self.init_deadline, self.client.is_some()) => {
                Err(close(4408, "connection_init did not come in time"))
            }
            changed = access_changed(&mut self.client, &self.shared.app.clock) => changed.map_err(refusal),
            _ = self.pings.tick() => self.ping().await,
            Some((id, delivery)) = self.operations.next() => self.deliver(&id, delivery).await,
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        if message.is_some() && !self.rate.allows(Instant::now()) {
            return Err(close(4429, "too many messages at once; send at most 20 a second"));
        }
        match message {
            Some(Ok(Message::Text(text))) => match ClientMessage::parse(&text, &mut self.spoken) {
                Ok(message) => self.handle(message).await,
                Err(error) => self.refuse(error).await,
            },
            Some(Ok(Message::Binary(_))) => Err(close(4400, "messages are text, not binary")),
            Some(Ok(Message::Pong(_))) => {
                self.unanswered_pings = 0;
                Ok(())
            }
            // The library answers a ping by itself.
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => Ok(()),
            Some(Ok(Message::Close(_))) => Err(End::Closed),
            None => Err(End::Gone),
            Some(Err(error)) => Err(unreadable(&error)),
        }
    }

    /// Answers a message that cannot be read: in the older protocol the socket stays open.
    async fn refuse(&mut self, error: ApiError) -> Result<(), End> {
        match self.spoken.subprotocol() {
            Subprotocol::GraphqlTransportWs => Err(close(4400, error.message)),
            Subprotocol::GraphqlWs => {
                let errors = payloads::refusal(error);
                let text = message::connection_error(&Subprotocol::GraphqlWs.refusal(&errors));
                self.write(Message::text(text)).await
            }
        }
    }

    async fn handle(&mut self, message: ClientMessage) -> Result<(), End> {
        let is_older = self.spoken.subprotocol() == Subprotocol::GraphqlWs;
        match message {
            ClientMessage::Init { .. } if self.client.is_some() => {
                Err(close(4429, "connection_init came twice"))
            }
            ClientMessage::Init { authorization } => self.initialise(authorization).await,
            ClientMessage::Ping(payload) => self.pong(payload).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { .. } if self.client.is_none() => {
                Err(close(4401, "connection_init must come before all operations"))
            }
            ClientMessage::Subscribe { id, .. } if !is_older && self.operations.contains_key(&id) => {
                Err(close(4409, format!("there is an operation with the id {id} already")))
            }
            ClientMessage::Subscribe { id, payload } => {
                self.subscribe(id, payload.as_deref().map_or("", RawValue::get)).await
            }
            ClientMessage::Complete { id } => match self.operations.remove(&id) {
                Some(_) if is_older => self.send(&ServerMessage::Complete { id: &id }).await,
                _ => Ok(()),
            },
            ClientMessage::Terminate => Err(close(CloseCode::Normal, "the client is done")),
        }
    }

    /// Lets the client in, by what it says now or said in the handshake.
    async fn initialise(&mut self, authorization: Option<String>) -> Result<(), End> {
        let proof = authorization.map_or_else(|| self.proof.clone(), |said| Proof::said(&said));
        match Client::authenticate(&self.shared, (self.quota.peer(), self.origin.clone()), &proof).await {
            Ok(client) => {
                // The hello counts as an operation, so that nobody opens and closes sockets all the time.
                match client.take_requests(1).and_then(|()| client.take_socket()) {
                    Ok(of_principal) => self.of_principal = of_principal,
                    Err(error) => {
                        let end = close(CloseCode::Again, error.message.clone());
                        return self.turn_out(error, end).await;
                    }
                }
                self.client = Some(client);
                self.send(&ServerMessage::ConnectionAck).await?;
                self.keep_alive().await
            }
            Err(denied) => self.turn_out(unauthenticated(denied), refusal(denied)).await,
        }
    }

    /// Ends the socket of who is not let in. In the older protocol it is told why in a message, too.
    async fn turn_out(&mut self, error: ApiError, end: End) -> Result<(), End> {
        if self.spoken.subprotocol() == Subprotocol::GraphqlWs {
            self.refuse(error).await?;
        }
        Err(end)
    }

    /// Starts an operation. In the older protocol it takes the place of one that has its id.
    async fn subscribe(&mut self, id: String, payload: &str) -> Result<(), End> {
        self.operations.remove(&id);
        let started = if let Some(client) = &self.client
            && self.operations.len() < MAX_OPERATIONS
        {
            let counted = client.take_requests(1);
            let start = || payloads::start(&self.shared, client, &self.quota, payload, Changes::Allowed);
            match counted.map_or_else(|error| Ok(payloads::refused(error)), |()| start()) {
                Ok(started) => started,
                Err(error) if self.spoken.subprotocol() == Subprotocol::GraphqlWs => payloads::refused(error),
                Err(error) => return Err(close(4400, error.message)),
            }
        } else {
            let message =
                format!("at most {MAX_OPERATIONS} operations run at once on one socket; complete one first");
            payloads::refused(ApiError::limit_exceeded(message))
        };
        match started {
            Started::Running(payloads) => {
                self.operations.insert(id, StreamNotifyClose::new(payloads));
                Ok(())
            }
            Started::Refused(errors) => self.answer_refusal(&id, &errors).await,
        }
    }

    async fn deliver(&mut self, id: &str, payload: Option<Payload>) -> Result<(), End> {
        match payload {
            Some(Payload::Next(answer)) => {
                self.answer(self.spoken.subprotocol().answer_type(), id, &answer).await
            }
            Some(Payload::Refused(errors)) => {
                self.operations.remove(id);
                self.answer_refusal(id, &errors).await
            }
            None => {
                self.operations.remove(id);
                self.send(&ServerMessage::Complete { id }).await
            }
        }
    }

    async fn pong(&mut self, payload: Option<Box<RawValue>>) -> Result<(), End> {
        let payload = payload.filter(|payload| payload.get().len() <= MAX_PONG_BYTES);
        self.send(&ServerMessage::Pong { payload }).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.unanswered_pings >= MAX_UNANSWERED_PINGS {
            return Err(close(CloseCode::Policy, "pings were not answered"));
        }
        self.unanswered_pings += 1;
        self.write(Message::Ping(bytes::Bytes::new())).await?;
        self.keep_alive().await
    }

    /// Tells a client of the older protocol, which may not see pings, that the server is there.
    async fn keep_alive(&mut self) -> Result<(), End> {
        if self.client.is_some() && self.spoken.subprotocol() == Subprotocol::GraphqlWs {
            self.send(&ServerMessage::KeepAlive).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Result<(), End> {
        let text = message.to_text().map_err(|error| unwritable(&error))?;
        self.write(Message::text(text)).await
    }

    /// Waits while the peer's buffer is full; the connection breaks when the peer takes nothing for too long.
    async fn write(&mut self, message: Message) -> Result<(), End> {
        tokio::select! {
            written = self.socket.send(message) => written.map_err(|_| End::Gone),
            () = self.shared.shutdown.cancelled() => Err(going_away()),
        }
    }

    async fn answer_refusal(&mut self, id: &str, errors: &str) -> Result<(), End> {
        let payload = self.spoken.subprotocol().refusal(errors);
        self.answer("error", id, &payload).await
    }

    /// Sends an operation's payload, which other sockets may share.
    async fn answer(&mut self, kind: &str, id: &str, payload: &str) -> Result<(), End> {
        let before = message::before_payload(kind, id).map_err(|error| unwritable(&error))?;
        let parts = [&before, payload, message::AFTER_PAYLOAD];
        let timeout = self.shared.socket_limits.answer_timeout;
        let writing = tokio::time::timeout(timeout, frame::write_text(&mut self.socket, parts));
        let mut writing = std::pin::pin!(writing);
        tokio::select! {
            biased;
            written = &mut writing => return taken(&written),
            () = self.shared.shutdown.cancelled() => {}
        }
        // The close frame may only follow when this one is complete.
        match tokio::time::timeout(CLOSE_TIMEOUT, writing).await {
            Ok(Ok(Ok(()))) => Err(going_away()),
            _ => Err(End::Gone),
        }
    }
}

/// Whether an answer was taken whole. Where it was not, nothing else may follow it.
fn taken<E>(written: &Result<Result<(), E>, Elapsed>) -> Result<(), End> {
    match written {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Gone),
    }
}

/// Waits until a message took too long that has been arriving since then.
async fn passed(arriving_since: Option<Instant>, timeout: Duration) {
    match arriving_since {
        Some(since) => tokio::time::sleep_until(since + timeout).await,
        None => pending().await,
    }
}

fn unwritable(error: &serde_json::Error) -> End {
    tracing::error!(%error, "a message could not be written");
    close(CloseCode::Error, "the server failed; its log says why")
}

/// Waits for a deadline that may not apply any more.
async fn until(deadline: Instant, is_met: bool) {
    if is_met {
        pending::<()>().await;
    }
    tokio::time::sleep_until(deadline).await;
}

/// Waits until the client is not let in any more, or may do something else, which its operations see by themselves.
async fn access_changed(client: &mut Option<Client>, clock: &Clock) -> Result<(), Denied> {
    match client {
        Some(client) => client.changed(clock).await,
        None => pending().await,
    }
}

/// How a socket ends whose client is not let in.
fn refusal(denied: Denied) -> End {
    match denied {
        Denied::Unknown | Denied::OverLimit(_) => close(CloseCode::Again, denied.to_string()),
        _ => close(4403, denied.to_string()),
    }
}

fn close(code: impl Into<CloseCode>, reason: impl Into<String>) -> End {
    let mut reason = reason.into();
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    End::Close(code.into(), reason)
}

fn going_away() -> End {
    close(CloseCode::Away, "the server is stopping; connect again")
}

/// How a socket ends whose frames cannot be read.
fn unreadable(error: &tungstenite::Error) -> End {
    match error {
        tungstenite::Error::Capacity(_) => {
            close(CloseCode::Size, format!("a message has at most {} KiB", MAX_MESSAGE_BYTES / 1024))
        }
        tungstenite::Error::Utf8(_) => close(CloseCode::Invalid, "messages are UTF-8"),
        tungstenite::Error::Protocol(_) => close(CloseCode::Protocol, "these are no websocket frames"),
        _ => End::Gone,
    }
}

/// Closes a socket whose client speaks nothing that is known.
pub(super) async fn turn_away(mut socket: WebSocket) {
    let [newer, older] = Subprotocol::ALL.map(Subprotocol::name);
    let reason = format!("the sub-protocol must be {newer} or {older}");
    end_socket(&mut socket, close(4406, reason)).await;
}

async fn end_socket(socket: &mut WebSocket, end: End) {
    if tokio::time::timeout(CLOSE_TIMEOUT, close_handshake(socket, end)).await.is_err() {
        tracing::debug!("a peer did not close its socket in time and is dropped");
    }
}

/// Exchanges close frames: dropping the connection at once would lose the server's.
async fn close_handshake(socket: &mut WebSocket, end: End) {
    match end {
        End::Close(code, reason) => {
            let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            if socket.send(frame).await.is_err() {
                return;
            }
        }
        // The library answers by itself, but only while the socket is read.
        End::Closed => {}
        End::Gone => return,
    }
    while let Some(Ok(_)) = socket.next().await {}
}
