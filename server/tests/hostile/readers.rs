//! Questions that read for long: they take no reader from others, and none for longer than somebody waits.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use domain::{MS_PER_DAY, time::TimestampMs, window::Window};
use reqwest::StatusCode;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, prelude::async_trait::async_trait,
};
use serde_json::{Value, json};
use server::{
    error::{ApiError, ErrorCode},
    store::{Fault, QUESTION_READERS, Snapshot, Store, StoreError, Timeouts, rollups},
};

use crate::harness::{TestServer, empty_store, plant_scope, soon};

const FEED: &str = "subscription { eventsIngested(factoryId: \"plant\") { revision } }";
const FIGURES: &str = "subscription { factoryMetrics(factoryId: \"plant\") { revision unitsProduced } }";

fn event(entity: &str, entity_type: &str, timestamp: &str, units: i64) -> Value {
    json!({
        "entityType": entity_type, "entityId": entity, "eventType": "WORKING", "timestamp": timestamp,
        "durationMinutes": 7.5, "unitsProduced": units, "confidence": 0.5,
    })
}

async fn plant() -> TestServer {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    server
}

/// A statement that never ends by itself.
async fn read_for_ever(snapshot: &Snapshot) -> Result<(), DbErr> {
    let endless = match snapshot.get_database_backend() {
        DbBackend::Postgres => "SELECT pg_sleep(3600)",
        _ => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
    };
    let statement = Statement::from_string(snapshot.get_database_backend(), endless);
    snapshot.query_one_raw(statement).await.map(drop)
}

#[tokio::test]
async fn readiness_and_subscriptions_find_a_reader_while_questions_hold_all_of_theirs() {
    let server = plant().await;
    let mut held = Vec::new();
    for _ in 0..QUESTION_READERS {
        held.push(server.app.store.snapshot().await.expect("a snapshot"));
    }
    let ready = soon("readiness", server.client.get(server.url("/readyz")).send()).await.expect("a response");
    assert_eq!(ready.status(), StatusCode::OK);
    let (mut feed, mut figures) = (server.socket().await, server.socket().await);
    feed.subscribe("feed", FEED, json!({})).await;
    figures.subscribe("figures", FIGURES, json!({})).await;
    feed.delivery("feed").await;
    figures.delivery("figures").await;
    let outcome = server.ingest("plant", json!([event("W1", "WORKER", "2026-01-05T08:00:00Z", 3)])).await;
    assert_eq!(outcome["accepted"], 1);
    assert_eq!(figures.delivery("figures").await["factoryMetrics"]["unitsProduced"], 3);
    assert_eq!(feed.delivery("feed").await["eventsIngested"]["revision"], outcome["revision"]);
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_nobody_waits_for_any_more_gives_its_reader_back() {
    let server = plant().await;
    for _ in 0..3 {
        let mut questions = Vec::new();
        for _ in 0..QUESTION_READERS {
            let snapshot = server.app.store.snapshot().await.expect("a snapshot");
            questions.push(tokio::spawn(async move { read_for_ever(&snapshot).await }));
        }
        for question in questions {
            question.abort();
            assert!(question.await.is_err(), "it was still at work");
        }
        let answer =
            server.ask("{ factoryMetrics(factoryId: \"plant\") { unitsProduced } }", json!({})).await;
        assert_eq!(answer["factoryMetrics"]["unitsProduced"], 0);
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_and_the_client_may_ask_again_for_less() {
    let (database, store) = empty_store("plant").await;
    store.close().await;
    drop(store);
    let timeouts = Timeouts { sqlite_snapshot: Duration::from_millis(1), ..Timeouts::default() };
    let store = Store::open_with(database.url(), timeouts).await.expect("a database");
    for _ in 0..2 * QUESTION_READERS {
        let snapshot = store.snapshot().await.expect("a snapshot");
        if store.is_shared() {
            let limit = "SET LOCAL statement_timeout = 1";
            snapshot.execute_unprepared(limit).await.expect("a setting");
        }
        let error = soon("the end", read_for_ever(&snapshot)).await.expect_err("an end");
        let error = StoreError::from(error);
        assert_eq!(error.fault(), Fault::TookTooLong, "{error}");
        let told = ApiError::from(error);
        assert_eq!(told.code, ErrorCode::Unavailable);
        assert!(told.retry_after_ms.is_some() && told.message.contains("a shorter window"), "{told:?}");
    }
}

#[tokio::test]
async fn an_audit_and_a_rebuild_take_the_time_they_need() {
    let server = plant().await;
    let events: Vec<Value> = (0..2_000)
        .map(|i| event(&format!("W{i}"), "WORKER", &format!("2026-01-{:02}T08:00:00Z", i % 28 + 1), 1))
        .collect();
    server.ingest("plant", json!(events)).await;
    let database = server.stop().await;
    let timeouts = Timeouts { sqlite_snapshot: Duration::ZERO, ..Timeouts::default() };
    let store = Store::open_with(database.url(), timeouts).await.expect("a database");
    assert_eq!(server::store::audit(&store).await.expect("an audit"), []);
    server::store::rebuild(&store).await.expect("a rebuild");
    assert_eq!(server::store::audit(&store).await.expect("an audit"), []);
}

/// Counts the statements that are run.
struct Counted<'a>(&'a Snapshot, AtomicUsize);

#[async_trait]
impl ConnectionTrait for Counted<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.query_all_raw(statement).await
    }
}

