//! What cameras are answered.

use serde_json::{Value, json};

use crate::{
    agent::Place,
    harness::{Program, minute_of_work, soon},
    ledger::{events, plant},
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
async fn of_ten_events_with_a_bad_one_nine_are_kept_and_the_bad_one_is_told_and_dead_lettered() {
    let place = Place::new();
    let mut agent = place.start(NOWHERE, &[]).await;
    let bad_ones = [
        ("durationMinutes", "\"long\""),
        ("durationMinutes", "NaN"),
        ("eventType", "\"BREAK\""),
        ("unitsProduced", "10.5"),
    ];
    for (field, bad) in bad_ones {
        let mut ten: Vec<String> = (0..10).map(|minute| minute_of_work("W1", minute).to_string()).collect();
        let good = minute_of_work("W1", 3)[field].to_string();
        ten[3] = ten[3].replace(&format!("\"{field}\":{good}"), &format!("\"{field}\":{bad}"));
        let (status, answer) = agent.post(format!("[{}]", ten.join(","))).await.expect("an answer");
        assert_eq!(
            (status, &answer["accepted"], &answer["rejected"]),
            (200, &json!(9), &json!(1)),
            "{answer}"
        );
        let issue = &answer["issues"][0];
        assert_eq!((&issue["index"], &issue["field"]), (&json!(3), &json!(field)), "{answer}");
        let said = issue["message"].as_str().expect("words");
        assert!(said.starts_with(&format!("{field} must be ")) && said.ends_with(bad), "{said}");
    }
    assert_eq!(agent.count("accepted_events_total").await, 36);
    assert_eq!(agent.count("malformed_messages").await, 4);
    agent.kill().await;
    let letters = place.dead_letters_listed().await;
    assert_eq!(letters.len(), 4, "{letters:?}");
    assert_eq!((&letters[1]["id"], &letters[1]["input"]), (&json!("m2"), &json!("http://127.0.0.1")));
    assert!(letters[1]["body"].as_str().expect("text").contains("NaN"), "{letters:?}");
    assert!(
        letters[1]["message"]
            .as_str()
            .expect("text")
            .starts_with("event 3 of a request: durationMinutes must be")
    );
}

#[tokio::test]
async fn a_request_without_any_event_is_refused_and_left_to_its_sender() {
    let place = Place::new();
    let agent = place.start(NOWHERE, &[]).await;
    for body in ["", "nonsense", "[1]", "{}", "[{}"] {
        let (status, answer) = agent.post(body).await.expect("an answer");
        assert_eq!((status, &answer["accepted"]), (400, &json!(0)), "{body}: {answer}");
    }
    assert_eq!(agent.count("accepted_events_total").await, 0);
    assert_eq!(agent.count("malformed_messages").await, 0);
    assert_eq!(agent.count("malformed_total").await, 5);
}

#[tokio::test]
async fn whole_numbers_may_have_a_fraction_of_zero_all_the_way_to_the_server() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let agent = place.start(&server.url, &[]).await;
    let units = |minute: usize, units: &str| {
        let event = minute_of_work("W1", minute).to_string();
        event.replace("\"unitsProduced\":1", &format!("\"unitsProduced\":{units},\"eventId\":17.0"))
    };
    let body = format!("{}\n{}\n", units(1, "10.0"), units(2, "1e1"));
    assert_eq!(agent.post(body).await, Some((200, json!({ "accepted": 2 }))));
    agent.until_drained().await;
    let query = "{ events(factoryId: \"plant\") { edges { node { unitsProduced eventId } } } }";
    let stored = server.ask(query, json!({})).await;
    let node = json!({ "node": { "unitsProduced": 10, "eventId": "17" } });
    assert_eq!(stored["events"]["edges"], json!([node, node]));
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
