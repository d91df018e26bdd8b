//! Rows into SQLite by statements of many rows, as durable as the server's.

use std::time::Duration;

use anyhow::Result;
use sqlx::{
    AssertSqlSafe, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{COLUMNS, Meter, Row};

/// How many rows one statement inserts: SQLite takes 32 766 values, and more rows do not make it faster.
const ROWS_PER_STATEMENT: usize = 1_000;
/// The values of one row.
const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) async fn insert(url: &str, rows: &[Row], batch: usize, limit: Duration) -> Result<f64> {
    let options = url
        .parse::<SqliteConnectOptions>()?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut meter = Meter::start(rows, batch, limit);
    while let Some(batch) = meter.next() {
        let mut transaction = connection.begin().await?;
        for rows in batch.chunks(ROWS_PER_STATEMENT) {
            let values = vec![ROW; rows.len()].join(", ");
            let statement = format!("INSERT INTO event ({COLUMNS}) VALUES {values}");
            let mut insert = sqlx::query(AssertSqlSafe(statement));
            for row in rows {
                insert = insert
                    .bind(Row::FACTORY_ID)
                    .bind(row.bucket)
                    .bind(row.entity_id)
                    .bind(row.started_at)
                    .bind(row.event_type)
                    .bind(Row::EVENT_CODE)
                    .bind(row.duration_ms)
                    .bind(row.units)
                    .bind(row.confidence)
                    .bind(Row::MODEL_VERSION_ID)
                    .bind(row.source_id)
                    .bind(row.workstation.as_deref())
                    .bind(Row::RECEIVED_AT)
                    .bind(Row::SERIES);
            }
            insert.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    let rows_per_s = meter.rows_per_s();
    connection.close().await?;
    Ok(rows_per_s)
}
