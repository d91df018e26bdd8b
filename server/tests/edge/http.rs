//! What cameras are answered.

use serde_json::{Value, json};

use crate::{
    agent::Place,
    harness::{minute_of_work, soon},
    ledger::events,
};

/// A server that nobody needs for these tests.
const NOWHERE: &str = "http://127.0.0.1:9";

#[tokio::test]
async fn an_object_an_array_and_lines_are_accepted_and_counted() {
    let place = Place::new();
    let mut agent = place.start(NOWHERE, &[]).await;
    let events = events(30);
    let lines: String = events[10..].iter().map(|event| event.to_string() + "\n").collect();
    for (body, accepted) in [
        (events[0].to_string(), 1),
        (Value::from(&events[1..10]).to_string(), 9),
        (lines, 20),
        ("[]".to_owned(), 0),
    ] {
        assert_eq!(agent.post(body).await, Some((200, json!({ "accepted": accepted }))));
    }
    agent.kill().await;
    let counts = place.counts().await;
    assert_eq!((counts.accepted, counts.queued, counts.next_sequence), (30, 30, 31));
}

#[tokio::test]
async fn of_a_request_with_one_bad_event_nothing_is_kept_and_its_place_is_told() {
    let place = Place::new();
    let agent = place.start(NOWHERE, &[]).await;
    let mut bad = minute_of_work("W1", 2);
    bad["durationMinutes"] = json!("long");
    let body = Value::from(vec![minute_of_work("W1", 1), bad, minute_of_work("W1", 3)]).to_string();
    let (status, answer) = agent.post(body).await.expect("an answer");
    assert_eq!((status, &answer["event"], &answer["accepted"]), (400, &json!(2), &json!(0)), "{answer}");
    let said = answer["error"].as_str().expect("words");
    assert!(said.contains("event 2") && said.contains("durationMinutes must be a number"), "{said}");
    for (body, status) in [("", 400), ("nonsense", 400), ("[1]", 400), ("{}", 400)] {
        assert_eq!(agent.post(body).await.expect("an answer").0, status, "{body}");
    }
    assert_eq!(agent.count("accepted_events_total").await, 0);
    assert_eq!(agent.count("malformed_total").await, 5);
}

#[tokio::test]
async fn a_request_too_large_is_refused_in_words() {
    let place = Place::new();
    let agent = place.start(NOWHERE, &[]).await;
    let many = format!("{}\n", minute_of_work("W1", 1)).repeat(10_001);
    let (status, answer) = agent.post(many).await.expect("an answer");
    assert_eq!(status, 413);
    assert!(answer["error"].as_str().expect("words").contains("at most 10000 events"), "{answer}");
    let (status, answer) = agent.post(" ".repeat(10 * 1024 * 1024 + 1)).await.expect("an answer");
    assert_eq!(status, 413);
    assert!(answer["error"].as_str().expect("words").contains("at most 10 MiB"), "{answer}");
}

#[tokio::test]
async fn an_agent_without_an_input_or_with_a_spool_in_use_does_not_start() {
    let place = Place::new();
    let refused = |arguments: &[&str]| {
        let mut command = place.command(NOWHERE, arguments);
        async move {
            let output = soon("the refusal", command.output()).await.expect("an exit status");
            assert_eq!(output.status.code(), Some(2));
            String::from_utf8(output.stderr).expect("text")
        }
    };
    let said = refused(&[]).await;
    assert!(said.contains("give at least one of --listen, --stdin, --follow and --mqtt"), "{said}");
    let agent = place.start(NOWHERE, &[]).await;
    let said = refused(&["--listen", "127.0.0.1:0"]).await;
    assert!(said.contains("is in use by another agent"), "{said}");
    agent.accept(&[minute_of_work("W1", 1)]).await;
}

#[tokio::test]
async fn health_says_how_the_agent_is_doing() {
    let place = Place::new();
    let agent = place.start(NOWHERE, &[]).await;
    agent.accept(&[minute_of_work("W1", 1)]).await;
    agent.until("delivery_failing", |failing| failing == 1).await;
    let answer: Value =
        reqwest::get(format!("{}/health", agent.url)).await.expect("an answer").json().await.expect("JSON");
    let expected = json!({ "status": "ok", "delivery": "waiting", "queuedEvents": 1, "deadLetters": 0, "lostEvents": 0 });
    assert_eq!(answer, expected);
}
