//! Files that grow, are rotated and cut, and the standard input.

use std::{fs, io::Write as _, path::Path, process::Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::{
    agent::{Agent, Place},
    harness::{Program, minute_of_work, soon},
    ledger::{assert_all_stored, plant},
};

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("a line");
}

fn lines(events: &[Value]) -> String {
    events.iter().map(|event| event.to_string() + "\n").collect()
}

async fn until_accepted(agent: &Agent, events: usize) {
    agent.until("accepted_events_total", |accepted| accepted >= events as i64).await;
}

#[tokio::test]
async fn every_line_is_taken_once_through_rotations_cuts_and_kills() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let path = place.file("events.log");
    let name = path.to_str().expect("text").to_owned();
    let follow = ["--follow", name.as_str()];
    let events: Vec<Value> = (0..100).map(|minute| minute_of_work("W1", minute)).collect();

    let mut agent = place.start(&server.url, &follow).await;
    append(&path, &lines(&events[..10]));
    until_accepted(&agent, 10).await;
    // A line counts when it has ended.
    let half = events[10].to_string();
    append(&path, &lines(&events[11..12]));
    append(&path, &half[..20]);
    until_accepted(&agent, 11).await;
    agent.kill().await;
    append(&path, &half[20..]);
    append(&path, "\nno event at all\n");
    append(&path, &lines(&events[12..20]));
    let mut agent = place.start(&server.url, &follow).await;
    until_accepted(&agent, 20).await;
    assert_eq!(agent.count("malformed_total").await, 1);

    // Renamed and begun anew while it is read; the last line of the old file has no end.
    append(&path, events[20].to_string().as_str());
    fs::rename(&path, place.file("events.log.1")).expect("a new name");
    append(&path, &lines(&events[21..30]));
    until_accepted(&agent, 30).await;

    // Cut and written anew.
    fs::write(&path, "").expect("an empty file");
    append(&path, &lines(&events[30..35]));
    until_accepted(&agent, 35).await;
    agent.kill().await;

    // Renamed twice while nobody reads it.
    append(&path, &lines(&events[35..50]));
    fs::rename(&path, place.file("events.log.2")).expect("a new name");
    append(&path, &lines(&events[50..70]));
    fs::rename(&path, place.file("events.log.1")).expect("a new name");
    append(&path, &lines(&events[70..100]));
    let agent = place.start(&server.url, &follow).await;
    until_accepted(&agent, 100).await;
    agent.until_drained().await;
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    let counts = assert_all_stored(&place, database, &events).await;
    assert_eq!(counts.accepted, 100, "no line was taken twice");
}

#[tokio::test]
async fn a_follower_of_a_file_waits_while_the_spool_is_full() {
    let place = Place::new();
    let database = plant().await;
    let path = place.file("events.log");
    let name = path.to_str().expect("text").to_owned();
    let arguments = ["--follow", name.as_str(), "--max-bytes", "512KiB"];
    let events = crate::ledger::events(4_000);
    append(&path, &lines(&events));
    let mut agent = place.start("http://127.0.0.1:9", &arguments).await;
    agent.until("spool_used_bytes", |bytes| bytes > 300_000).await;
    agent.kill().await;
    let server = Program::serve(database.url(), &[]).await;
    let agent = place.start(&server.url, &arguments).await;
    until_accepted(&agent, 4_000).await;
    agent.until_drained().await;
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    let counts = assert_all_stored(&place, database, &events).await;
    assert_eq!(counts.accepted, 4_000);
}

#[tokio::test]
async fn what_the_standard_input_brings_is_delivered_before_the_agent_ends_with_it() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let events = crate::ledger::events(3_000);
    let mut command = place.command(&server.url, &["--stdin"]);
    let mut agent = command.stdin(Stdio::piped()).spawn().expect("the agent");
    let mut input = agent.stdin.take().expect("a pipe");
    let text = lines(&events);
    input.write_all(text.trim_end().as_bytes()).await.expect("a reader");
    drop(input);
    let output = soon("the end", agent.wait_with_output()).await.expect("an exit status");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
}
