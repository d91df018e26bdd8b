//! The database finds what is asked most by its keys, on either engine, and reads no table from end to end.

use std::fmt::Write as _;

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, Level},
    ledger::{HourDeltas, encode},
};
use server::store::{
    access::SeeFigures,
    plans::{self, Plan},
};

use crate::harness::{Connection, TestDatabase, empty_store, plant_scope};

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
const QUESTIONS: [(&str, &str, &[&str]); 8] = [
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
    (
        "how long a state report counts",
        "event",
        &[
            "factory_id",
            "bucket",
            "entity_id",
            "started_at",
            "event_type",
            "event_code",
            "series",
            "model_version_id",
        ],
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
    let scope = plant_scope::<SeeFigures>(&store.snapshot().await.expect("a snapshot")).await;
    let plans = plans::hot(&store, &scope).await.expect("plans");
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

/// As many factories as share the tables of decisions, so that all of one are few of all.
const FACTORIES: i64 = 20;
/// Of each factory.
const DECISIONS: i64 = 400;
const RESTATEMENTS: i64 = 2_000;

/// Decisions, what they say of entities, a ledger and origins of many factories; in time the ledger is as long as the sums.
async fn fill_decisions(database: &TestDatabase) {
    let mut conn = database.connect().await;
    conn.execute(
        "INSERT INTO tracked_entity (factory_id, id, entity_type, code, last_seen_at, frontier, hides_events, \
         longest_duration_ms, revision) VALUES (1, 1, 0, 'W1', 1, 1, false, 1, 1)",
    )
    .await;
    conn.execute(&format!("UPDATE factory SET last_decision = {DECISIONS}")).await;
    let rule = r#"{"Standing":{"standing":"SHADOW","source":null,"model_version":null,"without_model_version":false,"from_ms":null,"to_ms":null}}"#;
    let mut deltas = String::new();
    for byte in encode(&HourDeltas::default()) {
        write!(deltas, "{byte:02x}").expect("a text takes all");
    }
    let step_ms = DAYS * MS_PER_DAY / RESTATEMENTS;
    for factory_id in 1..=FACTORIES {
        for (table, columns, count, values) in [
            (
                "decision",
                "number, kind, content, made_at, made_by, note, request_id, is_counted, events, revision, changed_revision",
                DECISIONS,
                format!("i + 1, 1, '{rule}', i, 'somebody', '', CAST(i AS text), i % 50 = 0, 0, i, i"),
            ),
            (
                "decision_entity",
                "entity_id, number, is_counted, from_at, to_at, state, units, retracted_code",
                DECISIONS * ENTITIES,
                format!("i % {ENTITIES} + 1, i / {ENTITIES} + 1, i % 3 = 0, i, i + 1, 0, 0, ''"),
            ),
            (
                "restatement",
                "revision, ordinal, at, cause, decision, first_hour, last_hour",
                RESTATEMENTS,
                format!("i, 0, CAST(i AS bigint) * {step_ms}, 1, 1, 24, 47"),
            ),
            (
                "restated_hour",
                "revision, ordinal, hour, entity_id, deltas",
                RESTATEMENTS * ENTITIES,
                format!(
                    "i / {ENTITIES}, 0, 24, i % {ENTITIES} + 1, {}",
                    match &conn {
                        Connection::Sqlite(_) => format!("x'{deltas}'"),
                        Connection::Postgres(_) => format!("'\\x{deltas}'::bytea"),
                    }
                ),
            ),
            ("closing", "revision, at, grace_hours", 50, "i + 10, i, 24".to_owned()),
            (
                "entity_origin",
                "day, entity_id, device, source_id, model_version_id",
                DAYS * ENTITIES,
                format!("i / {ENTITIES}, i % {ENTITIES} + 1, 'edge', 1, 1"),
            ),
        ] {
            conn.execute(&format!(
                "INSERT INTO {table} (factory_id, {columns}) {} {factory_id}, {values} FROM n",
                numbers(count)
            ))
            .await;
        }
    }
    conn.execute("ANALYZE").await;
    conn.close().await;
}

/// What the questions about decisions read by which part of a key, as the two engines say it.
const OF_DECISIONS: [(&str, &str, &[&str]); 14] = [
    ("a page of decisions", "decision_pkey", &["factory_id", "number"]),
    ("a page of decisions about a worker", "decision_entity_pkey", &["factory_id", "entity_id"]),
    ("the decisions that changed", "decision_pkey", &["factory_id"]),
    ("the decision of a request", "decision_request", &["factory_id", "request_id"]),
    ("the decision that is applied next", "decision_pkey", &["factory_id"]),
    ("what is decided about some entities", "decision_entity_pkey", &["factory_id", "entity_id"]),
    ("what is decided", "decision_entity_pkey", &["factory_id"]),
    ("the devices of a window", "entity_origin_pkey", &["factory_id", "day"]),
    ("the days of a source", "entity_origin_pkey", &["factory_id", "day"]),
    ("the events of a rule in a slice", "event_pkey", &["factory_id", "bucket"]),
    ("how many events there are in the hours of a slice", "rollup_pkey", &["factory_id", "bucket"]),
    ("every grace", "closing_pkey", &["factory_id"]),
    ("what moved after an instant", "restatement_at", &["factory_id", "at"]),
    ("what is forgotten of the ledger", "restated_hour_pkey", &["factory_id", "revision"]),
];

#[tokio::test]
async fn what_is_asked_about_decisions_and_the_ledger_is_found_by_the_keys() {
    let (database, store) = empty_store("plant").await;
    fill(&database).await;
    fill_decisions(&database).await;
    let scope = plant_scope::<SeeFigures>(&store.snapshot().await.expect("a snapshot")).await;
    let plans = plans::of_decisions(&store, &scope).await.expect("plans");
    let scans = |step: &String| {
        let step = step.trim_start_matches([' ', '-', '>']);
        let table = step.strip_prefix("SCAN ").or_else(|| step.strip_prefix("Seq Scan on "));
        // The factories are few, and one is read at a time; other steps scan what was read before.
        table.is_some_and(|table| {
            ["decision", "entity", "restate", "closing", "event", "rollup", "found"]
                .iter()
                .any(|of| table.starts_with(of))
        })
    };
    for plan in &plans {
        assert!(!plan.steps.iter().any(scans), "{plan:#?}");
    }
    for (question, key, columns) in OF_DECISIONS {
        let steps: Vec<&String> =
            plans.iter().filter(|plan| plan.question == question).flat_map(|plan| &plan.steps).collect();
        let uses = |pair: &[&String]| {
            let table = key.strip_suffix("_pkey");
            let uses_key = match table {
                // All of a factory: any key that begins with it will do.
                Some(table) if columns == ["factory_id"] => {
                    pair[0].starts_with(&format!("SEARCH {table} USING"))
                        || pair[0].contains(&format!(" {table}_"))
                }
                Some(table) if !store.is_shared() => {
                    pair[0].starts_with(&format!("SEARCH {table} ")) && pair[0].contains("PRIMARY KEY")
                }
                _ => pair[0].contains(key),
            };
            // PostgreSQL says with a line of its own what is looked for.
            let condition = if store.is_shared() { pair[1] } else { pair[0] };
            uses_key && columns.iter().all(|column| condition.contains(column))
        };
        let pairs: Vec<[&String; 2]> = steps
            .iter()
            .zip(steps.iter().skip(1).chain(steps.last()))
            .map(|(one, next)| [*one, *next])
            .collect();
        assert!(pairs.iter().any(|pair| uses(pair)), "{question}: {steps:#?}");
    }
    // What moved is read by causes and hours, not by all that was ever written down.
    let moved: Vec<&String> = plans
        .iter()
        .filter(|plan| plan.question == "what moved after an instant")
        .flat_map(|plan| &plan.steps)
        .collect();
    let by_hour =
        |step: &&&String| ["revision", "ordinal", "hour"].iter().all(|column| step.contains(column));
    assert!(moved.iter().any(|step| by_hour(&step)), "{moved:#?}");
}
