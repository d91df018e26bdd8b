//! What was done is written down, and nobody can change that unseen.

use std::process::Stdio;

use domain::{access::Role, id::FactoryId};
use serde_json::{Value, json};
use server::store::audit_log::{self, Fault, KnownRow};

use super::{browser::Browser, closed, device_of, send};
use crate::harness::{Caller, Program, TestDatabase, TestServer, millis, soon};

const LOG: &str = "query($f: ID, $filter: AuditFilter) { auditLog(factoryId: $f, filter: $filter, first: 200) { edges { node {
    number at principal credentialId action outcome target details address requestId times } } } }";

/// The entries of a log, the first one first.
async fn log(server: &TestServer, caller: &Caller, factory: Option<&str>) -> Vec<Value> {
    let answer = server.answer_to(caller, LOG, json!({ "f": factory })).await;
    let edges = answer["data"]["auditLog"]["edges"].as_array().unwrap_or_else(|| panic!("{answer}"));
    edges.iter().rev().map(|edge| edge["node"].clone()).collect()
}

/// What entries say in short.
fn shown(entries: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entry = |entry: &Value| {
        let [principal, action, outcome, target] =
            ["principal", "action", "outcome", "target"].map(|field| text(&entry[field]));
        format!("{} {principal}: {action} {target} {outcome} x{}", entry["number"], entry["times"])
    };
    entries.iter().map(entry).collect()
}

#[tokio::test]
async fn what_people_change_is_written_down_with_who_did_it_and_from_where() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let admin = server.person("Ada", &[("plant", Role::Admin)]).await;
    let lead = server.person("Kim", &[("plant", Role::Supervisor)]).await;
    let ask = async |caller: &Caller, query: &str| {
        let request = server.request_of(caller, query, &json!({})).header("x-request-id", "r-7");
        let answer: Value =
            soon("an answer", request.send()).await.expect("a response").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
    };
    ask(&admin, "mutation { updateFactory(factoryId: \"plant\", input: {name: \"Plant 1\", smallestTeam: 3}) { id } }").await;
    ask(
        &lead,
        "mutation { updateWorker(factoryId: \"plant\", workerId: \"W1\", input: {name: \"Lou\"}) { id } }",
    )
    .await;
    ask(
        &lead,
        "mutation { decide(factoryId: \"plant\", requestId: \"1\", note: \"as seen\", decision: {correction: {entityType: WORKER,
            entityIds: [\"W1\"], state: IDLE, from: \"2026-01-05T08:00:00Z\", to: \"2026-01-05T08:10:00Z\"}}) { number } }",
    )
    .await;
    ask(
        &admin,
        "mutation { createToken(input: {factoryId: \"plant\", kind: DEVICE, name: \"cam-2\"}) { secret } }",
    )
    .await;
    let entries = log(&server, &admin, Some("plant")).await;
    let expected = [
        "1 command line: CREATE_FACTORY plant DONE x1",
        "2 command line: CREATE_TOKEN token 1 DONE x1",
        "3 command line: GRANT Ada DONE x1",
        "4 command line: GRANT Kim DONE x1",
        "5 Ada: UPDATE_FACTORY plant DONE x1",
        "6 Kim: UPDATE_ENTITIES W1 DONE x1",
        "7 Kim: DECIDE decision 1 DONE x1",
        "8 Ada: CREATE_TOKEN token 4 DONE x1",
    ];
    assert_eq!(shown(&entries), expected);
    let updated = &entries[4];
    assert_eq!((&updated["address"], &updated["requestId"]), (&json!("127.0.0.1"), &json!("r-7")));
    assert_eq!(updated["credentialId"], json!(admin.id.0.to_string()));
    let details: Value = serde_json::from_str(updated["details"].as_str().expect("a text")).expect("JSON");
    let expected =
        json!({ "name": { "from": "plant", "to": "Plant 1" }, "smallestTeam": { "from": 2, "to": 3 } });
    assert_eq!(details, expected);
    assert!(entries[0]["address"].is_null() && entries[0]["credentialId"].is_null(), "{}", entries[0]);
    let filtered = server
        .answer_to(
            &admin,
            LOG,
            json!({ "f": "plant", "filter": { "actions": ["DECIDE"], "principal": "Kim" } }),
        )
        .await;
    let filtered = filtered["data"]["auditLog"]["edges"].as_array().expect("edges").len();
    assert_eq!(filtered, 1);
    // What is of no factory stands apart, and only an operator sees it.
    let operator = server.operator("Olga").await;
    let of_server = shown(&log(&server, &operator, None).await);
    let expected = [
        "1 command line: CREATE_PERSON Ada DONE x1",
        "2 Ada: SIGN_IN Ada DONE x1",
        "3 command line: CREATE_PERSON Kim DONE x1",
        "4 Kim: SIGN_IN Kim DONE x1",
        "5 command line: CREATE_PERSON Olga DONE x1",
        "6 Olga: SIGN_IN Olga DONE x1",
    ];
    assert_eq!(of_server, expected);
    let refused = server.answer_to(&admin, LOG, json!({ "f": null })).await;
    assert_eq!(crate::harness::code(&refused), "FORBIDDEN");
}

