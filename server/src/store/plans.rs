//! How the database answers what is asked most, in its own words: for whoever wonders whether a key is used.

use std::sync::{Mutex, PoisonError};

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, Level},
    decision::{ModelVersions, StandingRule},
    event::EntityType,
    id::{EntityId, Revision, SourceId},
    time::TimestampMs,
    timeline::Standing,
    window::Window,
};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, prelude::async_trait::async_trait,
};

use super::{
    access::{Permission, Scope},
    applied::{Applied, Span},
    as_of::Later,
    closings,
    database::Store,
    decisions::{self, DecisionFilter},
    error::Result,
    neighbours, origins, restatements, rollups, series, source_events,
    writer::{judge, matching_example},
};

/// What the database would do for one question.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked.
    pub question: &'static str,
    /// The database's steps, a line each.
    pub steps: Vec<String>,
}

/// The plans of the statements behind metrics, late events, duplicates and sources.
pub async fn hot(store: &Store, scope: &Scope<impl Permission>) -> Result<Vec<Plan>> {
    let factory_id = scope.factory_id();
    let snapshot = store.snapshot().await?;
    // Whole days with hours and five minutes at both ends.
    let ragged = Window {
        from_ms: TimestampMs(MS_PER_DAY - BUCKET_MS),
        to_ms: TimestampMs(30 * MS_PER_DAY + BUCKET_MS),
    };
    let [around_a_report, how_long_a_report_counts] = series::examples(&snapshot, factory_id);
    let questions = [
        ("the sums of all time", rollups::sums_in(&snapshot, factory_id, None, None)),
        ("the sums of a window", rollups::sums_in(&snapshot, factory_id, Some(ragged), None)),
        (
            "the sums of some entities in a window",
            rollups::sums_in(&snapshot, factory_id, Some(ragged), Some(&[1, 2, 3].map(EntityId))),
        ),
        ("the events that a late event may overlap", neighbours::example(&snapshot, factory_id)),
        ("whether an event is stored", judge::example(&snapshot, factory_id)),
        ("what comes before and after a state report", around_a_report),
        ("how long a state report counts", how_long_a_report_counts),
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

/// The plans of the statements behind decisions, of those that apply them, and of questions about what moved, as they are run.
pub async fn of_decisions(store: &Store, scope: &Scope<impl Permission>) -> Result<Vec<Plan>> {
    let factory_id = scope.factory_id();
    let snapshot = store.snapshot().await?;
    let recorded = Recorded { conn: &snapshot, statements: Mutex::default() };
    let mut plans = Vec::new();
    let mut take = async |question| {
        for statement in recorded.take() {
            plans.push(Plan { question, steps: explain(&snapshot, statement).await? });
        }
        Ok::<(), super::error::StoreError>(())
    };
    let day = Window { from_ms: TimestampMs(MS_PER_DAY), to_ms: TimestampMs(2 * MS_PER_DAY) };
    let ids = [1, 2].map(EntityId);
    let rule = StandingRule {
        number: 1,
        standing: Standing::Shadow,
        source: Some(SourceId(1)),
        model_version: ModelVersions::All,
        from_ms: None,
        to_ms: None,
    };

    decisions::page(&recorded, scope, &DecisionFilter::default(), 50, Some(40)).await?;
    take("a page of decisions").await?;
    let about_one =
        DecisionFilter { entity: Some((EntityType::Worker, "W1".to_owned())), ..DecisionFilter::default() };
    decisions::page(&recorded, scope, &about_one, 50, None).await?;
    take("a page of decisions about a worker").await?;
    decisions::changed(&recorded, scope, (Revision(5), Revision(9))).await?;
    take("the decisions that changed").await?;
    decisions::by_request(&recorded, factory_id, "7").await?;
    take("the decision of a request").await?;
    decisions::first_waiting(&recorded, factory_id).await?;
    take("the decision that is applied next").await?;
    Applied::read(&recorded, factory_id, Some(&ids)).await?;
    take("what is decided about some entities").await?;
    Applied::read(&recorded, factory_id, None).await?;
    take("what is decided").await?;
    origins::devices(&recorded, scope, (1, 3), Some(&ids)).await?;
    take("the devices of a window").await?;
    origins::days(&recorded, factory_id, &rule, (1, 30), true, 10).await?;
    take("the days of a source").await?;
    matching_example(&recorded, factory_id, &rule, Span { first: 288, end: 576 }).await?;
    take("the events of a rule in a slice").await?;
    rollups::events_of_buckets(&recorded, factory_id, (Level::Hour, 24..=48), true, 10).await?;
    take("how many events there are in the hours of a slice").await?;
    closings::all(&recorded, scope).await?;
    take("every grace").await?;
    Later::read(&recorded, scope, TimestampMs(38 * MS_PER_DAY), day).await?;
    take("what moved after an instant").await?;
    restatements::old_revision(&recorded, factory_id, TimestampMs(1)).await?;
    restatements::oldest_hours(&recorded, factory_id, 1).await?;
    take("what is forgotten of the ledger").await?;
    Ok(plans)
}

/// A connection that remembers what is asked.
struct Recorded<'a, C> {
    conn: &'a C,
    statements: Mutex<Vec<Statement>>,
}

impl<C> Recorded<'_, C> {
    fn record(&self, statement: &Statement) {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).push(statement.clone());
    }

    fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Recorded<'_, C> {
    fn get_database_backend(&self) -> DbBackend {
        self.conn.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> std::result::Result<ExecResult, DbErr> {
        self.record(&statement);
        self.conn.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        self.conn.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> std::result::Result<Option<QueryResult>, DbErr> {
        self.record(&statement);
        self.conn.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        self.record(&statement);
        self.conn.query_all_raw(statement).await
    }
}
