//! Who is let in, for how long, and what they may do then.

mod audit_log;
mod browser;
mod changes;
mod commands;
mod connections;
mod elsewhere;
mod kills;
mod limits;
mod looks;
mod oidc;
mod roles;
mod sign_in;
mod tokens;

use domain::access::Role;
use serde_json::{Value, json};
use server::store::{access::Access, factories::NewFactory};

use crate::harness::{Caller, TestServer};

/// The day of which everything is.
const NOW: &str = "2026-01-05T12:00:00Z";

const METRICS: &str = "query($f: ID!) { factoryMetrics(factoryId: $f) { unitsProduced } }";

/// A server that lets in only who proves who they are, with factories of these names.
async fn closed(factories: &[&str]) -> TestServer {
    let server = TestServer::closed_at(NOW).await;
    for name in factories {
        create_factory(&server, name).await;
    }
    server
}

async fn create_factory(server: &TestServer, name: &str) {
    let new = NewFactory {
        slug: (*name).into(),
        name: name.to_owned(),
        time_zone: domain::zone::Zone::UTC,
        units_basis: domain::metric::UnitsBasis::Workers,
        state_hold_minutes: 60,
        finality_grace_hours: 24,
        smallest_team: 2,
    };
    let created = server.app.store.create_factory(&Access::OPEN, new, &server.author()).await;
    created.expect("a commit").expect("a factory");
}

/// Sends an hour of work of each of these workers as a device.
async fn send(server: &TestServer, device: &Caller, factory: &str, workers: &[&str]) -> Value {
    let events: Vec<Value> = workers
        .iter()
        .map(|worker| {
            json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": worker,
                "eventType": "WORKING", "durationMinutes": 60, "unitsProduced": 7, "workstationId": "S1" })
        })
        .collect();
    let query = "mutation($f: ID!, $events: [EventInput!]!) { ingestEvents(factoryId: $f, events: $events) { accepted } }";
    server.answer_to(device, query, json!({ "f": factory, "events": events })).await
}

/// A device of a factory that has sent an hour of work of two workers.
async fn device_of(server: &TestServer, factory: &str) -> Caller {
    let device = server.token(factory, Role::Device, "cam-1").await;
    let sent = send(server, &device, factory, &["W1", "W2"]).await;
    assert_eq!(sent, json!({ "data": { "ingestEvents": { "accepted": 2 } } }));
    device
}
