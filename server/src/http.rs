//! The HTTP server: `/graphql` for programs and people, health checks, and the dashboard on all other paths.

mod answer;
mod assets;
mod authenticate;
mod body;
mod browsers;
mod connection;
mod cookie;
mod denied;
mod error_response;
mod event_stream;
mod graphql;
mod health;
mod log_limit;
mod media;
mod memory;
mod operation;
mod payloads;
mod quota;
mod shared;
mod sign_in;
mod socket;
mod url_parameters;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header, uri::PathAndQuery},
    response::Response,
    routing::{any, get},
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate as _, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
    validate_request::ValidateRequestHeaderLayer,
};

pub use self::{
    body::MAX_BODY_BYTES,
    browsers::{Hosts, Origins},
    connection::{ConnectionLimits, TrustedProxies},
    socket::limits::SocketLimits,
};
use self::{
    browsers::BrowserRules,
    connection::{Peer, peer_of},
    log_limit::LogLimit,
    media::Media,
    memory::{answer_memory, request_memory},
    operation::{Documents, PersistedQueries},
    quota::Subscriptions,
    shared::Shared,
};
use crate::{
    access::{
        AccessLimits, Limits,
        oidc::{OidcProvider, OidcSettings},
    },
    app::App,
    graphql::budget::Turns,
};

/// Answers from this length on, in bytes, are compressed: shorter ones fit into one packet anyway.
const COMPRESS_FROM_BYTES: u64 = 1_400;
/// How many large bodies are decoded and read at once: more would take the processor from all other requests.
const LARGE_BODIES_AT_ONCE: usize = 2;
/// How long a browser may cache what a page of another origin is allowed.
const CORS_MAX_AGE: Duration = Duration::from_hours(1);
/// How long requests and sockets may take to end once the server stops. With the next one it stays under the 10 s that
/// container engines grant.
const CONNECTIONS_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long queued batches may take to be committed once the server stops.
const COMMIT_DRAIN_TIMEOUT: Duration = Duration::from_secs(4);

/// How to serve.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Pages of other origins that may read answers and open websockets.
    pub origins: Origins,
    /// Names of this server, besides those that every server has.
    pub hosts: Hosts,
    /// Limits and timeouts of connections.
    pub connections: ConnectionLimits,
    /// Limits and timeouts of websockets.
    pub sockets: SocketLimits,
    /// Limits of each principal, and of who does not prove to be one.
    pub limits: AccessLimits,
    /// The identity provider where people can sign in, if there is one.
    pub oidc: Option<OidcSettings>,
}

/// Serves until the token is cancelled, then drains: no new connections, open ones finish their current request,
/// websockets are closed with 1001, queued batches are committed.
///
/// # Errors
/// When the batches could not be committed in time. Their senders got no answer and will send them again. Before anything is served,
/// when this machine cannot ask an identity provider.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let oidc = options.oidc.map(|settings| OidcProvider::new(settings, app.clock.clone()));
    let oidc = oidc.transpose().map_err(anyhow::Error::msg)?;
    let tasks = TaskTracker::new();
    let rules = BrowserRules { hosts: options.hosts, origins: options.origins.clone() };
    let shared = Arc::new(Shared {
        schema: crate::graphql::schema(app.clone()),
        app: app.clone(),
        origins: options.origins,
        has_trusted_proxies: !options.connections.trusted_proxies.is_empty(),
        oidc,
        memory: request_memory(),
        answer_memory: answer_memory(),
        large_bodies: Arc::new(Semaphore::new(LARGE_BODIES_AT_ONCE)),
        documents: Documents::default(),
        persisted: PersistedQueries::default(),
        turns: Turns::default(),
        sockets: Arc::new(Semaphore::new(options.sockets.max_sockets)),
        socket_limits: options.sockets,
        subscriptions: Arc::new(Subscriptions::new()),
        limits: Limits::new(&options.limits),
        unknown_subprotocols: LogLimit::default(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    });
    connection::accept(listener, router(shared, rules), &options.connections, &tasks, &shutdown).await;
    tracing::info!("stopping: finishing requests and closing websockets");
    tasks.close();
    if tokio::time::timeout(CONNECTIONS_DRAIN_TIMEOUT, tasks.wait()).await.is_err() {
        tracing::warn!("{} connections did not end in time and are dropped", tasks.len());
    }
    if let Err(error) = app.access.write_down().await {
        tracing::warn!(%error, "what was refused in the last minute is not in the audit log, and looks at workers are not counted");
    }
    tokio::time::timeout(COMMIT_DRAIN_TIMEOUT, app.ingest.drain()).await.map_err(|_| {
        anyhow::anyhow!(
            "some batches were not committed in time; their senders got no answer and send them again"
        )
    })
}

fn router(shared: Arc<Shared>, rules: BrowserRules) -> Router {
    let cors = cors(&rules.origins);
    let compress = SizeAbove::new(COMPRESS_FROM_BYTES)
        .and(NotForContentType::IMAGES)
        // What is compressed is gathered, and events must not wait.
        .and(NotForContentType::SSE);
    let always = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    // Together, because a router puts each of its own layers into a box, and every request with it.
    let layers = ServiceBuilder::new()
        // Without it, browsers do not say which page sends a form.
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(CatchPanicLayer::custom(error_response::panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compress))
        .layer(ValidateRequestHeaderLayer::custom(browsers::check(rules)));
    let router = Router::new()
        .route("/graphql", any(graphql))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/graphiql/{*path}", get(graphiql_file))
        .merge(sign_in::router())
        .fallback(get(dashboard))
        .with_state(shared)
        .layer(layers);
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

async fn graphql(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let mut response = match *request.method() {
        Method::POST => graphql::post(&shared, request).await,
        Method::GET | Method::HEAD => get_graphql(&shared, request).await,
        _ => graphql::other_method(),
    };
    // A browser that has one answer must not show it where another type is accepted.
    response.headers_mut().append(header::VARY, HeaderValue::from_name(header::ACCEPT));
    response
}

/// A GET is a websocket, an operation in the URL, or a person.
async fn get_graphql(shared: &Arc<Shared>, request: Request) -> Response {
    if request.headers().contains_key(header::UPGRADE) {
        return socket::open(shared, request);
    }
    let offered = [Media::Json, Media::GraphqlResponse, Media::Html, Media::EventStream];
    let (request, _body) = request.into_parts();
    let peer = match peer_of(&request.extensions) {
        Ok(peer) => peer,
        Err(error) => return error.into_response(Media::Json),
    };
    match media::negotiate(&request.headers, &offered) {
        Some(Media::Html) if !authenticate::may_enter(shared, peer, &request.headers).await => {
            sign_in::redirect_to_sign_in("/graphql")
        }
        Some(Media::Html) => assets::graphiql_page(&request.headers),
        Some(Media::EventStream) => event_stream::get(shared, &request).await,
        Some(media) => graphql::get(shared, &request, media).await,
        None => graphql::not_acceptable(),
    }
}

async fn graphiql_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    assets::graphiql_file(&path, &headers)
}

async fn dashboard(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if assets::is_page(uri.path()) && !authenticate::may_enter(&shared, peer, &headers).await {
        return sign_in::redirect_to_sign_in(uri.path_and_query().map_or("/", PathAndQuery::as_str));
    }
    assets::dashboard_response(uri.path(), &headers)
}

fn cors(origins: &Origins) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.clone();
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| origins.allows(origin)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::CONTENT_ENCODING,
        ])
        .expose_headers([header::RETRY_AFTER])
        .max_age(CORS_MAX_AGE);
    Some(cors)
}
