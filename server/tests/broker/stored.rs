//! What a database holds, and what it must hold.

use domain::{
    MS_PER_DAY,
    event::RawEvent,
    simulation::{Cameras, SimulatedFactory},
};
use private_postgres::Cluster;
use serde_json::{Value, json};

use crate::harness::{Program, T0_MS, TestDatabase, TestServer, until};

/// The first events of a week of one camera: no two have the same identity.
pub(crate) fn events(count: usize) -> Vec<RawEvent> {
    let factory = SimulatedFactory { seed: 7, zone: domain::zone::Zone::UTC, cameras: Cameras::One };
    let mut events = factory.events(T0_MS, T0_MS + 7 * MS_PER_DAY);
    events.truncate(count);
    assert_eq!(events.len(), count);
    events
}

/// A message of one event.
pub(crate) fn one(event: &RawEvent) -> String {
    serde_json::to_string(event).expect("JSON")
}

/// A message of several: a list, or lines.
pub(crate) fn many(events: &[RawEvent], number: usize) -> String {
    if number.is_multiple_of(2) {
        serde_json::to_string(events).expect("JSON")
    } else {
        events.iter().map(|event| one(event) + "\n").collect()
    }
}

/// An SQLite file with the factory "plant".
pub(crate) async fn sqlite() -> TestDatabase {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    server.stop().await
}

/// A PostgreSQL with the factory "plant", and the URL of its database.
pub(crate) async fn postgres() -> (Cluster, TestDatabase) {
    let cluster = Cluster::start().expect("a PostgreSQL");
    let database = TestDatabase::at(cluster.url("postgres"));
    let server = Program::serve(database.url(), &[]).await;
    create_plant(&server).await;
    assert!(server.terminate().await.0.success());
    (cluster, database)
}

async fn create_plant(server: &Program) {
    let query = "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { id } }";
    server.ask(query, json!({ "input": { "id": "plant", "name": "plant", "timeZone": "UTC" } })).await;
}

/// Sends events by HTTP and answers with the counts.
pub(crate) async fn post(server: &Program, events: &[RawEvent]) -> Value {
    let query = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) \
                 { accepted duplicates conflicts rejected } }";
    server.ask(query, json!({ "events": events })).await["ingestEvents"].take()
}

/// How many events are stored, and the sum of their units.
pub(crate) async fn stored(database: &TestDatabase) -> (usize, i64) {
    let mut conn = database.connect().await;
    let rows =
        conn.rows("SELECT CAST(COUNT(*) AS TEXT), CAST(COALESCE(SUM(units), 0) AS TEXT) FROM event").await;
    conn.close().await;
    let number = |column: usize| rows[0][column].as_deref().expect("a number").parse().expect("a number");
    (number(0) as usize, number(1))
}

/// Waits until so many events are stored.
pub(crate) async fn until_stored(database: &TestDatabase, count: usize) {
    until(&format!("{count} events"), async || stored(database).await.0 >= count).await;
}

/// Checks that exactly these events are stored, none of them twice or in other words, and that every sum is right.
pub(crate) async fn assert_stored(database: &TestDatabase, events: &[RawEvent]) {
    let units = events.iter().map(|event| event.units_produced).sum();
    assert_eq!(stored(database).await, (events.len(), units));
    let mut conn = database.connect().await;
    let conflicts = conn.rows("SELECT CAST(COUNT(*) AS TEXT) FROM event_conflict").await;
    conn.close().await;
    assert_eq!(conflicts[0][0].as_deref(), Some("0"));
    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
}

/// Creates a factory beside the plant.
pub(crate) async fn create_other(server: &Program) {
    let create = "mutation { createFactory(input: {id: \"other\", name: \"Other\"}) { factoryId } }";
    server.ask(create, json!({})).await;
}
