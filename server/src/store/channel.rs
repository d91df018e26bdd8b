//! PostgreSQL's NOTIFY and LISTEN, each on a connection of its own: a transaction that stores events never notifies,
//! because notifying commits one after another what could commit together.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::{
    Acquire as _, ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use super::{
    Result,
    patience::{Patience, limited},
};

/// What the servers on one database call each other by.
const CHANNEL: &str = "andon";

/// Where a PostgreSQL is, how to connect to it, and how long to wait for it.
pub(crate) struct Address {
    pub(super) options: PgConnectOptions,
    pub(super) patience: Patience,
}

/// Tells the servers on the same database.
pub(crate) struct Teller {
    conn: PgConnection,
    patience: Patience,
}

impl Teller {
    /// Connects.
    pub(crate) async fn connect(Address { options, patience }: &Address) -> Result<Self> {
        let connecting = async { options.connect().await.map_err(database) };
        let conn = limited(Some(patience.answer), connecting).await?;
        Ok(Self { conn, patience: *patience })
    }

    /// Tells all servers, this one included. A text has less than 8 000 bytes.
    pub(crate) async fn tell(&mut self, text: &str) -> Result<()> {
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text);
        let telling = async { notify.execute(&mut self.conn).await.map_err(database) };
        limited(Some(self.patience.answer), telling).await?;
        Ok(())
    }
}

/// Hears what the servers on the same database tell.
pub(crate) struct Ear {
    // Dropped while the database is silent it lingers in a task of its own until the system gives its connection up, after
    // about a quarter of an hour: few, since there is one more for each that could connect and then fell silent.
    listener: PgListener,
    patience: Patience,
}

impl Ear {
    /// Connects and listens from then on.
    pub(crate) async fn connect(Address { options, patience }: &Address) -> Result<Self> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let connecting = async {
            let mut listener = PgListener::connect_with(&pool).await.map_err(database)?;
            listener.listen(CHANNEL).await.map_err(database)?;
            Ok(listener)
        };
        let listener = limited(Some(patience.answer), connecting).await?;
        Ok(Self { listener, patience: *patience })
    }

    /// Waits for the next text; none when the connection broke, and what was told meanwhile is lost. An error when nothing
    /// is heard for long and the connection gives no sign of life.
    pub(crate) async fn hear(&mut self) -> Result<Option<String>> {
        loop {
            let hearing = self.listener.try_recv();
            // Giving up waiting loses nothing: what came in part is kept.
            if let Ok(heard) = tokio::time::timeout(self.patience.quiet, hearing).await {
                return Ok(heard.map_err(database)?.map(|notification| notification.payload().to_owned()));
            }
            let sign_of_life =
                async { self.listener.acquire().await.map_err(database)?.ping().await.map_err(database) };
            limited(Some(self.patience.sign_of_life), sign_of_life).await?;
        }
    }
}

fn database(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
