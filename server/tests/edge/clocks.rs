//! Clocks that are a day off: events stay as they were stamped, and both sides say so.

use chrono::Utc;
use domain::MS_PER_DAY;
use domain::time::TimestampMs;
use serde_json::json;
use server::clock::Clock;

use crate::{
    agent::Place,
    gateway::{Fate, Gateway},
    harness::{Program, TestServer, patient},
    ledger::{assert_all_stored, assert_numbers, events, plant},
};

#[tokio::test]
async fn a_device_a_day_off_in_either_direction_is_seen_and_its_events_stay_as_they_are() {
    for off_ms in [MS_PER_DAY, -MS_PER_DAY] {
        let place = Place::new();
        let now_ms = Utc::now().timestamp_millis();
        let server =
            TestServer::on(plant().await, Clock::manual(TimestampMs(now_ms + off_ms)), patient()).await;
        let agent = place.start(&server.url(""), &[]).await;
        let events = events(200);
        agent.accept(&events).await;
        agent.until_drained().await;
        let query = "{ devices(factoryId: \"plant\") { clockOffsetMs warnings missingEvents } }";
        let device = server.ask(query, json!({})).await["devices"][0].take();
        let offset_ms = device["clockOffsetMs"].as_i64().expect("an offset");
        // The server's clock stands still while the test runs.
        assert!((offset_ms - off_ms).abs() < 60_000, "{device}");
        assert_eq!(
            (&device["warnings"], &device["missingEvents"]),
            (&json!(["CLOCK_OFF"]), &json!(0)),
            "{device}"
        );
        assert!(agent.terminate().await.0.success());
        assert_numbers(server.stop().await, &events).await;
    }
}

#[tokio::test]
async fn the_agent_warns_once_when_the_servers_clock_is_another() {
    for ahead_seconds in [86_400, -86_400] {
        let place = Place::new();
        let database = plant().await;
        let server = Program::serve(database.url(), &[]).await;
        let gateway = Gateway::before(&server.url, move |_| Fate::Date(ahead_seconds)).await;
        let agent = place.start(&gateway.url, &["--batch-events", "10"]).await;
        let events = events(100);
        agent.accept(&events).await;
        agent.until_drained().await;
        let offset = agent.metric("clock_offset_seconds").await;
        assert!((offset - ahead_seconds as f64).abs() < 60.0, "{offset}");
        let (_, log) = agent.terminate().await;
        assert_eq!(
            log.iter().filter(|line| line.contains("clock and the server's differ by")).count(),
            1,
            "{log:#?}"
        );
        assert!(server.terminate().await.0.success());
        assert_all_stored(&place, database, &events).await;
    }
}