#[tokio::test]
async fn like_refusals_of_a_minute_are_one_entry_and_a_password_in_the_wrong_place_is_in_none() {
    let server = closed(&["plant"]).await;
    let admin = server.person("Ada", &[("plant", Role::Admin)]).await;
    let viewer = server.token("plant", Role::Viewer, "board").await;
    for _ in 0..5 {
        let answer = server
            .answer_to(&viewer, "{ workerMetrics(factoryId: \"plant\") { revision } }", json!({}))
            .await;
        assert_eq!(crate::harness::code(&answer), "FORBIDDEN");
    }
    let browser = Browser::of(&server);
    for _ in 0..3 {
        browser.sign_in("my secret password", "Kim").await;
    }
    server.app.access.write_down().await.expect("a commit");
    let entries = log(&server, &admin, Some("plant")).await;
    assert_eq!(shown(&entries).last().expect("an entry"), "4 board: DENIED workerMetrics REFUSED x5");
    let operator = server.operator("Olga").await;
    let of_server = log(&server, &operator, None).await;
    assert!(
        shown(&of_server).contains(&"3 unknown: SIGN_IN unknown REFUSED x3".to_owned()),
        "{:?}",
        shown(&of_server)
    );
    assert!(!format!("{of_server:?}").contains("secret password"), "{of_server:?}");
}

#[tokio::test]
async fn what_a_device_sent_in_an_hour_is_one_entry_when_the_hour_is_over() {
    let server = closed(&["plant"]).await;
    let device = device_of(&server, "plant").await;
    send(&server, &device, "plant", &["W3"]).await;
    let admin = server.person("Ada", &[("plant", Role::Admin)]).await;
    let write = async |now: &str| {
        while server.app.store.keep_ingest_counts(millis(now)).await.expect("a commit") {}
        log(&server, &admin, Some("plant")).await
    };
    assert!(!shown(&write("2026-01-05T13:00:30Z").await).iter().any(|entry| entry.contains("INGEST")));
    let entries = write("2026-01-05T13:01:30Z").await;
    let sent: Vec<&Value> = entries.iter().filter(|entry| entry["action"] == "INGEST").collect();
    let [sent] = sent[..] else { panic!("{entries:?}") };
    assert_eq!((&sent["principal"], &sent["times"]), (&json!("cam-1"), &json!(2)));
    assert_eq!((&sent["target"], &sent["details"]), (&json!("2026-01-05T12:00Z"), &json!("{\"events\":3}")));
    assert_eq!(write("2026-01-05T14:01:30Z").await.len(), entries.len(), "it is written once");
}

/// The number of a row, and what is wrong with it.
type Found = (i64, Fault);

async fn findings(server: &TestServer, known: &[KnownRow]) -> Vec<Found> {
    let snapshot = server.app.store.snapshot().await.expect("a snapshot");
    let (findings, _) = audit_log::verify(&snapshot, known).await.expect("a log");
    findings.into_iter().map(|finding| (finding.number, finding.fault)).collect()
}

/// A copy of the log of the one factory, as somebody keeps it elsewhere.
async fn copy(server: &TestServer) -> Vec<KnownRow> {
    let snapshot = server.app.store.snapshot().await.expect("a snapshot");
    let factory_id = Some(FactoryId(1));
    let rows = audit_log::rows_after(&snapshot, factory_id, 0, 100).await.expect("a log");
    rows.iter().map(|row| KnownRow { factory_id, number: row.number, hash: row.hash }).collect()
}

