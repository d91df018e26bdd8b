//! Stopping, starting again, and the command line.

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use server::clock::Clock;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::harness::{Closed, Program, Socket, TestDatabase, TestServer, patient, soon};

fn events(count: usize) -> Value {
    let event = |minute: usize| {
        json!({ "timestamp": format!("2026-01-05T08:{minute:02}:00Z"), "entityType": "WORKER", "entityId": "W1",
                "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 1 })
    };
    (0..count).map(event).collect()
}

async fn output(arguments: &[&str]) -> Output {
    let mut command = Program::command(arguments);
    soon("the end", command.stdout(Stdio::piped()).stderr(Stdio::piped()).output())
        .await
        .expect("an exit status")
}

#[tokio::test]
async fn a_drain_closes_sockets_with_1001_and_keeps_what_was_accepted() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let mut socket = server.socket().await;
    let accepted = server.ingest("plant", events(50)).await;
    assert_eq!(accepted["accepted"], 50);
    server.begin_to_stop();
    assert_eq!(socket.closed().await.code, 1001);
    let database = server.stop().await;
    let again = TestServer::on(database, Clock::System, patient()).await;
    let metrics = again.ask("{ factoryMetrics(factoryId: \"plant\") { unitsProduced } }", json!({})).await;
    assert_eq!(metrics["factoryMetrics"]["unitsProduced"], 50);
}

#[tokio::test]
async fn what_was_answered_before_or_during_a_drain_is_stored() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let mut sending = JoinSet::new();
    for event in events(60).as_array().expect("a list") {
        let query = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
        let body = json!({ "query": query, "variables": { "events": [event] } });
        sending.spawn(server.request(body.to_string()).send());
    }
    let mut answered = 0;
    while let Some(sent) = soon("an answer", sending.join_next()).await {
        server.begin_to_stop();
        // Whoever comes too late finds no server, or one that asks to come back.
        let Ok(response) = sent.expect("no panic") else { continue };
        let Ok(answer) = response.json::<Value>().await else { continue };
        answered += answer["data"]["ingestEvents"]["accepted"].as_i64().unwrap_or(0);
    }
    assert!(answered > 0);
    let again = TestServer::on(server.stop().await, Clock::System, patient()).await;
    let metrics = again.ask("{ factoryMetrics(factoryId: \"plant\") { unitsProduced } }", json!({})).await;
    let stored = metrics["factoryMetrics"]["unitsProduced"].as_i64().expect("a number");
    assert!((answered..=60).contains(&stored), "{answered} were answered, {stored} are stored");
}

#[tokio::test]
async fn a_drain_ends_although_a_peer_neither_reads_nor_answers() {
    let server = TestServer::start().await;
    let _silent = server.socket().await;
    let mut half = TcpStream::connect(server.address).await.expect("a connection");
    half.write_all(b"POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\n")
        .await
        .expect("half a request");
    server.stop().await;
}

#[tokio::test]
async fn sigterm_ends_the_program_with_0_after_a_drain() {
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &[]).await;
    let address = program.url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let mut socket = Socket::acknowledged(address).await;
    let (end, closed) = tokio::join!(program.terminate(), socket.closed());
    assert_eq!(closed, Closed { code: 1001, reason: "the server is stopping; connect again".to_owned() });
    let (status, log) = end;
    assert_eq!(status.code(), Some(0), "{log:?}");
}

#[tokio::test]
async fn a_life_without_trouble_logs_no_warning() {
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &[]).await;
    let client = reqwest::Client::new();
    for query in [
        "mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { id } }",
        "mutation { ingestEvents(factoryId: \"plant\", events: [{timestamp: \"2026-01-05T08:00:00Z\", entityType: WORKER, \
         entityId: \"W1\", eventType: WORKING, durationMinutes: 5}]) { accepted } }",
        "{ workerMetrics(factoryId: \"plant\") { revision } }",
    ] {
        let body = json!({ "query": query }).to_string();
        let request =
            client.post(format!("{}/graphql", program.url)).header("content-type", "application/json");
        let response = request.body(body).send().await.expect("a response");
        let answer: Value = response.json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{answer}");
    }
    let (status, log) = program.terminate().await;
    assert!(status.success(), "{log:?}");
    let troubles: Vec<&String> =
        log.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    assert!(troubles.is_empty(), "{troubles:?}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let database = TestDatabase::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = output(&["serve", "--listen", &address, "--database-url", database.url()]).await;
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(
        message.contains(&format!("cannot listen on {address}")) && message.contains("--listen"),
        "{message}"
    );
}

#[tokio::test]
async fn wrong_options_are_explained() {
    for (arguments, explanation) in [
        (&["serve", "--listen", "8000"][..], "127.0.0.1:8000"),
        (&["serve", "--allow-origin", "board.example"], "is not an origin"),
        (&["serve", "--max-clock-skew-minutes", "ten"], "max-clock-skew-minutes"),
        (&["serve", "--database-url", "mysql://somewhere"], "sqlite://"),
        (&["serve", "--database-url", "nonsense"], "sqlite://"),
        (&["audit", "--database-url", "nonsense"], "sqlite://"),
        (&["paint"], "paint"),
    ] {
        let refused = output(arguments).await;
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && message.contains(explanation), "{arguments:?}: {message}");
    }
}

#[tokio::test]
async fn an_audit_that_cannot_run_exits_with_2_and_a_clean_one_with_0() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    let not_run = output(&["audit", "--database-url", &server.database.missing()]).await;
    assert_eq!(not_run.status.code(), Some(2), "{}", String::from_utf8_lossy(&not_run.stderr));
    server.create_factory("plant").await;
    server.ingest("plant", events(50)).await;
    // Also while a server runs on the database.
    let clean = output(&["audit", "--database-url", &server.database_url()]).await;
    assert_eq!(clean.status.code(), Some(0), "{}", String::from_utf8_lossy(&clean.stderr));
}

#[tokio::test]
async fn the_schema_is_printed() {
    let schema = output(&["schema"]).await;
    assert!(schema.status.success());
    let text = String::from_utf8(schema.stdout).expect("text");
    assert!(text.contains("type Subscription") && text.contains("ingestEvents"), "{text:.200}");
}

#[tokio::test]
async fn every_option_is_an_environment_variable_and_a_demo_that_is_false_is_off() {
    let database = TestDatabase::new().await;
    let mut command = Program::command(&["serve"]);
    command.env("ANDON_LISTEN", "127.0.0.1:0").env("DATABASE_URL", database.url());
    command.env("ANDON_DEMO", "false").env("ANDON_MAX_CLOCK_SKEW_MINUTES", "0");
    command.env("ANDON_ALLOW_ORIGIN", "https://a.example,https://b.example");
    let program = Program::start(command).await;
    let request = reqwest::Client::new().get(format!("{}/graphql?query={{factories{{id}}}}", program.url));
    let response = request.header("origin", "https://b.example").send().await.expect("a response");
    assert_eq!(response.headers()["access-control-allow-origin"], "https://b.example");
    assert_eq!(response.text().await.expect("text"), r#"{"data":{"factories":[]}}"#);
}
