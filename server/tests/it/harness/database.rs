//! A database of a test's own: an SQLite file, or where `ANDON_TEST_POSTGRES` names a PostgreSQL cluster, a new database
//! on that. `cargo xtask test` runs every test both ways.

use std::{
    env,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use sqlx::{AssertSqlSafe, ColumnIndex, Connection as _, Decode, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

/// Names a database of the cluster to use, whose owner may create others.
const POSTGRES: &str = "ANDON_TEST_POSTGRES";

/// How many databases this process made on the cluster: each has a number in its name.
static MADE: AtomicU32 = AtomicU32::new(0);

/// The cluster's address; none where the tests run on SQLite.
fn cluster() -> Option<String> {
    env::var(POSTGRES).ok().filter(|url| !url.is_empty())
}

/// Whether a test that is about PostgreSQL alone can run. Where it cannot, that is said past the capture of the test's
/// output, and does not pass where everything must be tested.
pub(crate) fn has_postgres() -> bool {
    let has = cluster().is_some();
    if !has {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let words =
            format!("{test} DID NOT RUN: {POSTGRES} names no PostgreSQL; `cargo xtask test` starts one\n");
        std::io::stderr().write_all(words.as_bytes()).expect("a terminal");
        assert!(env::var("CI").as_deref() != Ok("true"), "{words}");
    }
    has
}

/// A database that is there as long as somebody holds a clone of this.
#[derive(Clone)]
pub(crate) struct TestDatabase {
    url: String,
    _place: Arc<Place>,
}

enum Place {
    File { _folder: TempDir },
    Cluster { url: String, database: String },
    Elsewhere,
}

impl TestDatabase {
    /// An empty one.
    pub(crate) async fn new() -> Self {
        let Some(cluster) = cluster() else {
            let folder = TempDir::new().expect("a temporary directory");
            let url = format!("sqlite://{}?mode=rwc", folder.path().join("andon.db").display());
            return Self { url, _place: Arc::new(Place::File { _folder: folder }) };
        };
        let database = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        administer(&cluster, &format!("CREATE DATABASE {database}")).await.expect("a new database");
        let url = url_of(&cluster, &database);
        Self { url, _place: Arc::new(Place::Cluster { url: cluster, database }) }
    }

    /// One that somebody else keeps, by the way that this URL leads.
    pub(crate) fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), _place: Arc::new(Place::Elsewhere) }
    }

    /// The URL of a database that is not there, though it could be.
    pub(crate) fn missing(&self) -> String {
        match cluster() {
            Some(cluster) => url_of(&cluster, "missing"),
            None => self.url.replace("andon.db?mode=rwc", "missing.db"),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A connection past the server under test.
    pub(crate) async fn connect(&self) -> Connection {
        if self.url.starts_with("sqlite:") {
            Connection::Sqlite(SqliteConnection::connect(&self.url).await.expect("a connection"))
        } else {
            Connection::Postgres(PgConnection::connect(&self.url).await.expect("a connection"))
        }
    }

    /// Keeps everybody else from writing until this is closed; they may read.
    pub(crate) async fn lock(&self) -> Connection {
        let mut conn = self.connect().await;
        match &conn {
            Connection::Sqlite(_) => conn.execute("BEGIN IMMEDIATE").await,
            Connection::Postgres(_) => conn.execute("BEGIN; LOCK TABLE factory IN EXCLUSIVE MODE").await,
        }
        conn
    }

    /// Lets the database fail on an event with the id `poison`; the trigger is `fault`.
    pub(crate) async fn refuse_poison(&self) -> Connection {
        let mut conn = self.connect().await;
        conn.execute(match &conn {
            Connection::Sqlite(_) => {
                "CREATE TRIGGER fault BEFORE INSERT ON event WHEN NEW.event_code = 'poison' \
                 BEGIN SELECT RAISE(ABORT, 'injected'); END"
            }
            Connection::Postgres(_) => {
                "CREATE FUNCTION fault() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'injected'; END $$ LANGUAGE plpgsql; \
                 CREATE TRIGGER fault BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.event_code = 'poison') \
                 EXECUTE FUNCTION fault()"
            }
        })
        .await;
        conn
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Cluster { url, database } = self else { return };
        let (cluster, drop) = (url.clone(), format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
        // A test's own runtime may be the one that is about to end. What cannot be dropped goes with the cluster.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(administer(&cluster, &drop)).ok()
        });
        dropping.join().ok();
    }
}

fn url_of(cluster: &str, database: &str) -> String {
    let (server, _) = cluster.rsplit_once('/').expect("a URL of a database");
    format!("{server}/{database}")
}

async fn administer(cluster: &str, sql: &str) -> sqlx::Result<()> {
    let mut conn = PgConnection::connect(cluster).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
    conn.close().await
}

/// A connection to a database of either kind.
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connection {
    /// Runs statements that must succeed.
    pub(crate) async fn execute(&mut self, sql: &str) {
        self.try_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs statements that may fail.
    pub(super) async fn try_execute(&mut self, sql: &str) -> sqlx::Result<()> {
        let sql_text = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(conn) => sql_text.execute(conn).await.map(drop),
            Self::Postgres(conn) => sql_text.execute(conn).await.map(drop),
        }
    }

    /// The rows that a statement answers with, each value as text.
    pub(crate) async fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let sql_text = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(conn) => sql_text.fetch_all(conn).await.map(|rows| rows.iter().map(texts).collect()),
            Self::Postgres(conn) => {
                sql_text.fetch_all(conn).await.map(|rows| rows.iter().map(texts).collect())
            }
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Ends what it began.
    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(conn) => conn.close().await,
            Self::Postgres(conn) => conn.close().await,
        }
        .expect("the connection's end");
    }
}

/// A row's values as text; both engines write a number alike.
fn texts<R>(row: &R) -> Vec<Option<String>>
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> Option<String>: Decode<'r, R::Database>,
{
    (0..row.len()).map(|column| row.try_get_unchecked(column).expect("a value")).collect()
}
