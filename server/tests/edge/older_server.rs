//! Servers of before senders and before compression get the events all the same.

use crate::{
    agent::Place,
    gateway::{Fate, Gateway, complains, says},
    harness::Program,
    ledger::{assert_all_stored, events, plant},
};

#[tokio::test]
async fn a_server_older_than_senders_gets_events_without_and_that_is_said_once() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let gateway = Gateway::before(&server.url, |request| {
        if request.is_compressed {
            // As such a server reads it: not JSON.
            return complains(400, "the body is not JSON", "BAD_USER_INPUT");
        }
        if request.body.contains("SenderInput") {
            let said =
                "Unknown argument \\\"sender\\\" on field \\\"ingestEvents\\\" of type \\\"Mutation\\\".";
            return says(200, &format!("{{\"data\":null,\"errors\":[{{\"message\":\"{said}\"}}]}}"));
        }
        if !request.is_delivery() {
            let said = "Unknown field \\\"devices\\\" on type \\\"Query\\\".";
            return says(200, &format!("{{\"data\":null,\"errors\":[{{\"message\":\"{said}\"}}]}}"));
        }
        Fate::Pass
    })
    .await;
    let agent = place.start(&gateway.url, &["--batch-events", "50"]).await;
    let events = events(500);
    agent.accept(&events).await;
    agent.until_drained().await;
    let (status, log) = agent.terminate().await;
    assert!(status.success());
    for said in ["older than this agent", "does not inflate"] {
        assert_eq!(log.iter().filter(|line| line.contains(said)).count(), 1, "{log:#?}");
    }
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
}
