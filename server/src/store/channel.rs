//! PostgreSQL's NOTIFY and LISTEN, each on a connection of its own: a transaction that stores events never notifies,
//! because notifying commits one after another what could commit together.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::{
    ConnectOptions as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use super::Result;

/// What the servers on one database call each other by.
const CHANNEL: &str = "andon";

/// Tells the servers on the same database.
pub(crate) struct Teller(PgConnection);

impl Teller {
    /// Connects.
    pub(crate) async fn connect(options: &PgConnectOptions) -> Result<Self> {
        options.connect().await.map(Self).map_err(database)
    }

    /// Tells all servers, this one included. A text has less than 8 000 bytes.
    pub(crate) async fn tell(&mut self, text: &str) -> Result<()> {
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text);
        notify.execute(&mut self.0).await.map_err(database)?;
        Ok(())
    }
}

/// Hears what the servers on the same database tell.
pub(crate) struct Ear(PgListener);

impl Ear {
    /// Connects and listens from then on.
    pub(crate) async fn connect(options: &PgConnectOptions) -> Result<Self> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let mut listener = PgListener::connect_with(&pool).await.map_err(database)?;
        listener.listen(CHANNEL).await.map_err(database)?;
        Ok(Self(listener))
    }

    /// Waits for the next text; none when the connection broke, and what was told meanwhile is lost.
    pub(crate) async fn hear(&mut self) -> Result<Option<String>> {
        let heard = self.0.try_recv().await.map_err(database)?;
        Ok(heard.map(|notification| notification.payload().to_owned()))
    }
}

fn database(error: sqlx::Error) -> super::StoreError {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))).into()
}
