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
    verify_of(address, factory, sent, &["workers", "places"]).await
}

/// The same of the workers alone, whose reports may say something of workstations too.
pub(crate) async fn verify_workers(address: SocketAddr, factory: &str, sent: Sums) -> Result<()> {
    verify_of(address, factory, sent, &["workers"]).await
}

async fn verify_of(address: SocketAddr, factory: &str, sent: Sums, sides: &[&str]) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    let ask = "query Sums($id: ID!) { factoryMetrics(factoryId: $id) { productiveMinutes idleMinutes absentMinutes \
               workerUnitsProduced workstationUnitsProduced } \
               workers: workerMetrics(factoryId: $id) { workers { workingMinutes idleMinutes absentMinutes } } \
               places: workstationMetrics(factoryId: $id) { workstations { occupiedMinutes idleMinutes absentMinutes } } }";
    let answer = connection.run(ask, &json!({ "id": factory })).await?;
    let rows = || {
        let of = |side: &&str| answer[*side].as_object().into_iter().flat_map(|report| report.values());
        sides.iter().flat_map(of).filter_map(Value::as_array).flatten()
    };
    let sum = |field: &str| -> i64 {
        let minutes = rows().filter_map(|row| row[field].as_f64());
        minutes.map(|minutes| (minutes * domain::MS_PER_MINUTE as f64).round() as i64).sum()
    };
    let units = |field: &str| answer["factoryMetrics"][field].as_i64().unwrap_or(i64::MIN);
    let counted = Sums {
        events: sent.events,
        working_ms: sum("workingMinutes") + sum("occupiedMinutes"),
        idle_ms: sum("idleMinutes"),
        absent_ms: sum("absentMinutes"),
        units: units("workerUnitsProduced") + units("workstationUnitsProduced"),
    };
    ensure!(
        counted == sent,
        "the metrics of {factory} say {counted:?}, but what was sent adds up to {sent:?}"
    );
    Ok(())
}
