//! Rows into PostgreSQL the two fast ways: arrays that are unnested, and COPY.

use std::{fmt::Write as _, time::Duration};

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{COLUMNS, Meter, Row};

pub(super) async fn unnest(url: &str, rows: &[Row], batch: usize, limit: Duration) -> Result<f64> {
    let statement = format!(
        "INSERT INTO event ({COLUMNS}) SELECT * FROM UNNEST($1::integer[], $2::bigint[], $3::integer[], $4::bigint[], \
         $5::smallint[], $6::text[], $7::bigint[], $8::bigint[], $9::smallint[], $10::integer[], $11::integer[], \
         $12::text[], $13::bigint[], $14::integer[])"
    );
    let mut connection = PgConnection::connect(url).await?;
    let mut meter = Meter::start(rows, batch, limit);
    while let Some(rows) = meter.next() {
        sqlx::query(AssertSqlSafe(statement.clone()))
            .bind(vec![Row::FACTORY_ID; rows.len()])
            .bind(column(rows, |row| row.bucket))
            .bind(column(rows, |row| row.entity_id))
            .bind(column(rows, |row| row.started_at))
            .bind(column(rows, |row| row.event_type))
            .bind(vec![Row::EVENT_CODE; rows.len()])
            .bind(column(rows, |row| row.duration_ms))
            .bind(column(rows, |row| row.units))
            .bind(column(rows, |row| row.confidence))
            .bind(vec![Row::MODEL_VERSION_ID; rows.len()])
            .bind(column(rows, |row| row.source_id))
            .bind(column(rows, |row| row.workstation.as_deref()))
            .bind(vec![Row::RECEIVED_AT; rows.len()])
            .bind(vec![Row::SERIES; rows.len()])
            .execute(&mut connection)
            .await?;
    }
    let rows_per_s = meter.rows_per_s();
    connection.close().await?;
    Ok(rows_per_s)
}

pub(super) async fn copy(url: &str, rows: &[Row], batch: usize, limit: Duration) -> Result<f64> {
    let statement = format!("COPY event ({COLUMNS}) FROM STDIN");
    let mut connection = PgConnection::connect(url).await?;
    let mut meter = Meter::start(rows, batch, limit);
    while let Some(rows) = meter.next() {
        let mut lines = String::with_capacity(rows.len() * 128);
        for row in rows {
            line(row, &mut lines)?;
        }
        let mut copy = connection.copy_in_raw(&statement).await?;
        copy.send(lines.as_bytes()).await?;
        copy.finish().await?;
    }
    let rows_per_s = meter.rows_per_s();
    connection.close().await?;
    Ok(rows_per_s)
}

fn column<'a, T>(rows: &'a [Row], of: impl Fn(&'a Row) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// A row in COPY's text format.
fn line(row: &Row, into: &mut String) -> std::fmt::Result {
    let Row { bucket, entity_id, started_at, event_type, duration_ms, units, confidence, source_id, .. } =
        row;
    writeln!(
        into,
        "{}\t{bucket}\t{entity_id}\t{started_at}\t{event_type}\t{}\t{duration_ms}\t{units}\t{confidence}\t{}\t{source_id}\t\
         {}\t{}\t{}",
        Row::FACTORY_ID,
        Row::EVENT_CODE,
        Row::MODEL_VERSION_ID,
        row.workstation.as_deref().unwrap_or("\\N"),
        Row::RECEIVED_AT,
        Row::SERIES,
    )
}
