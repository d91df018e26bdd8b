//! Decisions on one server while another one takes in events about the same.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::clock::Clock;

use crate::{
    decision_faults::{assert_one_of_two_is_told, decision, reports},
    decisions::{DECIDE, contested_hour, correction, figures, plant, state},
    harness::{TestServer, has_postgres, millis, patient, with},
    queries::event,
    undisturbed::{AFTERWARDS, numbers},
};

const SEEDS: u64 = 2;
const EVENTS: usize = 600;
const DECISIONS: usize = 60;
const BATCH_EVENTS: usize = 10;
const NOON: &str = "2026-01-05T12:00:00Z";

/// Another server on the database of this one, with its clock.
async fn beside(one: &TestServer, now: &str) -> TestServer {
    TestServer::on(one.database.clone(), Clock::manual(millis(now)), patient()).await
}

#[tokio::test]
async fn decisions_on_one_server_while_the_other_takes_in_events_of_the_same_give_what_one_server_gives() {
    if !has_postgres() {
        return;
    }
    for seed in 0..SEEDS {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let events = reports(EVENTS, &mut random);
        let (first, rest) = events.split_at(EVENTS / 4);
        let one = TestServer::at(AFTERWARDS).await;
        one.create_factory("plant").await;
        let other = beside(&one, AFTERWARDS).await;
        one.ingest("plant", json!(first)).await;
        let deciding = async {
            let (mut made, mut withdrawable) = (Vec::new(), Vec::new());
            for number in 0..DECISIONS {
                let decision = decision(first, &mut withdrawable, &mut random);
                let variables = json!({ "request": format!("r{number}"), "decision": decision });
                // Now and then the other server decides.
                let server = if number % 5 == 4 { &other } else { &one };
                let answer = server.ask(DECIDE, variables.clone()).await["decide"].take();
                assert_eq!(answer["number"], number + 1);
                if answer["kind"] != "WITHDRAWAL" {
                    withdrawable.push(answer["number"].as_i64().expect("a number"));
                }
                made.push(variables);
            }
            made
        };
        let ingesting = async {
            for (number, batch) in rest.chunks(BATCH_EVENTS).enumerate() {
                let server = if number % 7 == 6 { &one } else { &other };
                server.ingest("plant", json!(batch)).await;
            }
        };
        let (made, ()) = tokio::join!(deciding, ingesting);
        one.assert_audit_is_clean().await;
        let found = numbers(&one).await;
        assert_eq!(numbers(&other).await, found, "seed {seed}");

        let undisturbed = TestServer::at(AFTERWARDS).await;
        undisturbed.create_factory("plant").await;
        undisturbed.ingest("plant", json!(events)).await;
        for variables in made {
            undisturbed.ask(DECIDE, variables).await;
        }
        assert_eq!(numbers(&undisturbed).await, found, "seed {seed}");
    }
}

#[tokio::test]
async fn what_a_server_remembers_from_before_a_decision_of_the_other_does_not_count() {
    if !has_postgres() {
        return;
    }
    let one = plant().await;
    let other = beside(&one, "2026-01-05T12:00:00Z").await;
    let shadow = json!({ "sourceId": "cam-1" });
    // The other one knows W1 from now on, and no decision.
    other.ingest("plant", json!([event("W1", "WORKING", "08:00", 30.0, 3)])).await;
    let decide = async |server: &TestServer, request: &str, decision: Value| {
        server.ask(DECIDE, json!({ "request": request, "decision": decision })).await
    };
    decide(&one, "a", correction(&["W1"], "08:10", "08:20", &state("IDLE"))).await;
    decide(&one, "b", json!({ "standing": with(json!({ "standing": "SHADOW" }), &shadow) })).await;
    let events = json!([
        event("W1", "WORKING", "08:15", 30.0, 3),
        with(event("W1", "ABSENT", "08:30", 60.0, 50), &shadow),
    ]);
    other.ingest("plant", events).await;
    let expected = Some([35.0, 10.0, 0.0, 15.0, 0.0, 10.0, 6.0]);
    assert_eq!(figures(&other, "W1", Value::Null).await, expected);
    assert_eq!(figures(&one, "W1", Value::Null).await, expected);
    // This one knows the entity from before the other's events.
    decide(&one, "c", json!({ "withdrawal": 1 })).await;
    decide(&other, "d", json!({ "withdrawal": 2 })).await;
    let expected = Some([45.0, 0.0, 45.0, 30.0, 15.0, 0.0, 56.0]);
    assert_eq!(figures(&one, "W1", Value::Null).await, expected);
    other.assert_audit_is_clean().await;
}

#[tokio::test]
async fn of_two_who_decide_on_two_servers_at_once_exactly_one_is_told_that_it_changed_meanwhile() {
    if !has_postgres() {
        return;
    }
    let one = plant().await;
    let other = beside(&one, NOON).await;
    contested_hour(&one).await;
    assert_one_of_two_is_told([&one, &other]).await;
    assert_one_of_two_is_told([&other, &one]).await;
    one.assert_audit_is_clean().await;
}
