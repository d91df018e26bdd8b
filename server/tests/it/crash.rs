//! A server that is killed at any moment loses nothing that it answered for and counts nothing twice.
//!
//! `ANDON_CRASHES` sets how often it is killed; the documented run has 20.

use std::{
    io::Cursor,
    process::{Output, Stdio},
    time::Duration,
};

use domain::{
    MS_PER_DAY,
    event::RawEvent,
    simulation::{Cameras, DeliveryFaults, SimulatedFactory, deliver},
};
use edge::{
    progress::Progress,
    replay::{Plan, Report, replay},
    send::Destination,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::{clock::Clock, http::Options};
use tokio::net::TcpSocket;

use crate::harness::{PATIENCE, Program, T0_MS, TestDatabase, TestServer, soon};

const CRASHES: usize = 4;
/// Between two kills: enough that the latest of them still finds the sender at work.
const EVENTS_PER_CRASH: usize = 800;
const LATEST_KILL_MS: u64 = 250;
/// By then a first start has made its tables.
const LATEST_KILL_OF_FIRST_START_MS: u64 = 100;
const FIRST_STARTS: usize = 15;
const LARGEST_BATCH: usize = 97;

const NUMBERS: &str = r#"
query($week: WindowInput!) {
    factoryMetrics(factoryId: "plant") { productiveMinutes idleMinutes absentMinutes workerUnitsProduced
        workstationUnitsProduced averageUtilization utilization averageProductionRate activeWorkers activeWorkstations }
    workerMetrics(factoryId: "plant") { workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes
        utilization unitsProduced unitsPerHour meanConfidence current { eventType since until confidence } lastSeenAt } }
    workstationMetrics(factoryId: "plant") { workstations { workstationId occupiedMinutes idleMinutes absentMinutes
        overlapMinutes utilization unitsProduced throughputPerHour meanConfidence
        current { eventType since until confidence } lastSeenAt } }
    days: metricSeries(factoryId: "plant", window: $week, resolution: DAY) { ...points }
    hours: metricSeries(factoryId: "plant", window: $week, resolution: HOUR) { ...points }
    fives: metricSeries(factoryId: "plant", window: { day: "2026-01-05" }, resolution: FIVE_MINUTES) { ...points }
}
fragment points on MetricSeries {
    points { from workingMinutes idleMinutes absentMinutes unitsProduced utilization unitsPerHour meanConfidence }
}"#;

fn crashes() -> usize {
    std::env::var("ANDON_CRASHES").map_or(CRASHES, |count| count.parse().expect("a whole number"))
}

/// The first events of a week of two cameras that see the same things.
fn events(count: usize) -> Vec<RawEvent> {
    let factory = SimulatedFactory { seed: 1, zone: chrono_tz::UTC, cameras: Cameras::TwoThatOverlap };
    let mut events = factory.events(T0_MS, T0_MS + 7 * MS_PER_DAY);
    events.truncate(count);
    events
}

/// How the events come in: shuffled, and many of them twice.
fn arrivals(events: &[RawEvent]) -> Vec<RawEvent> {
    let faults = DeliveryFaults {
        duplicate_share: 0.2,
        late_share: 0.2,
        shuffle: true,
        batch_sizes: 1..=LARGEST_BATCH,
    };
    deliver(events, &faults, 1).concat()
}

fn json_lines(events: &[RawEvent]) -> Vec<u8> {
    let line = |event| serde_json::to_string(event).expect("JSON") + "\n";
    events.iter().map(line).collect::<String>().into_bytes()
}

async fn send(url: &str, events: &[RawEvent], batch_events: usize) -> Report {
    let destination = Destination::new(url, "plant", PATIENCE).expect("an address");
    let plan = Plan { destination, batch_events, connections: 4 };
    replay(Cursor::new(json_lines(events)), &plan, Progress::silent()).await
}

async fn numbers(server: &TestServer) -> Value {
    let week = json!({ "range": { "from": "2026-01-05T00:00:00Z", "to": "2026-01-12T00:00:00Z" } });
    server.ask(NUMBERS, json!({ "week": week })).await
}

/// Every number of these events as they come, from a server that nobody kills.
async fn undisturbed_numbers(events: &[RawEvent]) -> Value {
    let server = TestServer::at("2026-01-19T00:00:00Z").await;
    server.create_factory("plant").await;
    for batch in events.chunks(LARGEST_BATCH) {
        assert_eq!(server.ingest("plant", json!(batch)).await["accepted"], batch.len());
    }
    numbers(&server).await
}

/// A port that stays ours while the server is down: a socket that is bound and never listens keeps others away from it,
/// and lets a server in that may reuse it.
fn reserved_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a socket that shares its port");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    socket
}

async fn audit(database_url: &str) -> Output {
    let mut command = Program::command(&["audit", "--database-url", database_url]);
    soon("the audit", command.stdout(Stdio::piped()).stderr(Stdio::piped()).output())
        .await
        .expect("an exit status")
}

#[tokio::test]
async fn a_server_killed_again_and_again_has_the_numbers_of_one_that_never_was() {
    let crashes = crashes();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let events = events(crashes * EVENTS_PER_CRASH);
    let arrivals = arrivals(&events);

    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let database = server.stop().await;
    let reserved = reserved_port();
    let listen = reserved.local_addr().expect("an address").to_string();
    let mut program = Program::serve_at(&listen, database.url(), &[]).await;
    let (mut struck, mut duplicates) = (0, 0);
    for part in arrivals.chunks(arrivals.len().div_ceil(crashes)) {
        let (url, part) = (program.url.clone(), part.to_vec());
        let batch_events = random.random_range(1..=LARGEST_BATCH);
        let sending = tokio::spawn(async move { send(&url, &part, batch_events).await });
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_MS))).await;
        struck += usize::from(!sending.is_finished());
        soon("the kill", program.child.kill()).await.expect("a killed process");
        program = Program::serve_at(&listen, database.url(), &[]).await;
        let report = soon("the rest of the part", sending).await.expect("no panic");
        assert_eq!(report.exit_code(), 0, "{report:?}");
        duplicates += report.summary.duplicates;
    }
    println!(
        "{crashes} kills, {struck} of them with batches on the way; {} arrivals, {duplicates} duplicates",
        arrivals.len()
    );
    assert!(program.terminate().await.0.success());

    let audit = audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    let survivor = TestServer::on(database, Clock::System, Options::default()).await;
    assert_eq!(numbers(&survivor).await, undisturbed_numbers(&events).await);
}

#[tokio::test]
async fn a_first_start_killed_at_any_moment_is_finished_by_the_next() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..FIRST_STARTS {
        let database = TestDatabase::new().await;
        let mut command =
            Program::command(&["serve", "--listen", "127.0.0.1:0", "--database-url", database.url()]);
        let mut first = command.stderr(Stdio::null()).spawn().expect("the program");
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_OF_FIRST_START_MS)))
            .await;
        soon("the kill", first.kill()).await.expect("a killed process");
        Program::serve(database.url(), &[]).await;
    }
}
