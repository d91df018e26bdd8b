//! The dashboard and GraphiQL in a real browser against the real server: what people see when events arrive, when the
//! server dies and comes back, and when page and API are deployed apart. No request may leave this host.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod andon;
mod chrome;
mod page;
mod static_host;

use chrono::{TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

use andon::Andon;
use chrome::Chrome;

/// All time, so that a test's events count whatever the time of day.
const BOARD: &str = "/?factory=plant&window=all-time";

#[tokio::test]
async fn the_board_shows_what_was_ingested_without_a_reload() {
    let andon = Andon::start(None).await;
    shows_what_was_ingested(&andon, &andon.url(BOARD)).await;
}

#[tokio::test]
async fn a_board_deployed_apart_shows_what_was_ingested_without_a_reload() {
    let (andon, board) = deployed_apart().await;
    shows_what_was_ingested(&andon, &board).await;
}

#[tokio::test]
async fn the_board_recovers_with_the_right_numbers_after_the_server_was_killed() {
    let mut andon = Andon::start(None).await;
    let board = andon.url(BOARD);
    recovers_after_a_kill(&mut andon, &board).await;
}

#[tokio::test]
async fn a_board_deployed_apart_recovers_with_the_right_numbers_after_the_server_was_killed() {
    let (mut andon, board) = deployed_apart().await;
    recovers_after_a_kill(&mut andon, &board).await;
}

#[tokio::test]
async fn graphiql_documents_the_schema_and_shows_a_subscriptions_deliveries() {
    let andon = Andon::start(None).await;
    // GraphiQL's second tab subscribes to today's metrics of this factory.
    andon.create_factory("demo", &zone_where_it_is_noon()).await;
    let chrome = Chrome::launch().await;
    let page = chrome.open(&andon.url("/graphql")).await;

    click(&page, "[aria-label='Show Documentation Explorer']").await;
    let documentation = "document.querySelector('.graphiql-doc-explorer').innerText";
    page.wait_until(&format!("{documentation}.includes('Subscription')")).await;

    click(&page, "#graphiql-session-tab-1").await;
    // GraphiQL notices a moment after the text has changed which operation a run is to name.
    page.wait_until("localStorage.getItem('graphiql:operationName') === 'Live'").await;
    click(&page, ".graphiql-execute-button").await;
    let response = "document.querySelector('.result-window').innerText.replaceAll(/\\s/g, '')";
    page.wait_until(&format!("{response}.includes('\"unitsProduced\":0')")).await;

    let just_now = (Utc::now() - TimeDelta::minutes(5)).to_rfc3339();
    andon.ingest("demo", json!([worked("W1", &just_now, 1, 7)])).await;
    page.wait_until(&format!("{response}.includes('\"unitsProduced\":7')")).await;
    chrome.close().await;
}

async fn shows_what_was_ingested(andon: &Andon, board: &str) {
    andon.create_factory("plant", "UTC").await;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await;
    let chrome = Chrome::launch().await;
    let page = chrome.open(board).await;
    page.wait_for_connection("live").await;
    page.wait_for_number("productive-minutes", 30.0).await;
    page.wait_for_number("units-produced", 12.0).await;
    page.mark().await;

    let occupied = json!({
        "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKSTATION", "entityId": "S1",
        "eventType": "WORKING", "durationMinutes": 60, "unitsProduced": 21
    });
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:30:00Z", 30, 18), occupied])).await;
    page.wait_for_number("productive-minutes", 60.0).await;
    page.wait_for_number("units-produced", 30.0).await;
    page.wait_for_number("average-utilization", 100.0).await;
    page.wait_for_number("average-production-rate", 30.0).await;
    page.wait_for_cell("worker-row-W1", "working", 60.0).await;
    page.wait_for_cell("worker-row-W1", "units-per-hour", 30.0).await;
    page.wait_for_cell("workstation-row-S1", "occupied", 60.0).await;
    page.wait_for_cell("workstation-row-S1", "throughput-per-hour", 21.0).await;
    assert!(page.is_marked().await, "the page was loaded again");
    chrome.close().await;
}

async fn recovers_after_a_kill(andon: &mut Andon, board: &str) {
    andon.create_factory("plant", "UTC").await;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await;
    let chrome = Chrome::launch().await;
    let page = chrome.open(board).await;
    page.wait_for_number("productive-minutes", 30.0).await;
    page.mark().await;

    andon.kill().await;
    page.wait_for_connection("disconnected").await;

    andon.start_again().await;
    andon.ingest("plant", json!([worked("W2", "2026-01-05T08:00:00Z", 15, 3)])).await;
    page.wait_for_connection("live").await;
    page.wait_for_number("productive-minutes", 45.0).await;
    page.wait_for_number("units-produced", 15.0).await;
    page.wait_for_cell("worker-row-W1", "working", 30.0).await;
    page.wait_for_cell("worker-row-W2", "working", 15.0).await;
    assert!(page.is_marked().await, "the page was loaded again");
    chrome.close().await;
}

/// A server, and the board's address on another origin than the server's.
async fn deployed_apart() -> (Andon, String) {
    let (listener, origin) = static_host::listen().await;
    let andon = Andon::start(Some(origin.clone())).await;
    static_host::serve(listener, &andon.url(""));
    (andon, format!("{origin}{BOARD}"))
}

fn worked(worker: &str, timestamp: &str, duration_minutes: u32, units: u32) -> Value {
    json!({
        "timestamp": timestamp, "entityType": "WORKER", "entityId": worker,
        "eventType": "WORKING", "durationMinutes": duration_minutes, "unitsProduced": units
    })
}

async fn click(page: &page::Page<'_>, selector: &str) {
    page.wait_until(&format!("document.querySelector(`{selector}`) !== null")).await;
    page.evaluate(&format!("document.querySelector(`{selector}`).click()")).await;
}

/// A zone in which "today" neither begins nor ends during the test. Its sign is reversed: Etc/GMT+5 is 5 h behind UTC.
fn zone_where_it_is_noon() -> String {
    match i64::from(Utc::now().hour()) - 12 {
        0 => "Etc/GMT".to_owned(),
        hours_behind => format!("Etc/GMT{hours_behind:+}"),
    }
}
