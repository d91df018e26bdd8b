//! A real server in the test's own process: a database of its own, a port of its own, a clock that a test may set.

mod access;
mod database;
mod events;
pub(crate) mod node;
mod program;
mod proxy;
mod socket;
mod stall;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::time::{DurationMs, TimestampMs};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use server::{
    access::{AccessLimits, AccessMode, Rate},
    app::{App, DEFAULT_MAX_CLOCK_SKEW_MINUTES},
    clock::Clock,
    http::{ConnectionLimits, Options, SocketLimits, serve},
    store::{
        Snapshot, Store,
        access::{Access, Author, Permission, Permit, Scope, SendEvents},
        factories::NewFactory,
        writer::{Batch, Part},
    },
};
use test_harness::LIMIT;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) use test_harness::{soon, until};

pub(crate) use self::{
    access::Caller,
    database::{Connection, TestDatabase, has_postgres},
    events::{at_second, minute_of_work, with, work},
    program::Program,
    proxy::{CommitFate, Proxy},
    socket::{Closed, Socket},
};

/// An instant in Unix milliseconds.
pub(crate) fn millis(rfc3339: &str) -> TimestampMs {
    TimestampMs(chrono::DateTime::parse_from_rfc3339(rfc3339).expect("an instant").timestamp_millis())
}

/// Options of a server that gives up no client before the test does, and lets each ask as often as it likes.
pub(crate) fn patient() -> Options {
    Options {
        connections: ConnectionLimits {
            first_request_timeout: LIMIT,
            idle_timeout: LIMIT,
            stall_timeout: LIMIT,
            ..ConnectionLimits::default()
        },
        sockets: SocketLimits { init_timeout: LIMIT, ping_interval: LIMIT, ..SocketLimits::default() },
        limits: AccessLimits {
            requests: Rate { interval: Duration::ZERO, ..AccessLimits::default().requests },
            ..AccessLimits::default()
        },
        ..Options::default()
    }
}

/// A server in this process. Dropping it without [`TestServer::stop`] ends it without a drain.
pub(crate) struct TestServer {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) database: TestDatabase,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl TestServer {
    /// With the system's clock.
    pub(crate) async fn start() -> Self {
        Self::with(Clock::System, patient()).await
    }

    /// With a clock that stands at an instant such as `2026-01-05T08:00:00Z` until it is set.
    pub(crate) async fn at(now: &str) -> Self {
        Self::with(Clock::manual(millis(now)), patient()).await
    }

    pub(crate) async fn with(clock: Clock, options: Options) -> Self {
        Self::on(TestDatabase::new().await, clock, options).await
    }

    /// On the database that another server left behind, or on PostgreSQL beside it.
    pub(crate) async fn on(database: TestDatabase, clock: Clock, options: Options) -> Self {
        let store = Store::open(database.url()).await.expect("a database");
        Self::with_store(store, database, clock, options).await
    }

    /// With a store that was opened in a way of its own.
    pub(crate) async fn with_store(
        store: Store,
        database: TestDatabase,
        clock: Clock,
        options: Options,
    ) -> Self {
        Self::with_access(store, database, clock, (options, AccessMode::Open)).await
    }

