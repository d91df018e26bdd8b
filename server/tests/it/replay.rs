//! `andon-edge replay` against the real server: whatever way a file takes, the numbers are those of its events.

use std::fmt::Write as _;

use domain::zone::Zone;
use domain::{
    MS_PER_DAY,
    event::RawEvent,
    simulation::{Cameras, DeliveryFaults, SimulatedFactory, deliver},
};
use edge::{
    outlet::server::Server,
    replay::{Plan, Report, progress::Progress, replay},
    retry::DEFAULT_RETRY_FOR,
};
use serde_json::json;

use crate::harness::{TestServer, millis};

/// A day long past, so that its events are valid whatever the day is.
const DAY: &str = "2024-01-08T00:00:00Z";
/// Every number of a factory that does not depend on how its events came.
const NUMBERS: &str = "query($id: ID!) { \
    factoryMetrics(factoryId: $id) { productiveMinutes idleMinutes absentMinutes unitsProduced workerUnitsProduced \
      workstationUnitsProduced averageUtilization utilization averageProductionRate activeWorkers activeWorkstations } \
    workerMetrics(factoryId: $id) { workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes utilization \
      unitsProduced unitsPerHour meanConfidence lastSeenAt current { eventType since until confidence } } } \
    workstationMetrics(factoryId: $id) { workstations { workstationId occupiedMinutes idleMinutes absentMinutes \
      overlapMinutes utilization unitsProduced throughputPerHour meanConfidence lastSeenAt } } }";

/// A day of a factory with two cameras that overlap.
fn events() -> Vec<RawEvent> {
    let factory = SimulatedFactory { seed: 7, zone: Zone::UTC, cameras: Cameras::TwoThatOverlap };
    factory.events(millis(DAY).0, millis(DAY).0 + MS_PER_DAY)
}

/// Events as a file of lines.
fn lines(events: &[RawEvent]) -> Vec<String> {
    events.iter().map(|event| serde_json::to_string(event).expect("JSON")).collect()
}

async fn replayed(
    lines: &[String],
    url: &str,
    factory: &str,
    batch_events: usize,
    connections: usize,
) -> Report {
    let server = Server::new(url, factory).expect("an address").without_compression();
    let plan =
        Plan { server, retry_for: DEFAULT_RETRY_FOR, batch_events, connections, mapping: None, topic: None };
    let file = std::io::Cursor::new(lines.join("\n").into_bytes());
    replay(file, &plan, Progress::silent()).await
}

/// The text of the answer, so that numbers are compared to their last digit.
async fn numbers(client: &reqwest::Client, url: &str, factory: &str) -> String {
    let body = json!({ "query": NUMBERS, "variables": { "id": factory } });
    let response = client.post(format!("{url}/graphql")).json(&body).send().await.expect("a response");
    response.text().await.expect("an answer").replace(&format!("\"{factory}\""), "\"\"")
}

