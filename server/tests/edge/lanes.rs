//! A day offline: what is new arrives while history still fills in.

use std::time::Instant;

use serde_json::{Value, json};
use test_harness::{POLL_INTERVAL, rounds};

use crate::{
    agent::Place,
    harness::{Program, minute_of_work, until},
    ledger::{assert_all_stored, assert_balanced, device, events, plant, stored},
};

/// A day of ten a second has 864 000.
const OFFLINE_EVENTS: usize = 10_000;
const POST_EVENTS: usize = 5_000;

#[tokio::test]
async fn what_is_new_goes_before_the_backlog() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let mut events = events(2_000);
    let mut agent = place.start("http://127.0.0.1:9", &[]).await;
    agent.accept(&events).await;
    agent.kill().await;

    let mut agent = place.start(&server.url, &["--batch-events", "100", "--backlog-rate", "1"]).await;
    let new = minute_of_work("W-new", 5);
    agent.accept(std::slice::from_ref(&new)).await;
    let query = "{ events(factoryId: \"plant\", filter: { entityId: \"W-new\" }) { edges { cursor } } }";
    until("the new event", async || server.ask(query, json!({})).await["events"]["edges"] != json!([])).await;
    assert!(agent.count("queued_events").await > 1_000, "the backlog keeps to its rate");
    agent.kill().await;

    let agent = place.start(&server.url, &[]).await;
    agent.until_drained().await;
    assert_eq!(device(&server).await["missingEvents"], 0);
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    events.push(new);
    assert_all_stored(&place, database, &events).await;
}

/// An event of its own for each number: a hundred workers, each a minute after the one before.
fn numbered(number: usize) -> Value {
    let at =
        chrono::DateTime::from_timestamp(1_700_000_000 + (number / 100 * 60) as i64, 0).expect("an instant");
    let mut event = minute_of_work(&format!("W{}", number % 100), 0);
    event["timestamp"] = json!(at.to_rfc3339());
    event
}

#[tokio::test]
async fn what_was_spooled_while_offline_is_all_delivered() {
    let many = rounds(OFFLINE_EVENTS);
    let place = Place::new();
    let database = plant().await;
    let mut agent = place.start("http://127.0.0.1:9", &[]).await;
    let began = Instant::now();
    for first in (0..many).step_by(POST_EVENTS) {
        let post: Vec<Value> = (first..many.min(first + POST_EVENTS)).map(numbered).collect();
        agent.accept(&post).await;
    }
    let spooling = began.elapsed();
    agent.kill().await;

    let server = Program::serve(database.url(), &[]).await;
    let began = Instant::now();
    let mut agent = place.start(&server.url, &[]).await;
    // As long as it takes: a day's events take longer than a test usually waits.
    while agent.count("queued_events").await > 0 {
        assert!(agent.child.try_wait().expect("a state").is_none(), "the agent ended");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let draining = began.elapsed();
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    let counts = place.counts().await;
    assert_balanced(&counts);
    assert_eq!((counts.accepted, counts.delivered, counts.lost), (many as i64, many as i64, 0));
    assert_eq!(stored(&database).await, many);
    println!(
        "{many} events spooled in {:.1} s ({:.0}/s), delivered in {:.1} s ({:.0}/s)",
        spooling.as_secs_f64(),
        many as f64 / spooling.as_secs_f64(),
        draining.as_secs_f64(),
        many as f64 / draining.as_secs_f64()
    );
}