    /// One that lets in whom its mode says.
    pub(crate) async fn with_access(
        store: Store,
        database: TestDatabase,
        clock: Clock,
        (options, access_mode): (Options, AccessMode),
    ) -> Self {
        let max_clock_skew_ms = DurationMs(i64::from(DEFAULT_MAX_CLOCK_SKEW_MINUTES) * 60_000);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let app = App::start(store, clock.clone(), max_clock_skew_ms, access_mode);
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(app.clone(), listener, options, shutdown.clone()));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { app, clock, address, client, database, shutdown, serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn database_url(&self) -> String {
        self.database.url().to_owned()
    }

    /// A POST of this body to `/graphql`, as JSON.
    pub(crate) fn request(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client.post(self.url("/graphql")).header("content-type", "application/json").body(body)
    }

    /// The whole answer to an operation, errors and all.
    pub(crate) async fn answer(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let response = soon("an answer", self.request(body.to_string()).send()).await.expect("a response");
        response.json().await.expect("JSON")
    }

    /// The data of an operation that must succeed.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// The code of the one error of an operation that must fail.
    pub(crate) async fn refused(&self, query: &str, variables: Value) -> String {
        let answer = self.answer(query, variables).await;
        code(&answer)
    }

    pub(crate) async fn create_factory(&self, id: &str) {
        self.create_factory_in(id, "UTC").await;
    }

    pub(crate) async fn create_factory_in(&self, id: &str, time_zone: &str) {
        let query = "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { id } }";
        self.ask(query, json!({ "input": { "id": id, "name": id, "timeZone": time_zone } })).await;
    }

    /// Sends a batch (a JSON list of `EventInput`) and answers with the counts, the issues and the revision.
    pub(crate) async fn ingest(&self, factory: &str, events: Value) -> Value {
        let query = "mutation($factory: ID!, $events: [EventInput!]!) { ingestEvents(factoryId: $factory, events: $events) \
                     { accepted duplicates conflicts rejected issues { index code message } revision } }";
        self.ask(query, json!({ "factory": factory, "events": events })).await["ingestEvents"].take()
    }

    /// The units of a factory's workers, of all time.
    pub(crate) async fn units(&self, factory: &str) -> i64 {
        let query = "query($id: ID!) { factoryMetrics(factoryId: $id) { unitsProduced } }";
        let data = self.ask(query, json!({ "id": factory })).await;
        data["factoryMetrics"]["unitsProduced"].as_i64().expect("a number")
    }

    pub(crate) async fn assert_audit_is_clean(&self) {
        assert_eq!(server::store::audit(&self.app.store).await.expect("an audit"), []);
    }

    /// A websocket that has been acknowledged.
    pub(crate) async fn socket(&self) -> Socket {
        Socket::acknowledged(self.address).await
    }

    /// Drains the server as SIGTERM does and gives its database back.
    pub(crate) async fn stop(self) -> TestDatabase {
        self.shutdown.cancel();
        soon("the drain", self.serving).await.expect("no panic").expect("a clean end");
        self.database
    }

    /// Begins the drain without waiting for its end.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }
}

/// The code of an answer's one error.
pub(crate) fn code(answer: &Value) -> String {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no errors in {answer}"));
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {answer}")).to_owned()
}

/// 2026-01-05T00:00:00Z, a Monday.
pub(crate) const T0_MS: i64 = 1_767_571_200_000;

/// Batches as the writer takes them, each as a whole.
pub(crate) fn whole(batches: &[Batch]) -> Vec<Part<'_>> {
    batches.iter().map(Part::whole).collect()
}

/// What everybody may see of the factory `plant` on an open server.
pub(crate) async fn plant_scope<P: Permission>(snapshot: &Snapshot) -> Scope<P> {
    Access::OPEN.open(snapshot, "plant").await.expect("the plant")
}

/// That everybody may send to a factory on an open server.
pub(crate) fn permit(factory: &str) -> Permit<SendEvents> {
    Access::OPEN.permit(factory).expect("an open server")
}

/// A database of its own with one factory, without a server around it.
pub(crate) async fn empty_store(factory: &str) -> (TestDatabase, Store) {
    let database = TestDatabase::new().await;
    let store = Store::open(database.url()).await.expect("a database");
    let new = NewFactory {
        slug: factory.into(),
        name: factory.to_owned(),
        time_zone: domain::zone::Zone::UTC,
        units_basis: domain::metric::UnitsBasis::Workers,
        state_hold_minutes: 60,
        finality_grace_hours: 24,
        smallest_team: 5,
    };
    store
        .create_factory(&Access::OPEN, new, &Author::server(TimestampMs(T0_MS)))
        .await
        .expect("a commit")
        .expect("the first factory");
    (database, store)
}
