//! The commands beside a running server.

use std::process::Stdio;

use reqwest::StatusCode;
use serde_json::json;

use super::METRICS;
use crate::harness::{Program, TestDatabase, soon, until};

/// What a command prints, which must succeed.
async fn printed(database: &TestDatabase, arguments: &[&str]) -> String {
    let (is_done, printed, said) = run(database, arguments).await;
    assert!(is_done, "{arguments:?}: {said}");
    printed
}

/// Whether a command succeeded, what it printed, and what it said to a person.
async fn run(database: &TestDatabase, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Program::command(arguments);
    command.args(["--database-url", database.url()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = soon("the command", command.output()).await.expect("an exit status");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_first_token_closes_a_server_that_was_open_and_lets_its_holder_in() {
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &[]).await;
    let create = "mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { id } }";
    program.ask(create, json!({})).await;
    let token =
        printed(&database, &["token", "create", "--factory", "plant", "--service", "bi", "--role", "viewer"])
            .await;
    let token = token.strip_suffix('\n').expect("the token alone on a line").to_owned();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = async |token: Option<&str>| {
        let mut request = client
            .post(format!("{}/graphql", program.url))
            .header("content-type", "application/json")
            .body(json!({ "query": METRICS, "variables": { "f": "plant" } }).to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        soon("an answer", request.send()).await.expect("a response").status()
    };
    until("the end of openness", async || ask(None).await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(ask(Some(&token)).await, StatusCode::OK);
    let listed = printed(&database, &["token", "list", "--factory", "plant"]).await;
    assert!(listed.starts_with("1\tbi\tviewer\tvalid until "), "{listed}");
    let rotated =
        printed(&database, &["token", "rotate", "--factory", "plant", "1", "--overlap-hours", "0"]).await;
    until("the end of the first token", async || ask(Some(&token)).await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(ask(Some(rotated.trim())).await, StatusCode::OK);
    printed(&database, &["token", "revoke", "--factory", "plant", "2"]).await;
    until("the revocation", async || ask(Some(rotated.trim())).await == StatusCode::UNAUTHORIZED).await;
    let (_, log) = program.terminate().await;
    for secret in [token.as_str(), rotated.trim()] {
        assert!(!log.iter().any(|line| line.contains(secret)), "{log:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_open_by_default_refuses_what_a_proxy_brings() {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for (arguments, is_refused) in [
        (&[][..], true),
        (&["--access", "open"][..], false),
        (&["--trusted-proxies", "127.0.0.1"][..], false),
    ] {
        let database = TestDatabase::new().await;
        let program = Program::serve(database.url(), arguments).await;
        for header in ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"] {
            let request = client
                .post(format!("{}/graphql", program.url))
                .header("content-type", "application/json")
                .header(header, "192.0.2.7")
                .body(json!({ "query": "{ factories { id } }" }).to_string());
            let status = soon("an answer", request.send()).await.expect("a response").status();
            let expected = if is_refused { StatusCode::FORBIDDEN } else { StatusCode::OK };
            assert_eq!(status, expected, "{arguments:?} {header}");
        }
    }
}

#[tokio::test]
async fn people_are_created_granted_roles_and_disabled() {
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &["--access", "open"]).await;
    let create = "mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { id } }";
    program.ask(create, json!({})).await;
    printed(&database, &["person", "create", "Kim Miller", "--operator"]).await;
    let (is_done, _, said) = run(&database, &["person", "create", "Kim Miller"]).await;
    assert!(!is_done && said.contains("already a person of this name"), "{said}");
    printed(
        &database,
        &["grant", "add", "--factory", "plant", "--person", "Kim Miller", "--role", "supervisor"],
    )
    .await;
    assert_eq!(
        printed(&database, &["grant", "list", "--factory", "plant"]).await,
        "Kim Miller\tsupervisor\t\n"
    );
    printed(
        &database,
        &["grant", "remove", "--factory", "plant", "--person", "Kim Miller", "--role", "supervisor"],
    )
    .await;
    assert_eq!(printed(&database, &["grant", "list", "--factory", "plant"]).await, "");
    assert_eq!(printed(&database, &["person", "list"]).await, "Kim Miller\toperator\t\n");
    printed(&database, &["person", "disable", "Kim Miller"]).await;
    assert!(printed(&database, &["person", "list"]).await.contains("disabled since"));
    for (arguments, words) in [
        (
            &["token", "create", "--factory", "nowhere", "--device", "cam-1"][..],
            "there is no factory \"nowhere\"",
        ),
        (&["token", "revoke", "--factory", "plant", "9"], "token 9: there is none"),
        (
            &["grant", "add", "--factory", "plant", "--person", "Nobody", "--role", "admin"],
            "\"Nobody\": there is none",
        ),
        (
            &["grant", "add", "--factory", "plant", "--person", "Kim Miller", "--role", "device"],
            "the roles of people are",
        ),
    ] {
        let (is_done, printed, said) = run(&database, arguments).await;
        assert!(!is_done && printed.is_empty() && said.contains(words), "{arguments:?}: {said}");
    }
    // An open server lets everybody in all the same.
    program.ask(METRICS, json!({ "f": "plant" })).await;
}