#[tokio::test]
async fn a_factorys_series_is_a_few_statements_however_many_entities_and_steps_it_has() {
    const MOST_STATEMENTS: usize = 20;
    const STEPS: i64 = 2_000;
    let (_database, store) = empty_store("plant").await;
    let snapshot = store.snapshot().await.expect("a snapshot");
    let counted = Counted(&snapshot, AtomicUsize::default());
    // Days of Kathmandu, whose ends are within an hour of the grid's: as many runs of buckets as a step can have.
    let offset_ms = 345 * domain::MS_PER_MINUTE;
    let midnight = |day: i64| TimestampMs(day * MS_PER_DAY - offset_ms);
    let steps: Vec<Window> =
        (1..=STEPS).map(|day| Window { from_ms: midnight(day), to_ms: midnight(day + 1) }).collect();
    let sums =
        rollups::factory_series(&counted, &plant_scope(&snapshot).await, &steps, None).await.expect("sums");
    assert_eq!(sums.len() as i64, STEPS);
    let statements = counted.1.load(Ordering::Relaxed);
    assert!(statements <= MOST_STATEMENTS, "{statements} statements");
}

/// What the points of each worker, added up, make of the points of the factory.
#[tokio::test]
async fn a_factorys_series_is_the_sum_of_its_entities_series_in_every_zone_step_and_area() {
    const SERIES: &str = "query($factory: ID!, $resolution: Resolution!, $area: String, $window: WindowInput!) { \
        metricSeries(factoryId: $factory, window: $window, resolution: $resolution, area: $area) { points { ...P } } \
        workers: entitySeries(factoryId: $factory, window: $window, resolution: $resolution, area: $area, \
            entityType: WORKER) { series { points { ...P } } } \
        stations: entitySeries(factoryId: $factory, window: $window, resolution: $resolution, area: $area, \
            entityType: WORKSTATION) { series { points { ...P } } } } \
        fragment P on MetricPoint { from to workingMinutes idleMinutes absentMinutes unitsProduced utilization \
            unitsPerHour meanConfidence }";
    let server = TestServer::at("2026-02-01T00:00:00Z").await;
    let window = json!({ "range": { "from": "2026-01-04T20:20:00Z", "to": "2026-01-08T03:35:00Z" } });
    let zones = [("utc", "UTC"), ("kathmandu", "Asia/Kathmandu"), ("adelaide", "Australia/Adelaide")];
    for (factory, zone) in zones {
        server.create_factory_in(factory, zone).await;
        let events: Vec<Value> = (0..600_i64)
            .map(|i| {
                let minute = i * 11;
                let timestamp = format!(
                    "2026-01-{:02}T{:02}:{:02}:00Z",
                    5 + minute / 1_440 % 4,
                    minute / 60 % 24,
                    minute % 60
                );
                let (entity, kind) = if i % 3 == 0 {
                    (format!("S{}", i % 5), "WORKSTATION")
                } else {
                    (format!("W{}", i % 7), "WORKER")
                };
                let mut event = event(&entity, kind, &timestamp, i % 9);
                event["eventType"] = json!(["WORKING", "IDLE", "ABSENT"][(i % 4 % 3) as usize]);
                event
            })
            .collect();
        server.ingest(factory, json!(events)).await;
        for (kind, id) in [("Worker", "W1"), ("Worker", "W2"), ("Workstation", "S0")] {
            let of_kind = kind.to_lowercase();
            let place = format!(
                "mutation {{ update{kind}(factoryId: \"{factory}\", {of_kind}Id: \"{id}\", input: {{ area: \"north\" }}) \
                 {{ area }} }}"
            );
            server.ask(&place, json!({})).await;
        }
        for resolution in ["FIVE_MINUTES", "FIFTEEN_MINUTES", "HOUR", "DAY"] {
            for area in [Value::Null, json!("north"), json!("nowhere")] {
                for basis in ["WORKERS", "WORKSTATIONS"] {
                    let set = format!(
                        "mutation {{ updateFactory(factoryId: \"{factory}\", input: {{ unitsBasis: {basis} }}) {{ revision }} }}"
                    );
                    server.ask(&set, json!({})).await;
                    let variables = json!({ "factory": factory, "resolution": resolution, "area": area, "window": window });
                    let answer = server.ask(SERIES, variables).await;
                    assert_eq!(
                        sums(&answer["metricSeries"]["points"]),
                        expected(&answer, basis),
                        "{zone} {resolution} {area} {basis}"
                    );
                }
            }
        }
    }
}

/// Start, working, idle, absent and units of each point.
type Sums = std::collections::BTreeMap<String, [f64; 4]>;

fn add(sums: &mut Sums, point: &Value, [working, idle, absent, units]: [f64; 4]) {
    let minutes = |field: &str| point[field].as_f64().expect("minutes");
    let sum = sums.entry(point["from"].as_str().expect("an instant").to_owned()).or_default();
    sum[0] += working * minutes("workingMinutes");
    sum[1] += idle * minutes("idleMinutes");
    sum[2] += absent * minutes("absentMinutes");
    sum[3] += units * minutes("unitsProduced");
}

fn sums(points: &Value) -> Sums {
    let mut sums = Sums::new();
    for point in points.as_array().expect("points") {
        add(&mut sums, point, [1.0; 4]);
    }
    sums
}

/// The workers' time, with the units of one side; points without either are left out.
fn expected(answer: &Value, basis: &str) -> Sums {
    let mut sums = Sums::new();
    for (side, counts) in [("workers", "WORKERS"), ("stations", "WORKSTATIONS")] {
        let units = f64::from(u8::from(basis == counts));
        let time = f64::from(u8::from(side == "workers"));
        for of_one in answer[side]["series"].as_array().expect("series") {
            for point in of_one["points"].as_array().expect("points") {
                add(&mut sums, point, [time, time, time, units]);
            }
        }
    }
    sums.retain(|_, sums| sums.iter().any(|sum| *sum > 0.0));
    sums
}
