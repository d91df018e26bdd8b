//! Foreign data through the agent to the server's numbers.

use std::fs;

use serde_json::{Value, json};

use crate::{agent::Place, harness::Program, ledger::plant};

const COUNTER: &str = r#"
format = "json"
[fields]
end = { from = "at", unit = "epoch_s" }
durationMinutes = { value = 1 }
entityType = { value = "WORKSTATION" }
entityId = { from = "machine" }
eventType = { value = "WORKING" }
unitsProduced = { from = "total", units = "counter" }
"#;

/// The units of the only workstation.
async fn units(server: &Program) -> Value {
    let query =
        "{ workstationMetrics(factoryId: \"plant\") { workstations { unitsProduced occupiedMinutes } } }";
    server.ask(query, json!({})).await["workstationMetrics"]["workstations"].take()
}

#[tokio::test]
async fn a_counter_is_counted_once_through_restarts_repeats_and_resets() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let mapping = place.file("mapping.toml");
    fs::write(&mapping, COUNTER).expect("a mapping");
    let arguments = ["--mapping", mapping.to_str().expect("text")];
    let reading = |minute: i64, total: i64| json!({ "at": 1_767_600_000 + 60 * minute, "machine": "S1", "total": total });
    let readings = [reading(1, 1000), reading(2, 1007), reading(3, 0), reading(4, 4)];

    let mut agent = place.start(&server.url, &arguments).await;
    agent.accept(&readings[..2]).await;
    agent.kill().await;
    let agent = place.start(&server.url, &arguments).await;
    // What was acknowledged but not heard of comes again, and a late one comes in between.
    agent.accept(&readings[1..2]).await;
    agent.accept(&readings).await;
    agent.until_drained().await;
    assert_eq!(units(&server).await, json!([{ "unitsProduced": 11, "occupiedMinutes": 4.0 }]));
    let device =
        server.ask("{ devices(factoryId: \"plant\") { warnings deadLetteredEvents } }", json!({})).await;
    assert_eq!(device["devices"][0]["deadLetteredEvents"], 0);
    let factory = server.ask("{ factory(id: \"plant\") { keptConflicts } }", json!({})).await;
    assert_eq!(factory["factory"]["keptConflicts"], 0, "no repeat contradicts what is stored");
}

const TABLE: &str = r#"
format = "csv"
delimiter = ";"
time_zone = "Europe/Berlin"
[fields]
timestamp = { from = "Beginn", unit = "local" }
end = { from = "Ende", unit = "local" }
entityType = { value = "WORKER" }
entityId = { from = "Wer" }
eventType = { value = "WORKING" }
"#;

#[tokio::test]
async fn a_followed_table_keeps_its_columns_through_a_restart_and_a_posted_one_brings_its_own() {
    let place = Place::new();
    let (mapping, table) = (place.file("mapping.toml"), place.file("table.csv"));
    fs::write(&mapping, TABLE).expect("a mapping");
    let row = |hour: usize| format!("2026-01-05 {hour:02}:00:00;2026-01-05 {hour:02}:30:00;W1\r\n");
    let mut rows = format!("\u{feff}Beginn;Ende;Wer\r\n{}{}", row(8), row(9));
    fs::write(&table, &rows).expect("a table");
    let [mapping, followed] = [&mapping, &table].map(|path| path.to_str().expect("text"));
    let arguments = ["--mapping", mapping, "--follow", followed];

    let mut agent = place.start("http://127.0.0.1:9", &arguments).await;
    agent.until("accepted_events_total", |accepted| accepted == 2).await;
    agent.kill().await;
    rows += &row(10);
    fs::write(&table, &rows).expect("a longer table");
    let mut agent = place.start("http://127.0.0.1:9", &arguments).await;
    agent.until("accepted_events_total", |accepted| accepted == 3).await;
    let posted = "Wer;Ende;Beginn\nW2;2026-01-05 08:30:00;2026-01-05 08:00:00\nW3;2026-01-05 08:30:00;soon\n";
    let (status, answer) = agent.post(posted).await.expect("an answer");
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (200, &json!(1), &json!(1)), "{answer}");
    assert_eq!(
        (&answer["issues"][0]["index"], &answer["issues"][0]["field"]),
        (&json!(1), &json!("timestamp"))
    );
    agent.kill().await;
    let counts = place.counts().await;
    assert_eq!((counts.accepted, counts.malformed), (4, 1));
}
