//! Of two servers on one database one is killed; the other goes on.

use std::time::Duration;

use serde_json::json;
use server::clock::Clock;

use crate::{
    harness::{Program, TestDatabase, TestServer, has_postgres, millis, patient, soon},
    undisturbed::{
        AFTERWARDS, Watchers, arrivals, events, last_event, numbers, send, send_for, undisturbed_numbers,
    },
};

const KILLS: usize = 3;
/// Between two kills: enough that both senders are still at work when it happens.
const EVENTS_PER_KILL: usize = 1_500;
/// Small, so that there are many transactions to be struck.
const BATCH_EVENTS: usize = 10;

async fn revision(server: &TestServer) -> i64 {
    let answer = server.ask("{ factoryMetrics(factoryId: \"plant\") { revision } }", json!({})).await;
    answer["factoryMetrics"]["revision"].as_i64().expect("a revision")
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_its_share_to_the_other_one_and_nothing_is_lost_or_counted_twice() {
    if !has_postgres() {
        return;
    }
    let database = TestDatabase::new().await;
    // A third server takes no batch and sees all of them.
    let observer = TestServer::on(database.clone(), Clock::manual(millis(AFTERWARDS)), patient()).await;
    observer.create_factory("plant").await;
    let watchers = Watchers::of(&observer).await;
    let survivor = Program::serve(database.url(), &[]).await;
    let mut events = events(KILLS * EVENTS_PER_KILL);
    let arrivals = arrivals(&events);
    let (mut struck, mut duplicates) = (0, 0);
    for part in arrivals.chunks(arrivals.len().div_ceil(KILLS)) {
        let mut doomed = Program::serve(database.url(), &[]).await;
        let (of_doomed, of_survivor) = part.split_at(part.len() / 2);
        let before = revision(&observer).await;
        let (url, share) = (doomed.url.clone(), of_doomed.to_vec());
        let to_doomed =
            tokio::spawn(async move { send_for(Duration::ZERO, &url, &share, BATCH_EVENTS).await });
        let (url, share) = (survivor.url.clone(), of_survivor.to_vec());
        let to_survivor = tokio::spawn(async move { send(&url, &share, BATCH_EVENTS).await });
        soon("a first batch", async { while revision(&observer).await == before {} }).await;
        soon("the kill", doomed.child.kill()).await.expect("a killed process");
        struck += usize::from(!to_survivor.is_finished());

        let report = soon("the end of what went to the killed one", to_doomed).await.expect("no panic");
        assert!(!report.stops.is_empty(), "it was killed too late: {report:?}");
        // Its sender does not know what was stored, so it sends everything again.
        let report = soon("the killed one's share", send(&survivor.url, of_doomed, BATCH_EVENTS)).await;
        assert_eq!(report.exit_code(), 0, "{report:?}");
        duplicates += report.summary.duplicates;
        let report = soon("the survivor's share", to_survivor).await.expect("no panic");
        assert_eq!(report.exit_code(), 0, "{report:?}");
    }
    println!("{KILLS} kills, {struck} of them with batches on the way to the other; {duplicates} duplicates");
    events.push(last_event(&events));
    let report = soon("the last event", send(&survivor.url, &events[events.len() - 1..], 1)).await;
    assert_eq!(report.summary.accepted, 1, "{report:?}");
    watchers.assert_saw_all(&observer, events.len()).await;
    assert!(survivor.terminate().await.0.success());
    observer.assert_audit_is_clean().await;
    assert_eq!(numbers(&observer).await, undisturbed_numbers(&events).await);
}
