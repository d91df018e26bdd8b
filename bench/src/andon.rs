//! The server under measurement and what one asks of it.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    floor::Sums,
    http::Connection,
    process::{self, Server},
};

/// The program `andon`.
pub(crate) struct Andon {
    pub(crate) program: PathBuf,
}

impl Andon {
    /// Starts a server on a database.
    pub(crate) async fn serve(&self, database_url: &str) -> Result<Server> {
        self.serve_with(database_url, &[]).await
    }

    /// Starts a server on a database with more options.
    pub(crate) async fn serve_with(&self, database_url: &str, options: &[String]) -> Result<Server> {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--database-url", database_url];
        arguments.extend(options.iter().map(String::as_str));
        Server::start(&self.program, &arguments).await
    }

    /// Recomputes every sum of a database from its events; fails if one differs.
    pub(crate) async fn audit(&self, database_url: &str) -> Result<String> {
        process::run(&self.program, &["audit", "--database-url", database_url]).await
    }
}

/// Makes a factory without events.
pub(crate) async fn create_factory(address: SocketAddr, factory: &str) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    let create = "mutation Create($id: ID!) { createFactory(input: { id: $id, name: $id }) { id } }";
    connection.run(create, &json!({ "id": factory })).await?;
    Ok(())
}

/// Fails unless the factory's metrics are what was sent adds up to, without rounding.
pub(crate) async fn verify(address: SocketAddr, factory: &str, sent: Sums) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    let ask = "query Sums($id: ID!) { factoryMetrics(factoryId: $id) { productiveMinutes idleMinutes absentMinutes \
               workerUnitsProduced workstationUnitsProduced } \
               workers: workerMetrics(factoryId: $id) { workers { workingMinutes idleMinutes absentMinutes } } \
               places: workstationMetrics(factoryId: $id) { workstations { occupiedMinutes idleMinutes absentMinutes } } }";
    let answer = connection.run(ask, &json!({ "id": factory })).await?;
    let sum = |list: &Value, field: &str| -> i64 {
        let minutes = list.as_array().into_iter().flatten().filter_map(|row| row[field].as_f64());
        minutes.map(|minutes| (minutes * domain::MS_PER_MINUTE as f64).round() as i64).sum()
    };
    let (workers, places) = (&answer["workers"]["workers"], &answer["places"]["workstations"]);
    let units = |field: &str| answer["factoryMetrics"][field].as_i64().unwrap_or(i64::MIN);
    let counted = Sums {
        events: sent.events,
        working_ms: sum(workers, "workingMinutes") + sum(places, "occupiedMinutes"),
        idle_ms: sum(workers, "idleMinutes") + sum(places, "idleMinutes"),
        absent_ms: sum(workers, "absentMinutes") + sum(places, "absentMinutes"),
        units: units("workerUnitsProduced") + units("workstationUnitsProduced"),
    };
    ensure!(
        counted == sent,
        "the metrics of {factory} say {counted:?}, but what was sent adds up to {sent:?}"
    );
    Ok(())
}
