//! An agent at a server that lets in only who proves who they are.

use std::process::Stdio;

use serde_json::Value;

use crate::{
    agent::{Agent, Place},
    harness::{Program, TestDatabase, soon, until},
    ledger::{events, plant, stored},
};

/// Creates a token for the agent beside the running server.
async fn token(database: &TestDatabase, device: &str) -> String {
    let arguments =
        ["token", "create", "--factory", "plant", "--device", device, "--database-url", database.url()];
    let mut command = Program::command(&arguments);
    let output = soon("a token", command.stdout(Stdio::piped()).output()).await.expect("an exit status");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn revoke(database: &TestDatabase, id: &str) {
    let arguments = ["token", "revoke", "--factory", "plant", id, "--database-url", database.url()];
    let status = soon("the revocation", Program::command(&arguments).status()).await.expect("an exit status");
    assert!(status.success());
}

#[tokio::test]
async fn an_agent_whose_token_is_revoked_keeps_its_events_and_delivers_them_with_the_next_one() {
    let database = plant().await;
    let server = Program::serve(database.url(), &["--access", "required"]).await;
    let place = Place::new();
    let file = place.file("token");
    std::fs::write(&file, token(&database, "edge-1").await).expect("a file");
    let agent = place.start(&server.url, &["--token-file", file.to_str().expect("a path")]).await;
    let events = events(30);
    agent.accept(&events[..10]).await;
    agent.until_drained().await;
    assert_eq!(stored(&database).await, 10);
    revoke(&database, "1").await;
    // The server hears of it within seconds; until then it takes what is sent.
    let mut sent = 10;
    until("the refusal", async || {
        if sent < 20 {
            agent.accept(&events[sent..=sent]).await;
            sent += 1;
        }
        agent.count("delivery_forbidden").await == 1
    })
    .await;
    agent.accept(&events[20..]).await;
    let failure = &place.status().await["failure"];
    assert_eq!(failure["isForbidden"], true, "{failure}");
    assert!(failure["reason"].as_str().is_some_and(|reason| reason.contains("UNAUTHENTICATED")), "{failure}");
    assert!(agent.count("queued_events").await >= 10);
    std::fs::write(&file, token(&database, "edge-1").await).expect("a file");
    agent.until_drained().await;
    assert_eq!(agent.count("delivery_forbidden").await, 0);
    assert_eq!(place.status().await["failure"], Value::Null);
    assert_eq!(stored(&database).await, sent + 10);
    let (_, log) = agent.terminate().await;
    let secret = std::fs::read_to_string(&file).expect("a token");
    assert!(!log.iter().any(|line| line.contains(secret.trim())), "{log:?}");
}

#[tokio::test]
async fn an_agent_without_a_token_and_one_with_that_of_another_device_keep_their_events() {
    let database = plant().await;
    let server = Program::serve(database.url(), &["--access", "required"]).await;
    let of_another = token(&database, "edge-2").await;
    for variable in [None, Some(of_another.trim())] {
        let place = Place::new();
        let mut command = place.command(&server.url, &["--listen", &place.address().to_string()]);
        if let Some(token) = variable {
            command.env("ANDON_TOKEN", token);
        }
        let agent = Agent::start(command).await;
        agent.accept(&events(5)).await;
        agent.until("delivery_forbidden", |forbidden| forbidden == 1).await;
        assert_eq!(agent.count("queued_events").await, 5);
    }
    assert_eq!(stored(&database).await, 0);
}

#[tokio::test]
async fn an_agent_takes_events_only_from_who_has_its_own_token_where_it_asks_for_one() {
    let place = Place::new();
    let file = place.file("input-token");
    std::fs::write(&file, "5f".repeat(32) + "\n").expect("a file");
    let arguments = ["--input-token-file", file.to_str().expect("a path")];
    let agent = place.start("http://127.0.0.1:9", &arguments).await;
    let body = Value::from(&events(3)[..]).to_string();
    let (status, answer) = agent.post(body.clone()).await.expect("an answer");
    assert_eq!((status, &answer["accepted"]), (401, &0.into()), "{answer}");
    for (token, status) in [("6f".repeat(32), 401), ("5f".repeat(32), 200)] {
        let request = agent.client.post(format!("{}/events", agent.url)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.clone());
        let response = soon("an answer", request.send()).await.expect("a response");
        assert_eq!(response.status().as_u16(), status);
    }
    // Whoever watches over it needs none.
    assert_eq!(agent.count("queued_events").await, 3);
    let (_, log) = agent.terminate().await;
    assert!(!log.iter().any(|line| line.contains("5f5f5f")), "{log:?}");
}
