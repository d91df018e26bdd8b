//! How the database answers what is asked most, in its own words: for whoever wonders whether a key is used.

use domain::{
    MS_PER_DAY,
    bucket::BUCKET_MS,
    id::{EntityId, FactoryId},
    time::TimestampMs,
    window::Window,
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{database::Store, error::Result, neighbours, rollups, series, source_events, writer::judge};

/// What the database would do for one question.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked.
    pub question: &'static str,
    /// The database's steps, a line each.
    pub steps: Vec<String>,
}

/// The plans of the statements behind metrics, late events, duplicates and sources.
pub async fn hot(store: &Store, factory_id: FactoryId) -> Result<Vec<Plan>> {
    let snapshot = store.snapshot().await?;
    // Whole days with hours and five minutes at both ends.
    let ragged = Window {
        from_ms: TimestampMs(MS_PER_DAY - BUCKET_MS),
        to_ms: TimestampMs(30 * MS_PER_DAY + BUCKET_MS),
    };
    let questions = [
        ("the sums of all time", rollups::sums_in(&snapshot, factory_id, None, None)),
        ("the sums of a window", rollups::sums_in(&snapshot, factory_id, Some(ragged), None)),
        (
            "the sums of some entities in a window",
            rollups::sums_in(&snapshot, factory_id, Some(ragged), Some(&[1, 2, 3].map(EntityId))),
        ),
        ("the events that a late event may overlap", neighbours::example(&snapshot, factory_id)),
        ("whether an event is stored", judge::example(&snapshot, factory_id)),
        ("what comes before and after a state report", series::example(&snapshot, factory_id)),
        ("the events of a window, the latest first", source_events::example(&snapshot, factory_id)),
    ];
    let mut plans = Vec::with_capacity(questions.len());
    for (question, statement) in questions {
        plans.push(Plan { question, steps: explain(&snapshot, statement).await? });
    }
    Ok(plans)
}

async fn explain(conn: &impl ConnectionTrait, mut statement: Statement) -> Result<Vec<String>> {
    let (explain, column) = match statement.db_backend {
        DbBackend::Postgres => ("EXPLAIN ", "QUERY PLAN"),
        _ => ("EXPLAIN QUERY PLAN ", "detail"),
    };
    statement.sql.insert_str(0, explain);
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", column)?)).collect()
}
