//! The database alone: the same events as rows into the bare `event` table, without a server, its sums or its questions
//! about what is new. No server can store faster.

mod postgres;
mod sqlite;

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{bucket::bucket_of, event::EventType, time::TimestampMs};
use serde::Serialize;

use crate::{
    andon::Andon,
    engine::{Databases, Engine},
    floor::{Floor, Report},
};

/// The columns of the table, in the order in which every statement here names them.
const COLUMNS: &str = "factory_id, bucket, entity_id, started_at, event_type, event_code, duration_ms, units, confidence, \
                       model_version_id, source_id, workstation, received_at, series";

/// How fast rows went in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BareRate {
    /// By which statement.
    pub(crate) how: &'static str,
    pub(crate) rows_per_s: f64,
}

/// Inserts a floor's events in transactions of `batch_events` for at most `limit`, each way into a table of its own.
pub(crate) async fn measure(
    andon: &Andon,
    databases: &Databases,
    floor: Floor,
    (events, batch_events): (u64, usize),
    limit: Duration,
) -> Result<Vec<BareRate>> {
    let rows: Vec<Row> = (0..events).map(|number| Row::of(&floor.report(number))).collect();
    let ways: &[&'static str] = match databases.engine() {
        Engine::Sqlite => &["INSERT"],
        Engine::Postgres => &["UNNEST", "COPY"],
    };
    let mut rates = Vec::with_capacity(ways.len());
    for how in ways {
        // The server itself makes the table, so that it is the one that the server inserts into.
        let url = databases.fresh().await?;
        andon.serve(&url).await?.stop().await?;
        let rows_per_s = match *how {
            "UNNEST" => postgres::unnest(&url, &rows, batch_events, limit).await?,
            "COPY" => postgres::copy(&url, &rows, batch_events, limit).await?,
            _ => sqlite::insert(&url, &rows, batch_events, limit).await?,
        };
        rates.push(BareRate { how, rows_per_s });
    }
    Ok(rates)
}

/// A row of the table, in numbers; what all rows have in common is in [`Row`]'s constants.
#[derive(Clone, Debug)]
struct Row {
    bucket: i64,
    entity_id: i32,
    started_at: i64,
    event_type: i16,
    duration_ms: i64,
    units: i64,
    confidence: i16,
    source_id: i32,
    workstation: Option<String>,
}

impl Row {
    const FACTORY_ID: i32 = 1;
    const EVENT_CODE: &'static str = "";
    const MODEL_VERSION_ID: i32 = 1;
    /// What an interval has there.
    const SERIES: i32 = 0;
    const RECEIVED_AT: i64 = 1_767_600_000_000;

    fn of(report: &Report) -> Self {
        Self {
            bucket: bucket_of(TimestampMs(report.started_at_ms)),
            entity_id: report.entity as i32,
            started_at: report.started_at_ms,
            event_type: match report.event_type {
                EventType::Absent => 0,
                EventType::Idle => 1,
                EventType::Working => 2,
            },
            duration_ms: report.duration_ms,
            units: report.units,
            confidence: report.confidence_percent as i16 * 100,
            source_id: report.source as i32,
            workstation: report.place.map(|place| format!("S{place}")),
        }
    }
}

/// Hands out rows, a transaction's at a time, for as long as there is time.
struct Meter<'a> {
    batches: std::slice::Chunks<'a, Row>,
    started: Instant,
    limit: Duration,
    rows: usize,
}

impl<'a> Meter<'a> {
    fn start(rows: &'a [Row], batch: usize, limit: Duration) -> Self {
        Self { batches: rows.chunks(batch), started: Instant::now(), limit, rows: 0 }
    }

    fn next(&mut self) -> Option<&'a [Row]> {
        let batch = self.batches.next().filter(|_| self.started.elapsed() < self.limit)?;
        self.rows += batch.len();
        Some(batch)
    }

    /// To be asked when the last transaction is committed.
    fn rows_per_s(&self) -> f64 {
        self.rows as f64 / self.started.elapsed().as_secs_f64()
    }
}
