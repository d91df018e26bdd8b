//! Accepting connections and serving them.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use axum::{Router, http::Request, response::Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use crate::{
    Connection, ConnectionLimits,
    caller::{Caller, Callers},
    refuse::{self, Refusals},
    stall::Stall,
};

/// The longest headers of a request, its first line included, in bytes: every connection can make the server hold as much.
/// Queries in a URL are part of it; longer ones are sent by POST.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// What is read from a connection at once, in bytes. More makes large uploads no faster, and every connection can make the
/// server hold it.
const READ_BUFFER_BYTES: usize = 32 * 1024;
/// What the kernel holds for a slow reader, in bytes. Its default of megabytes would deliver a paused dashboard
/// hundreds of outdated states before the newest.
const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// How long to wait when the system has no connection to give, usually because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves every connection in a task of its own until the token is cancelled; connections beyond the limit wait in the
/// kernel's queue. Those that are open then finish the request they are at; `tasks` knows when all have ended.
///
/// Every request that the router gets has a [`Peer`](crate::Peer) as an extension.
pub async fn accept(
    listener: TcpListener,
    router: Router,
    limits: &ConnectionLimits,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) {
    let acceptor = Acceptor {
        permits: Arc::new(Semaphore::new(limits.max_connections)),
        callers: Callers::new(limits),
        refusals: Arc::new(Refusals::new()),
        stall_timeout: limits.stall_timeout,
    };
    let serving = Serving {
        router,
        refusals: acceptor.refusals.clone(),
        first_request_timeout: limits.first_request_timeout,
        idle_timeout: limits.idle_timeout,
        shutdown: shutdown.clone(),
    };
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = acceptor.next(&listener, tasks) => accepted,
        };
        match accepted {
            Ok(Some(connection)) => {
                tasks.spawn(serving.clone().serve(connection));
            }
            Ok(None) => {}
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted now; does the limit of open files (ulimit -n) suffice?");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What new connections are judged by.
struct Acceptor {
    permits: Arc<Semaphore>,
    callers: Arc<Callers>,
    refusals: Arc<Refusals>,
    stall_timeout: Duration,
}

impl Acceptor {
    /// The next connection; none when its address has too many.
    async fn next(&self, listener: &TcpListener, tasks: &TaskTracker) -> io::Result<Option<Connection>> {
        let permit = self.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, address) = listener.accept().await?;
        self.admit(stream, address.ip(), permit, tasks)
    }

    fn admit(
        &self,
        stream: TcpStream,
        address: IpAddr,
        permit: OwnedSemaphorePermit,
        tasks: &TaskTracker,
    ) -> io::Result<Option<Connection>> {
        let caller = match self.callers.connect(address) {
            Ok(caller) => Arc::new(caller),
            Err(too_many) => {
                if let Some(refusing) = self.refusals.begin(&too_many) {
                    tasks.spawn(refuse::answer(stream, too_many.max, refusing));
                }
                return Ok(None);
            }
        };
        stream.set_nodelay(true)?;
        socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES)?;
        Ok(Some(Connection { stream, stall: Stall::new(self.stall_timeout), caller, _permit: permit }))
    }
}

/// Whether the peer of one connection went away before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidInput, NotConnected};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | InvalidInput | NotConnected
    )
}

/// What every connection is served by.
#[derive(Clone)]
struct Serving {
    router: Router,
    refusals: Arc<Refusals>,
    first_request_timeout: Duration,
    idle_timeout: Duration,
    shutdown: CancellationToken,
}

impl Serving {
    async fn serve(self, connection: Connection) {
        let Self { router, refusals, first_request_timeout, idle_timeout, shutdown } = self;
        let caller = connection.caller.clone();
        let is_overdue = overdue(caller.clone(), first_request_timeout);
        let service =
            service_fn(move |request| respond(request, caller.clone(), router.clone(), refusals.clone()));
        let serving = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle_timeout)
            .max_header_size(MAX_HEADER_BYTES)
            .max_buf_size(READ_BUFFER_BYTES)
            .serve_connection(TokioIo::new(connection), service)
            .with_upgrades();
        let mut serving = std::pin::pin!(serving);
        let ended = tokio::select! {
            ended = serving.as_mut() => ended,
            () = is_overdue => {
                tracing::debug!("a connection brought no request in time");
                return;
            }
            () = shutdown.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

/// Ends when a connection's first request is overdue, and never once that has come.
async fn overdue(caller: Arc<Caller>, timeout: Duration) {
    tokio::time::sleep(timeout).await;
    if caller.has_asked() {
        std::future::pending::<()>().await;
    }
}

async fn respond(
    mut request: Request<Incoming>,
    caller: Arc<Caller>,
    router: Router,
    refusals: Arc<Refusals>,
) -> Result<Response, std::convert::Infallible> {
    match caller.asks(request.headers()) {
        Ok(peer) => {
            request.extensions_mut().insert(peer);
            router.oneshot(request).await
        }
        Err(too_many) => Ok(refusals.respond(&too_many)),
    }
}
