//! The databases that servers are measured on, each on a disk and each commit waiting for it.

use std::{cell::Cell, path::Path};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use private_postgres::{Cluster, Durability, Settings};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// What one would set on a machine that is PostgreSQL's own: its defaults are for one that is shared with much else.
const POSTGRES_SETTINGS: [(&str, &str); 2] = [("shared_buffers", "512MB"), ("max_wal_size", "4GB")];

/// Which database the server stores into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Where fresh databases come from; all of them are gone when it is dropped.
pub(crate) struct Databases {
    place: Place,
    made: Cell<u32>,
}

enum Place {
    Folder(TempDir),
    Cluster(Cluster),
}

impl Databases {
    /// `beside` is a folder on a real disk.
    pub(crate) fn of(engine: Engine, beside: &Path) -> Result<Self> {
        let place = match engine {
            Engine::Sqlite => Place::Folder(
                tempfile::Builder::new()
                    .prefix("andon-bench-")
                    .tempdir_in(beside)
                    .with_context(|| format!("no databases can be made in {}", beside.display()))?,
            ),
            Engine::Postgres => {
                let others = POSTGRES_SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
                let settings =
                    Settings { durability: Durability::Full, others: others.into(), ..Settings::default() };
                Place::Cluster(Cluster::start_with(&settings)?)
            }
        };
        Ok(Self { place, made: Cell::new(0) })
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.place {
            Place::Folder(_) => Engine::Sqlite,
            Place::Cluster(_) => Engine::Postgres,
        }
    }

    /// Does at once what PostgreSQL does by itself within minutes: forget overwritten rows and learn how many there are.
    pub(crate) async fn settle(&self, url: &str) -> Result<()> {
        if self.engine() == Engine::Postgres {
            let mut connection = PgConnection::connect(url).await?;
            sqlx::query("VACUUM (ANALYZE)").execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// How much of a database that nobody serves some tables are, with their indexes.
    pub(crate) async fn share_of(&self, url: &str, tables: &[&str]) -> Result<f64> {
        let names: Vec<String> = tables.iter().map(|table| format!("'{table}'")).collect();
        let names = names.join(", ");
        if self.engine() == Engine::Postgres {
            let mut connection = PgConnection::connect(url).await?;
            let share = format!(
                "SELECT SUM(CASE WHEN relname IN ({names}) THEN pg_total_relation_size(oid) ELSE 0 END)::float8 \
                 / SUM(pg_total_relation_size(oid))::float8 FROM pg_class WHERE relkind = 'r' \
                 AND relnamespace = 'public'::regnamespace"
            );
            return Ok(sqlx::query_scalar(AssertSqlSafe(share)).fetch_one(&mut connection).await?);
        }
        let mut connection = SqliteConnection::connect(url).await?;
        let share = format!(
            "SELECT SUM(CASE WHEN tbl_name IN ({names}) THEN pgsize ELSE 0.0 END) / SUM(pgsize) \
             FROM dbstat LEFT JOIN sqlite_schema USING (name)"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(share)).fetch_one(&mut connection).await?)
    }

    /// The URL of a database that has nothing in it.
    pub(crate) async fn fresh(&self) -> Result<String> {
        let name = format!("bench{}", self.made.get());
        self.made.set(self.made.get() + 1);
        match &self.place {
            Place::Folder(folder) => Ok(format!("sqlite://{}/{name}.db?mode=rwc", folder.path().display())),
            Place::Cluster(cluster) => {
                let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
                sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
                    .execute(&mut connection)
                    .await?;
                connection.close().await?;
                Ok(cluster.url(&name))
            }
        }
    }
}
