//! The database finds what is asked most by its keys, on either engine, and reads no table from end to end.

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, Level},
    id::FactoryId,
};
use server::store::plans::{self, Plan};

use crate::harness::{TestDatabase, empty_store};

const FACTORY_ID: i32 = 1;
/// Enough that reading all of it would be slower than a key, so that a planner that counts costs chooses one.
const DAYS: i64 = 40;
const ENTITIES: i64 = 10;

/// Numbers from 0, as the table `n`.
fn numbers(count: i64) -> String {
    format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1) SELECT")
}

/// Sums and events of two factories, in every bucket of every day.
async fn fill(database: &TestDatabase) {
    let mut conn = database.connect().await;
    for factory_id in [FACTORY_ID, FACTORY_ID + 1] {
        for level in Level::ALL {
            // The level is in the number of the bucket.
            let first = i64::from(level.code()) << 40;
            let buckets = level.length_ms().map_or(1, |length_ms| DAYS * MS_PER_DAY / length_ms);
            conn.execute(&format!(
                "INSERT INTO rollup (factory_id, bucket, entity_id, working_ms, idle_ms, absent_ms, overlap_ms, \
                 units, confidence_ms, confident_ms, events) {} {factory_id}, {first} + i / {ENTITIES}, \
                 i % {ENTITIES} + 1, 1, 0, 0, 0, 1, 0, 0, 1 FROM n",
                numbers(buckets * ENTITIES)
            ))
            .await;
        }
        conn.execute(&format!(
            "INSERT INTO event (factory_id, bucket, entity_id, started_at, event_type, event_code, series, model_version_id, \
             duration_ms, units, received_at) {} {factory_id}, i / {ENTITIES}, i % {ENTITIES} + 1, \
             CAST(i / {ENTITIES} AS bigint) * {BUCKET_MS}, 0, '', i % 2, 1, 1, 1, 0 FROM n",
            numbers(DAYS * MS_PER_DAY / BUCKET_MS * ENTITIES)
        ))
        .await;
    }
    conn.execute("ANALYZE").await;
    conn.close().await;
}

/// The table behind each question, or its index, and the columns of the key that the question names.
const QUESTIONS: [(&str, &str, &[&str]); 7] = [
    ("the sums of all time", "rollup", &["factory_id", "bucket"]),
    ("the sums of a window", "rollup", &["factory_id", "bucket"]),
    ("the sums of some entities in a window", "rollup", &["factory_id", "bucket"]),
    (
        "the events that a late event may overlap",
        "event",
        &["factory_id", "bucket", "entity_id", "started_at"],
    ),
    (
        "whether an event is stored",
        "event",
        &["factory_id", "bucket", "entity_id", "started_at", "event_type", "event_code"],
    ),
    (
        "what comes before and after a state report",
        "event_series",
        &["factory_id", "entity_id", "series", "model_version_id", "started_at"],
    ),
    ("the events of a window, the latest first", "event", &["factory_id", "bucket"]),
];

/// Checks SQLite's words, such as `SEARCH found USING PRIMARY KEY (factory_id=? AND bucket>? AND bucket<?)`.
fn assert_key_of_sqlite(plan: &Plan, table: &str, columns: &[&str]) {
    let uses_key = |step: &&String| {
        let key = if table.contains('_') { format!("INDEX {table} ") } else { "PRIMARY KEY ".to_owned() };
        step.starts_with("SEARCH found USING") && step.contains(&key)
    };
    let search = plan.steps.iter().find(uses_key);
    let search = search.unwrap_or_else(|| panic!("no search: {plan:#?}"));
    for column in columns {
        assert!(
            [" ", "("].iter().any(|before| search.contains(&format!("{before}{column}"))),
            "{column}: {plan:#?}"
        );
    }
    // A stretch of the key has two ends: with one of them, all that lies beyond the other would be read.
    assert_eq!(search.contains("bucket>"), search.contains("bucket<"), "{plan:#?}");
    let scans = plan.steps.iter().any(|step| step.starts_with("SCAN found"));
    assert!(!scans, "{plan:#?}");
}

/// Checks PostgreSQL's words: an index scan, a line below with the condition, and no row read to be thrown away.
fn assert_key_of_postgres(plan: &Plan, table: &str, columns: &[&str]) {
    let index = if table.contains('_') { table.to_owned() } else { format!("{table}_pkey") };
    let scan = |step: &str| {
        [
            "Index Scan using",
            "Index Scan Backward using",
            "Index Only Scan using",
            "Index Only Scan Backward using",
            "Bitmap Index Scan on",
        ]
        .iter()
        .any(|scan| step.contains(&format!("{scan} {index}")))
    };
    let mut steps = plan.steps.iter().skip_while(|step| !scan(step)).skip(1);
    let condition = steps.next().filter(|step| step.contains("Index Cond:"));
    let condition = condition.unwrap_or_else(|| panic!("no index: {plan:#?}"));
    for column in columns {
        assert!(condition.contains(column), "{column}: {plan:#?}");
    }
    for unwanted in ["Seq Scan", "Filter:"] {
        assert!(!plan.steps.iter().any(|step| step.contains(unwanted)), "{unwanted}: {plan:#?}");
    }
}

#[tokio::test]
async fn what_is_asked_most_is_found_by_the_keys() {
    let (database, store) = empty_store("plant").await;
    fill(&database).await;
    let plans = plans::hot(&store, FactoryId(FACTORY_ID)).await.expect("plans");
    assert_eq!(
        plans.iter().map(|plan| plan.question).collect::<Vec<_>>(),
        QUESTIONS.map(|(question, ..)| question)
    );
    for (plan, (_, table, columns)) in plans.iter().zip(QUESTIONS) {
        if store.is_shared() {
            assert_key_of_postgres(plan, table, columns);
        } else {
            assert_key_of_sqlite(plan, table, columns);
        }
    }
}
