//! What must be true in the end, whatever happened: every accepted event is exactly one of stored, duplicate, queued,
//! dead-lettered and lost with a receipt, and every number is that of the stored events.

use domain::{
    MS_PER_DAY,
    event::RawEvent,
    simulation::{Cameras, SimulatedFactory},
};
use edge::spool::Counts;
use serde_json::{Value, json};
use server::clock::Clock;

use crate::{
    agent::Place,
    harness::{Program, T0_MS, TestDatabase, TestServer, patient},
};

/// Every number of a factory that does not depend on how its events came.
const NUMBERS: &str = "query { \
    factoryMetrics(factoryId: \"plant\") { productiveMinutes idleMinutes absentMinutes unitsProduced workerUnitsProduced \
      workstationUnitsProduced averageUtilization utilization averageProductionRate activeWorkers activeWorkstations } \
    workerMetrics(factoryId: \"plant\") { workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes \
      utilization unitsProduced unitsPerHour meanConfidence lastSeenAt current { eventType since until confidence } } } \
    workstationMetrics(factoryId: \"plant\") { workstations { workstationId occupiedMinutes idleMinutes absentMinutes \
      overlapMinutes utilization unitsProduced throughputPerHour meanConfidence lastSeenAt } } }";

const DEVICES: &str = "query { devices(factoryId: \"plant\") { deviceId state receivedUpTo missingEvents holes { firstSequence } \
    stored { firstSequence lastSequence } refused { firstSequence lastSequence } \
    closed { firstSequence lastSequence reason missingEvents detail } \
    clockOffsetMs queuedEvents lostEvents deadLetteredEvents warnings } }";

/// The first events of a week of two cameras that see the same things, as they are posted.
pub(crate) fn events(count: usize) -> Vec<Value> {
    let factory =
        SimulatedFactory { seed: 1, zone: domain::zone::Zone::UTC, cameras: Cameras::TwoThatOverlap };
    let events: Vec<RawEvent> = factory.events(T0_MS, T0_MS + 7 * MS_PER_DAY);
    assert!(count <= events.len(), "the week has {} events", events.len());
    events[..count].iter().map(|event| serde_json::to_value(event).expect("JSON")).collect()
}

/// A database with the factory `plant`.
pub(crate) async fn plant() -> TestDatabase {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    server.stop().await
}

/// What the server says of its one device.
pub(crate) async fn device(server: &Program) -> Value {
    let mut devices = server.ask(DEVICES, json!({})).await["devices"].take();
    assert_eq!(devices.as_array().map(Vec::len), Some(1), "{devices}");
    devices[0].take()
}

/// How many events are stored.
pub(crate) async fn stored(database: &TestDatabase) -> usize {
    let mut connection = database.connect().await;
    let rows = connection.rows("SELECT CAST(count(*) AS TEXT) FROM event").await;
    connection.close().await;
    rows[0][0].as_ref().expect("a count").parse().expect("a number")
}

/// The spool's own books must balance.
pub(crate) fn assert_balanced(counts: &Counts) {
    assert_eq!(
        counts.accepted,
        counts.delivered + counts.queued + counts.dead_lettered + counts.lost,
        "{counts:?}"
    );
}

/// With both at rest: everything is stored once, nothing else is, every sum can be recomputed, and the numbers are those
/// of a server to which the events were brought directly.
pub(crate) async fn assert_all_stored(place: &Place, database: TestDatabase, events: &[Value]) -> Counts {
    let counts = place.counts().await;
    assert_balanced(&counts);
    assert_eq!((counts.queued, counts.dead_lettered, counts.lost_events()), (0, 0, 0), "{counts:?}");
    assert_eq!(stored(&database).await, events.len());
    assert_numbers(database, events).await;
    counts
}

/// The numbers of a database must be those of these events, and must be recomputed alike.
pub(crate) async fn assert_numbers(database: TestDatabase, events: &[Value]) {
    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    let survivor = TestServer::on(database, Clock::System, patient()).await;
    let direct = TestServer::start().await;
    direct.create_factory("plant").await;
    for batch in events.chunks(1_000) {
        let receipt = direct.ingest("plant", json!(batch)).await;
        assert_eq!(receipt["accepted"], batch.len(), "{receipt}");
    }
    assert_eq!(survivor.ask(NUMBERS, json!({})).await, direct.ask(NUMBERS, json!({})).await);
}
