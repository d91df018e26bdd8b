//! PostgreSQL's NOTIFY and LISTEN, each on a connection of its own: a transaction that stores events never notifies,
//! because notifying commits one after another what could commit together.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, Statement};
use sqlx::{
    Acquire as _, ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use super::{
    statement::Sql,
    timeout::{Timeouts, limited},
};
use crate::store::error::Result;

/// The channel of all servers on one database.
const CHANNEL: &str = "andon";

/// What tells that somebody may do something else now.
const ACCESS: &str = "access";

/// A statement that tells all servers, with its commit, that who may do what has changed.
pub(in crate::store) fn of_access(conn: &impl ConnectionTrait) -> Statement {
    Sql::new(conn, "SELECT pg_notify(").bind(CHANNEL).text(", ").bind(ACCESS).text(")").build()
}

/// Whether a payload tells that who may do what has changed.
pub(crate) fn is_of_access(payload: &str) -> bool {
    payload == ACCESS
}

/// Where a PostgreSQL is, how to connect to it, and how long to wait for it.
pub(crate) struct Address {
    pub(in crate::store) options: PgConnectOptions,
    pub(in crate::store) timeouts: Timeouts,
}

/// Notifies the servers on the same database.
pub(crate) struct Notifier {
    conn: PgConnection,
    timeouts: Timeouts,
}

impl Notifier {
    /// Connects.
    pub(crate) async fn connect(Address { options, timeouts }: &Address) -> Result<Self> {
        let connecting = async { options.connect().await.map_err(database) };
        let conn = limited(Some(timeouts.statement), connecting).await?;
        Ok(Self { conn, timeouts: *timeouts })
    }

    /// Notifies all servers, this one included. A payload has less than 8 000 bytes.
    pub(crate) async fn notify(&mut self, payload: &str) -> Result<()> {
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload);
        let notifying = async { notify.execute(&mut self.conn).await.map_err(database) };
        limited(Some(self.timeouts.statement), notifying).await?;
        Ok(())
    }
}

/// Receives the notifications of the servers on the same database.
pub(crate) struct Listener {
    // Dropped while the database is silent it lingers in a task of its own until the system gives its connection up, after
    // about a quarter of an hour: few, since there is one more for each that could connect and then fell silent.
    listener: PgListener,
    timeouts: Timeouts,
}

impl Listener {
    /// Connects and listens from then on.
    pub(crate) async fn connect(Address { options, timeouts }: &Address) -> Result<Self> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let connecting = async {
            let mut listener = PgListener::connect_with(&pool).await.map_err(database)?;
            listener.listen(CHANNEL).await.map_err(database)?;
            Ok(listener)
        };
        let listener = limited(Some(timeouts.statement), connecting).await?;
        Ok(Self { listener, timeouts: *timeouts })
    }

    /// Waits for the next payload; none when the connection broke, and notifications sent meanwhile are lost. An error when
    /// nothing comes for long and the connection does not answer the liveness check.
    pub(crate) async fn receive(&mut self) -> Result<Option<String>> {
        loop {
            let receiving = self.listener.try_recv();
            // Giving up waiting loses nothing: what came in part is kept.
            if let Ok(received) = tokio::time::timeout(self.timeouts.notification_silence, receiving).await {
                return Ok(received.map_err(database)?.map(|notification| notification.payload().to_owned()));
            }
            let liveness_check =
                async { self.listener.acquire().await.map_err(database)?.ping().await.map_err(database) };
            limited(Some(self.timeouts.liveness_check), liveness_check).await?;
        }
    }
}

fn database(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