#[tokio::test]
async fn a_replay_gives_the_same_numbers_whatever_its_order_batches_and_connections() {
    let server = TestServer::start().await;
    let in_order = lines(&events());
    let count = in_order.len() as u64;
    server.create_factory("plain").await;
    let report = replayed(&in_order, &server.url(""), "plain", 1_000, 1).await;
    assert_eq!(
        report.summary.to_string(),
        format!("accepted {count}, duplicates 0, conflicts 0, rejected 0")
    );
    assert_eq!(report.exit_code(), 0);
    let plain = numbers(&server.client, &server.url(""), "plain").await;
    assert!(plain.contains("\"W6\"") && plain.contains("\"S6\""), "{plain}");

    let again = replayed(&in_order, &server.url(""), "plain", 333, 2).await;
    assert_eq!(again.summary.to_string(), format!("accepted 0, duplicates {count}, conflicts 0, rejected 0"));
    assert_eq!(numbers(&server.client, &server.url(""), "plain").await, plain);

    server.create_factory("shuffled").await;
    let faults = DeliveryFaults { duplicate_share: 0.3, late_share: 0.0, shuffle: true, batch_sizes: 1..=1 };
    let shuffled = lines(&deliver(&events(), &faults, 1).concat());
    let report = replayed(&shuffled, &server.url(""), "shuffled", 31, 4).await;
    assert_eq!(report.summary.accepted, count);
    assert_eq!(report.exit_code(), 0);
    assert_eq!(numbers(&server.client, &server.url(""), "shuffled").await, plain);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn an_unknown_factory_stops_the_replay_in_the_servers_words() {
    let server = TestServer::start().await;
    let report = replayed(&lines(&events()), &server.url(""), "nowhere", 100, 1).await;
    let stops: Vec<String> = report.stops.iter().map(ToString::to_string).collect();
    assert_eq!(stops.len(), 1);
    assert!(stops[0].starts_with("stopped at lines 1 to 100: the server refused it: "), "{}", stops[0]);
    assert!(stops[0].contains("nowhere") && stops[0].ends_with("(NOT_FOUND)"), "{}", stops[0]);
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test]
async fn whatever_a_line_may_hold_the_server_reads_it_and_judges_it_alone() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let mut file = Vec::new();
    let mut expected = String::new();
    for (change, code) in [
        (r#""eventId": 12"#, None),
        (r#""eventId": null, "confidence": null, "modelVersion": null, "sourceId": null"#, None),
        (r#""durationMinutes": -0.0, "eventId": "zero""#, None),
        (r#""entityId": "\u0050\ud83d\ude00 مصنع""#, None),
        (r#""timestamp": "yesterday""#, Some("TIMESTAMP_INVALID")),
        (r#""timestamp": """#, Some("TIMESTAMP_INVALID")),
        (r#""entityId": "a\nb""#, Some("ENTITY_ID_INVALID")),
        (r#""entityId": -9223372036854775808"#, None),
        (r#""durationMinutes": 1.7976931348623157e308"#, Some("DURATION_OUT_OF_RANGE")),
        (r#""durationMinutes": 18446744073709551616"#, Some("DURATION_OUT_OF_RANGE")),
        (r#""unitsProduced": -2147483648"#, Some("UNITS_OUT_OF_RANGE")),
        (r#""unitsProduced": 2147483647"#, Some("UNITS_OUT_OF_RANGE")),
        (r#""unitsProduced": 2147483648"#, Some("UNITS_OUT_OF_RANGE")),
        (r#""confidence": 1e-400"#, None),
        (r#""confidence": 1e400"#, Some("MALFORMED_LINE")),
        (r#""eventType": "working""#, Some("MALFORMED_LINE")),
        (r#""entityId": "\ud800""#, Some("MALFORMED_LINE")),
    ] {
        file.push(line_with(change, file.len()));
        if let Some(code) = code {
            writeln!(expected, "line {}: {code}", file.len()).expect("a text grows");
        }
    }
    let report = replayed(&file, &server.url(""), "plant", 1_000, 1).await;
    assert!(report.stops.is_empty(), "{:?}", report.stops);
    let said = report.summary.to_string();
    let codes: String = said
        .lines()
        .filter_map(|line| line.strip_prefix("line "))
        .filter_map(|line| {
            line.splitn(3, ": ")
                .collect::<Vec<_>>()
                .get(..2)
                .map(|said| format!("line {}\n", said.join(": ")))
        })
        .collect();
    assert_eq!(codes, expected, "{said}");
    assert_eq!(report.summary.accepted, 6, "{said}");
}

/// A valid line with these members instead of its own; each line has a start of its own.
fn line_with(change: &str, minute: usize) -> String {
    let own = [
        ("timestamp", format!("\"2024-01-08T08:{minute:02}:00Z\"")),
        ("entityType", "\"WORKER\"".to_owned()),
        ("entityId", "\"W1\"".to_owned()),
        ("eventType", "\"WORKING\"".to_owned()),
        ("durationMinutes", "1".to_owned()),
    ];
    let kept = own.iter().filter(|(name, _)| !change.contains(&format!("\"{name}\":")));
    let members: Vec<_> = kept.map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}, {change}}}", members.join(", "))
}
