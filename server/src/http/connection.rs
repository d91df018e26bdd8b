//! TCP connections: how many there are, how long one may stall, how they end.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// Limits and timeouts of connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// The most connections at once, those of websockets included; further ones wait until one ends. More than there may
    /// be websockets, so that these never keep out a request.
    pub max_connections: usize,
    /// How long a connection may take to the end of the next request's headers. Longer than the 60 s for which proxies
    /// keep an idle connection, because one that is closed first costs them a request.
    pub idle_timeout: Duration,
    /// How long a peer may take nothing of what it is sent before its connection is dropped.
    pub stall_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 18_000,
            idle_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(10),
        }
    }
}

/// What the kernel holds for a slow reader, in bytes. Its default of megabytes would deliver a paused dashboard
/// hundreds of outdated states before the newest.
const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// How long to wait when the system has no connection to give, usually because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves every connection in a task of its own until the token is cancelled; connections beyond the limit wait in the
/// kernel's queue. Those that are open then finish the request they are at; `tasks` knows when all have ended.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: &ConnectionLimits,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(limits.max_connections));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = next(&listener, &permits, limits.stall_timeout) => accepted,
        };
        match accepted {
            Ok(connection) => {
                tasks.spawn(serve(connection, router.clone(), limits.idle_timeout, shutdown.clone()));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted now; does the limit of open files (ulimit -n) suffice?");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stall_timeout: Duration,
) -> io::Result<Connection> {
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES)?;
    Ok(Connection { stream, stall_timeout, stalled: None, _permit: permit })
}

/// Whether the peer of one connection went away before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidInput, NotConnected};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | InvalidInput | NotConnected
    )
}

async fn serve(connection: Connection, router: Router, idle_timeout: Duration, shutdown: CancellationToken) {
    let service = router.map_request(|request: Request<Incoming>| request.map(Body::new));
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service))
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// A connection that counts until it is dropped, also after it became a websocket, and that breaks when its peer takes
/// nothing for too long.
pub(super) struct Connection {
    stream: TcpStream,
    stall_timeout: Duration,
    /// Until when the peer must take something; none while it does.
    stalled: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// The result of a write, or an error when it has waited for too long.
    fn unless_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall_timeout = self.stall_timeout;
        let timeout = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall_timeout)));
        ready!(timeout.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing of what it is sent")))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.unless_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