#[tokio::test]
async fn whoever_changes_removes_or_swaps_rows_is_found_out() {
    let changes: [(&[&str], &[Found]); 5] = [
        (
            &["UPDATE audit_log SET target = 'Eve' WHERE factory_id = 1 AND number = 3"],
            &[(3, Fault::Changed)],
        ),
        (&["DELETE FROM audit_log WHERE factory_id = 1 AND number = 3"], &[(3, Fault::Missing)]),
        (
            &[
                "UPDATE audit_log SET number = 99 WHERE factory_id = 1 AND number = 3",
                "UPDATE audit_log SET number = 3 WHERE factory_id = 1 AND number = 4",
                "UPDATE audit_log SET number = 4 WHERE factory_id = 1 AND number = 99",
            ],
            &[(3, Fault::Changed), (4, Fault::Changed), (5, Fault::Changed)],
        ),
        (&["DELETE FROM audit_log WHERE factory_id = 1 AND number = 6"], &[(6, Fault::Missing)]),
        (&["UPDATE audit_head SET number = 7 WHERE factory_id = 1"], &[(7, Fault::Missing)]),
    ];
    for (statements, expected) in changes {
        let server = closed(&["plant"]).await;
        for name in ["cam-1", "cam-2", "cam-3", "cam-4", "cam-5"] {
            server.token("plant", Role::Device, name).await;
        }
        assert_eq!(findings(&server, &copy(&server).await).await, []);
        for statement in statements {
            server.database.connect().await.execute(statement).await;
        }
        assert_eq!(findings(&server, &[]).await, expected, "{statements:?}");
    }
}

#[tokio::test]
async fn a_log_whose_newest_rows_were_cut_off_with_its_end_differs_from_a_copy() {
    let server = closed(&["plant"]).await;
    for name in ["cam-1", "cam-2", "cam-3"] {
        server.token("plant", Role::Device, name).await;
    }
    let copy = copy(&server).await;
    server
        .database
        .connect()
        .await
        .execute("DELETE FROM audit_log WHERE factory_id = 1 AND number = 4")
        .await;
    let cut = "UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit_log WHERE factory_id = 1 AND number = 3)
        WHERE factory_id = 1";
    server.database.connect().await.execute(cut).await;
    assert_eq!(findings(&server, &[]).await, [], "the rest follows each other");
    assert_eq!(findings(&server, &copy).await, [(4, Fault::Missing)]);
}

#[tokio::test]
async fn rows_of_more_than_400_days_ago_are_forgotten_and_the_rest_still_follows_each_other() {
    let server = closed(&["plant"]).await;
    for name in ["cam-1", "cam-2"] {
        server.token("plant", Role::Device, name).await;
    }
    server.clock.set(millis("2026-03-01T12:00:00Z"));
    server.token("plant", Role::Device, "cam-3").await;
    let copy = copy(&server).await;
    let now = millis("2027-02-10T12:00:00Z");
    while server.app.store.prune_audit_log(now).await.expect("a commit") {}
    assert_eq!(findings(&server, &copy).await, []);
    let snapshot = server.app.store.snapshot().await.expect("a snapshot");
    let left = audit_log::rows_after(&snapshot, Some(FactoryId(1)), 0, 100).await.expect("a log");
    assert_eq!(left.iter().map(|row| row.number).collect::<Vec<_>>(), [4]);
}

#[tokio::test]
async fn the_commands_copy_the_log_and_compare_it_with_the_copy() {
    let server = closed(&["plant"]).await;
    server.token("plant", Role::Device, "cam-1").await;
    let database = server.stop().await;
    let exported = run(&database, &["audit-log", "export"]).await;
    assert_eq!(exported.0, Some(0));
    let folder = tempfile::TempDir::new().expect("a folder");
    let copy = folder.path().join("audit.ndjson");
    std::fs::write(&copy, &exported.1).expect("a file");
    let copy = copy.to_str().expect("a path");
    let lines: Vec<Value> =
        exported.1.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["factoryId"], &lines[0]["action"]), (&json!("plant"), &json!("CREATE_FACTORY")));
    let (code, said) = run(&database, &["audit-log", "verify", "--copy", copy]).await;
    assert_eq!(
        (code, said.lines().next()),
        (Some(0), Some("2 rows follow each other as they were written")),
        "{said}"
    );
    database.connect().await.execute("DELETE FROM audit_log WHERE number = 2").await;
    let (code, said) = run(&database, &["audit-log", "verify", "--copy", copy]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("factory \"plant\", row 2 is missing"), "{said}");
}

/// The exit code of a command and what it printed.
async fn run(database: &TestDatabase, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Program::command(arguments);
    command.args(["--database-url", database.url()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = soon("the command", command.output()).await.expect("an exit status");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}
