//! A PostgreSQL server, which several of our servers may share.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, SqlxPostgresConnector};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::{super::Store, OpenError};

/// Connections that write: the writer of batches has one, the others are for names and settings.
const WRITERS: u32 = 3;
/// How many snapshots are read at once.
const READERS: u32 = 6;
/// How long a caller waits for a free connection, or for a server that is gone, before it is told to ask again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection is opened anew after this, so that a failover or a changed address is noticed.
const MAX_LIFETIME: Duration = Duration::from_mins(30);
/// How many prepared statements a connection keeps: ours.
const STATEMENT_CACHE: usize = 200;

/// What the PostgreSQL server is asked to do for our connections: nobody who died may hold a factory's row for ever, and
/// no statement of ours takes minutes.
const SETTINGS: [(&str, &str); 6] = [
    ("lock_timeout", "10s"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// What a database URL says.
pub(super) struct DatabaseServer {
    options: PgConnectOptions,
}

impl DatabaseServer {
    pub(super) fn of(url: &str) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(|_| OpenError::Url("postgres".to_owned()))?;
        let options =
            options.application_name("andon").options(SETTINGS).statement_cache_capacity(STATEMENT_CACHE);
        Ok(Self { options })
    }

    /// Where it is, without who asks and with which password.
    pub(super) fn place(&self) -> String {
        let (host, port) = (self.options.get_host(), self.options.get_port());
        format!("postgres://{host}:{port}/{}", self.options.get_database().unwrap_or_default())
    }

    pub(super) async fn connect(&self) -> Result<Store, DbErr> {
        Ok(Store {
            writer: self.pool(WRITERS).await?,
            readers: self.pool(READERS).await?,
            postgres: Some(Arc::new(self.options.clone())),
            _lock: None,
        })
    }

    async fn pool(&self, connections: u32) -> Result<DatabaseConnection, DbErr> {
        let mut logging = ConnectOptions::new("");
        logging.sqlx_logging(false);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(MAX_LIFETIME)
            .connect_with(sqlx::ConnectOptions::disable_statement_logging(self.options.clone()))
            .await
            .map_err(|error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(error))))?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }
}
