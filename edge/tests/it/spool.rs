//! The commands about spools and the simulator, as a person runs them.

use std::path::{Path, PathBuf};

use edge::spool::{Lane, Outcome, Spool, SpoolOptions};
use serde_json::{Value, json};
use test_harness::soon;

use crate::command::{Finished, andon_edge};
use crate::faulty_server::{FaultyServer, Reply, all_accepted};

fn event(worker: &str) -> String {
    format!(
        r#"{{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"{worker}","eventType":"IDLE","durationMinutes":5}}"#
    )
}

/// A spool of three events, the second of which was refused, and an agent that has it open.
async fn spool_with_a_dead_letter() -> (tempfile::TempDir, PathBuf, Spool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("spool.db");
    let options = SpoolOptions { device: Some("cam-1".to_owned()), ..SpoolOptions::default() };
    let spool = Spool::open(&path, options).expect("a new spool");
    spool.append(["W1", "W2", "W3"].map(event).to_vec()).await.expect("room");
    let batch = spool.take(Lane::Live, 2, 1 << 20).await.expect("a take").expect("a batch");
    let refused = Outcome::Refused { code: "CONFLICT".to_owned(), message: "It said 6 before.".to_owned() };
    spool.settle(batch.first_position, vec![Outcome::Delivered, refused]).await.expect("a settlement");
    (folder, path, spool)
}

async fn edge(words: &[&str], spool: &Path, stdin: &str) -> Finished {
    let mut args = vec![words[0], "--spool", spool.to_str().expect("the path is UTF-8")];
    args.extend(&words[1..]);
    andon_edge(&args, stdin).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_told_while_an_agent_runs() {
    let (_folder, path, _spool) = spool_with_a_dead_letter().await;
    let told = edge(&["status", "--json"], &path, "").await;
    assert_eq!(told.code, 0, "{told:?}");
    let told: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    for (name, value) in [("accepted", 3), ("delivered", 1), ("queued", 1), ("deadLettered", 1), ("lost", 0)]
    {
        assert_eq!(told[name], value, "{told}");
    }
    assert_eq!(told["device"], "cam-1");
    let told = edge(&["status"], &path, "").await;
    assert!(told.stdout.contains("\ndead-lettered  1\n"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_listed_mended_and_sent_again_while_an_agent_runs() {
    let (_folder, path, spool) = spool_with_a_dead_letter().await;
    let mut changes = spool.changes();
    let listed = edge(&["dead-letters", "list", "--json"], &path, "").await;
    let listed: Value = serde_json::from_str(&listed.stdout).expect("one JSON object");
    assert_eq!((&listed["id"], &listed["code"]), (&json!(2), &json!("CONFLICT")));
    assert_eq!(listed["event"]["entityId"], "W2");
    let nonsense = edge(&["dead-letters", "mend", "2"], &path, r#"{"entityId":"W2"}"#).await;
    assert_eq!(nonsense.code, 2);
    assert!(nonsense.stderr.contains("this is no event: timestamp is missing"), "{nonsense:?}");
    let mended = edge(&["dead-letters", "mend", "2"], &path, &event("W2b")).await;
    assert_eq!(mended.code, 0, "{mended:?}");
    changes.mark_unchanged();
    let sent = edge(&["dead-letters", "resend", "2"], &path, "").await;
    assert_eq!((sent.code, sent.stdout.trim()), (0, "1 put at the end of the queue"));
    soon("the agent's notice", changes.changed()).await.expect("the spool is open");
    let batch = spool.take(Lane::Live, 10, 1 << 20).await.expect("a take").expect("a batch");
    assert_eq!((batch.first_sequence, batch.bodies), (3, vec![event("W3"), event("W2b")]));
    let again = edge(&["dead-letters", "resend", "2"], &path, "").await;
    assert_eq!((again.code, again.stderr.trim()), (2, "andon-edge: there is no dead letter 2"));
    let none = edge(&["dead-letters", "resend", "--all"], &path, "").await;
    assert_eq!(none.stdout.trim(), "0 put at the end of the queue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("spool.db");
    let told = edge(&["status"], &path, "").await;
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("there is no such file"), "{told:?}");
    assert!(!path.exists());
}

const HOUR: [&str; 8] =
    ["simulate", "--speed", "max", "--from", "2026-01-05T08:00:00Z", "--duration", "1h", "--seed=7"];

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_is_the_same_each_time_whereto_it_may_go() {
    let printed = andon_edge(&HOUR, "").await;
    assert_eq!(printed.code, 0, "{printed:?}");
    let lines: Vec<&str> = printed.stdout.lines().collect();
    assert!(lines.len() > 300, "{} events", lines.len());
    assert_eq!(printed.stderr.trim(), format!("{} events", lines.len()));

    let input = FaultyServer::start(|number, _| match number {
        0 => Reply::Http(503, "Retry-After: 0\r\n", "the spool is full".to_owned()),
        _ => Reply::Http(200, "", "{}".to_owned()),
    })
    .await;
    let into = format!("{}/events", input.url);
    let brought = andon_edge(&[&HOUR[..], &["--into", &into]].concat(), "").await;
    assert_eq!(brought.code, 0, "{brought:?}");
    assert!(brought.stderr.contains("the agent answered HTTP 503: the spool is full; trying again"));
    let kept: Vec<_> = input.requests().into_iter().skip(1).collect();
    let kept: Vec<&str> = kept.iter().flat_map(|request| request.body.lines()).collect();
    assert_eq!(kept, lines);

    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let sent = andon_edge(&[&HOUR[..], &["--to", &server.url, "--factory", "plant-1"]].concat(), "").await;
    assert_eq!(sent.code, 0, "{sent:?}");
    let events: usize = server.requests().iter().map(crate::faulty_server::Request::events).sum();
    assert_eq!(events, lines.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_refuses_for_good_ends_the_simulation_with_its_words() {
    let input = FaultyServer::start(|_, _| Reply::Http(422, "", "event 1: no such field".to_owned())).await;
    let brought = andon_edge(&[&HOUR[..], &["--into", &input.url]].concat(), "").await;
    assert_eq!(brought.code, 2);
    assert!(brought.stderr.contains("with HTTP 422: event 1: no such field"), "{brought:?}");
}
