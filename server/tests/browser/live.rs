//! Numbers that change while somebody looks at them, also after the server or the network was away.

use anyhow::Result;
use browser_driver::Network;
use serde_json::{Value, json};

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _, static_host};

/// All time, so that a test's events count whatever the time of day.
const BOARD: &str = "/?factory=plant&window=all-time";

#[tokio::test]
async fn the_board_shows_what_was_ingested_without_a_reload() -> Result<()> {
    let andon = Andon::start(None).await?;
    shows_what_was_ingested(&andon, &andon.url(BOARD)).await
}

#[tokio::test]
async fn a_board_deployed_apart_shows_what_was_ingested_without_a_reload() -> Result<()> {
    let (andon, board) = deployed_apart().await?;
    shows_what_was_ingested(&andon, &board).await
}

#[tokio::test]
async fn the_board_recovers_with_the_right_numbers_after_the_server_was_killed() -> Result<()> {
    let mut andon = Andon::start(None).await?;
    let board = andon.url(BOARD);
    recovers_after_a_kill(&mut andon, &board).await
}

#[tokio::test]
async fn a_board_deployed_apart_recovers_with_the_right_numbers_after_the_server_was_killed() -> Result<()> {
    let (mut andon, board) = deployed_apart().await?;
    recovers_after_a_kill(&mut andon, &board).await
}

#[tokio::test]
async fn the_board_says_that_it_is_cut_off_and_catches_up_afterwards() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(BOARD)).await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.mark().await?;

    page.set_network(Network::Cut).await?;
    page.wait_for_connection("disconnected").await?;
    andon.ingest("plant", json!([worked("W2", "2026-01-05T08:00:00Z", 15, 3)])).await?;
    page.set_network(Network::Open).await?;
    page.wait_for_connection("live").await?;
    page.wait_for_number("productive-minutes", 45.0).await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

async fn shows_what_was_ingested(andon: &Andon, board: &str) -> Result<()> {
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    let chrome = browser().await?;
    let page = chrome.open(board).await?;
    page.wait_for_connection("live").await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.wait_for_number("units-produced", 12.0).await?;
    page.mark().await?;

    let occupied = json!({
        "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKSTATION", "entityId": "S1",
        "eventType": "WORKING", "durationMinutes": 60, "unitsProduced": 21
    });
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:30:00Z", 30, 18), occupied])).await?;
    page.wait_for_number("productive-minutes", 60.0).await?;
    page.wait_for_number("units-produced", 30.0).await?;
    page.wait_for_number("average-utilization", 100.0).await?;
    page.wait_for_number("average-production-rate", 30.0).await?;
    page.wait_for_cell("worker-row-W1", "working", 60.0).await?;
    page.wait_for_cell("worker-row-W1", "units-per-hour", 30.0).await?;
    page.wait_for_cell("workstation-row-S1", "occupied", 60.0).await?;
    page.wait_for_cell("workstation-row-S1", "throughput-per-hour", 21.0).await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

async fn recovers_after_a_kill(andon: &mut Andon, board: &str) -> Result<()> {
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    let chrome = browser().await?;
    let page = chrome.open(board).await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.mark().await?;

    andon.kill().await?;
    page.wait_for_connection("disconnected").await?;

    andon.start_again().await?;
    andon.ingest("plant", json!([worked("W2", "2026-01-05T08:00:00Z", 15, 3)])).await?;
    page.wait_for_connection("live").await?;
    page.wait_for_number("productive-minutes", 45.0).await?;
    page.wait_for_number("units-produced", 15.0).await?;
    page.wait_for_cell("worker-row-W1", "working", 30.0).await?;
    page.wait_for_cell("worker-row-W2", "working", 15.0).await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

/// A server, and the board's address on another origin than the server's.
async fn deployed_apart() -> Result<(Andon, String)> {
    let (listener, origin) = static_host::listen().await;
    let andon = Andon::start(Some(origin.clone())).await?;
    static_host::serve(listener, &andon.url(""));
    Ok((andon, format!("{origin}{BOARD}")))
}

/// An event of a worker who worked.
pub(crate) fn worked(worker: &str, timestamp: &str, duration_minutes: u32, units: u32) -> Value {
    json!({
        "timestamp": timestamp, "entityType": "WORKER", "entityId": worker,
        "eventType": "WORKING", "durationMinutes": duration_minutes, "unitsProduced": units
    })
}
