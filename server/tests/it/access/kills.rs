//! A server that is killed at any moment has made a change and written it down, or neither.

use std::{process::Stdio, time::Duration};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use test_harness::rounds;

use crate::harness::{Program, TestDatabase, soon};

const KILLS: usize = 3;
const LATEST_KILL_MS: u64 = 400;

/// Creates one token after another, as somebody else each time, until the server is gone; how many were answered.
async fn create_tokens(url: String, token: String, round: usize) -> usize {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for number in 0.. {
        let query = "mutation($name: String!) { createToken(input: {factoryId: \"plant\", kind: DEVICE, name: $name}) { secret } }";
        let body = json!({ "query": query, "variables": { "name": format!("cam-{round}-{number}") } });
        let request = client.post(format!("{url}/graphql")).header("content-type", "application/json");
        let Ok(response) = request.bearer_auth(&token).body(body.to_string()).send().await else {
            return number;
        };
        let Ok(answer) = response.json::<Value>().await else { return number };
        assert!(answer["data"]["createToken"]["secret"].is_string(), "{answer}");
    }
    unreachable!("numbers do not end")
}

async fn command(database: &TestDatabase, arguments: &[&str]) -> (bool, String) {
    let mut command = Program::command(arguments);
    command.args(["--database-url", database.url()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = soon("the command", command.output()).await.expect("an exit status");
    (output.status.success(), String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test]
async fn a_change_and_its_entry_in_the_audit_log_are_both_there_after_a_kill_or_neither() {
    let server = super::closed(&["plant"]).await;
    let database = server.stop().await;
    let (is_done, token) = command(
        &database,
        &["token", "create", "--factory", "plant", "--service", "root", "--role", "admin"],
    )
    .await;
    assert!(is_done);
    let token = token.trim().to_owned();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut answered = 0;
    for round in 0..rounds(KILLS) {
        let mut program = Program::serve(database.url(), &["--access", "required"]).await;
        let creating = tokio::spawn(create_tokens(program.url.clone(), token.clone(), round));
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_MS))).await;
        soon("the kill", program.child.kill()).await.expect("a killed process");
        answered += soon("the end of the client", creating).await.expect("no panic");
    }
    let mut conn = database.connect().await;
    let count = async |conn: &mut crate::harness::Connection, sql: &str| -> usize {
        let rows = conn.rows(sql).await;
        rows[0][0].as_deref().expect("a number").parse().expect("a number")
    };
    let tokens = count(&mut conn, "SELECT COUNT(*) FROM credential WHERE kind = 0").await;
    let written =
        count(&mut conn, "SELECT COUNT(*) FROM audit_log WHERE factory_id = 1 AND action = 11").await;
    conn.close().await;
    println!("{tokens} tokens, {answered} of them answered");
    assert_eq!(tokens, written);
    assert!(tokens > answered, "what was answered is there, and the token of the command line");
    let (is_well, said) = command(&database, &["audit-log", "verify"]).await;
    assert!(is_well, "{said}");
}
