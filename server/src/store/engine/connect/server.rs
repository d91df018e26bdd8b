//! A PostgreSQL server, which several of our servers may share.

use std::{sync::Arc, time::Duration};

use sea_orm::{DatabaseConnection, DbErr, SqlxPostgresConnector};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::store::{
    database::{LIVE_READERS, QUESTION_READERS, Readers, Store},
    engine::{notify::Address, open_error::OpenError, timeout::Timeouts},
};

/// Connections that write: the writer of batches has one, the others are for names and settings.
const WRITERS: u32 = 3;
/// How long a caller waits for a free connection, or for a server that is gone, before it is told to ask again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection is opened anew after this, so that a failover or a changed address is noticed.
const MAX_LIFETIME: Duration = Duration::from_mins(30);
/// How many prepared statements a connection keeps: ours.
const STATEMENT_CACHE: usize = 200;

/// What the PostgreSQL server is asked to do for our connections, beside what our timeouts asks of it: nobody who died may
/// hold a factory's row for ever, and no statement of ours takes as long as a sender waits.
const SETTINGS: [(&str, &str); 6] = [
    ("lock_timeout", "10s"),
    ("statement_timeout", "20s"),
    // A server of ours that stands still takes no answer, and while one cannot be sent no other timeout ends its transaction.
    ("tcp_user_timeout", "30s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// How transactions begin on the connections that write: what is read after the factory's row is locked must be what was
/// committed before. Said once a connection, because saying it in each transaction is one more round trip.
const WRITING: [(&str, &str); 1] = [("default_transaction_isolation", "read committed")];
/// How transactions begin on the connections that read: as one state of the database.
const READING: [(&str, &str); 2] =
    [("default_transaction_isolation", "repeatable read"), ("default_transaction_read_only", "on")];

/// A connection that was not used for so long is tried before it is used: the server may have gone meanwhile.
const TRY_AFTER_IDLE: Duration = Duration::from_secs(1);

/// What a database URL says.
pub(super) struct DatabaseServer {
    pub(super) timeouts: Timeouts,
    options: PgConnectOptions,
}

impl DatabaseServer {
    pub(super) fn of(url: &str) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(|_| OpenError::Url("postgres".to_owned()))?;
        let options =
            options.application_name("andon").options(SETTINGS).statement_cache_capacity(STATEMENT_CACHE);
        Ok(Self { timeouts: Timeouts::default(), options })
    }

    /// Where it is, without who asks and with which password.
    pub(super) fn place(&self) -> String {
        let (host, port) = (self.options.get_host(), self.options.get_port());
        format!("postgres://{host}:{port}/{}", self.options.get_database().unwrap_or_default())
    }

    pub(super) async fn connect(&self) -> Result<Store, DbErr> {
        let idle_ms = self.timeouts.idle_transaction.as_millis().to_string();
        let options = self.options.clone().options([("idle_in_transaction_session_timeout", idle_ms)]);
        Ok(Store {
            writer: self.pool(&options, WRITERS, WRITING).await?,
            readers: Readers {
                questions: self.pool(&options, QUESTION_READERS, READING).await?,
                live: self.pool(&options, LIVE_READERS, READING).await?,
            },
            postgres: Some(Arc::new(Address { options, timeouts: self.timeouts })),
            read_limit: None,
            check: None,
            file: None,
        })
    }

    async fn pool<const N: usize>(
        &self,
        options: &PgConnectOptions,
        connections: u32,
        transactions: [(&str, &str); N],
    ) -> Result<DatabaseConnection, DbErr> {
        let limit = self.timeouts.liveness_check;
        let options = options.clone().options(transactions);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(MAX_LIFETIME)
            // The pool would ask for signs of life by itself, and wait for them for ever.
            .test_before_acquire(false)
            .before_acquire(move |conn, meta| {
                let is_in_use = meta.idle_for < TRY_AFTER_IDLE;
                Box::pin(async move { if is_in_use { Ok(true) } else { is_alive(conn, limit).await } })
            })
            .after_release(move |conn, _| Box::pin(is_alive(conn, limit)))
            .connect_with(sqlx::ConnectOptions::disable_statement_logging(options))
            .await
            .map_err(|error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(error))))?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }
}

/// Waits for a sign of life, after all that the connection was asked before. Without one it is an error, upon which the
/// pool drops the connection.
async fn is_alive(conn: &mut PgConnection, limit: Duration) -> sqlx::Result<bool> {
    match tokio::time::timeout(limit, conn.ping()).await {
        Ok(pong) => pong.map(|()| true),
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            "the connection gives no sign of life and is replaced by a new one",
        ))),
    }
}
