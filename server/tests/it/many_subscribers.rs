//! Many who ask the same: rendered once, sent to all, and nothing left behind when they go.

use futures_util::{StreamExt as _, future::join_all};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{Options, SocketLimits},
    live::{
        broadcast::{Payload, Subscriber},
        delivery::Follower,
        fingerprint::Fingerprint,
    },
    store::access::{SeeFigures, SeePeople},
};
use tokio::{net::TcpSocket, process::Command};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::{
    harness::{Program, Socket, TestDatabase, TestServer, patient, soon, until},
    queries::event,
    subscriptions::{plant, scope, work},
};

const WORKERS: &str = "subscription($factory: ID!) { workerMetrics(factoryId: $factory) { revision snapshot removedWorkerIds \
    workers { workerId unitsProduced } } }";

/// What a client sends to subscribe, in these very words.
fn operation(query: &str, variables: &Value) -> String {
    json!({ "query": query, "variables": variables }).to_string()
}

fn workers() -> String {
    operation(WORKERS, &json!({ "factory": "plant" }))
}

/// Subscribes on a socket of its own.
async fn subscribe(server: &TestServer, operation: &str) -> Socket {
    let mut socket = server.socket().await;
    socket.send_text(format!(r#"{{"id":"1","type":"subscribe","payload":{operation}}}"#)).await;
    socket
}

/// The next message as it was sent.
async fn text(socket: &mut Socket) -> String {
    soon("a message", async {
        loop {
            match socket.stream.next().await.expect("an open socket").expect("a frame") {
                Message::Text(text) => return text.to_string(),
                Message::Close(frame) => panic!("the socket was closed: {frame:?}"),
                _ => {}
            }
        }
    })
    .await
}

/// The value of the only field of the next delivery.
async fn next(socket: &mut Socket) -> Value {
    let data = socket.delivery("1").await;
    data.as_object().and_then(|data| data.values().next()).expect("a field").clone()
}

/// Waits for the first delivery of this revision or a later one. Revisions rise from each to the next.
async fn reaches(socket: &mut Socket, revision: &Value) -> Vec<Value> {
    let mut deliveries: Vec<Value> = Vec::new();
    loop {
        let delivery = next(socket).await;
        if let Some(before) = deliveries.last() {
            assert!(before["revision"].as_i64() < delivery["revision"].as_i64(), "{before} then {delivery}");
        }
        deliveries.push(delivery);
        if deliveries.last().expect("one")["revision"].as_i64() >= revision.as_i64() {
            return deliveries;
        }
    }
}

/// What a subscriber without a socket is to send on.
async fn answer(subscriber: &mut Subscriber<Follower>) -> Value {
    match soon("an answer", subscriber.next()).await {
        Some(Payload::Next(answer)) => {
            serde_json::from_str::<Value>(&answer).expect("JSON")["data"]["workerMetrics"].take()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn those_who_sent_the_same_get_the_same_bytes_rendered_once() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(subscribe(&server, &workers()).await);
    }
    let whole = text(&mut sockets[0]).await;
    assert!(whole.starts_with(r#"{"type":"next","id":"1","payload":{"data":{"workerMetrics":{"#), "{whole}");
    for socket in &mut sockets[1..] {
        assert_eq!(text(socket).await, whole);
    }
    assert_eq!((server.app.live.broadcast_count(), server.app.live.rendering_count()), (1, 1));

    work(&server, "W2", "08:00", 1).await;
    let change = text(&mut sockets[0]).await;
    assert!(change.contains(r#""snapshot":false"#) && change.contains("W2"), "{change}");
    for socket in &mut sockets[1..] {
        assert_eq!(text(socket).await, change);
    }
    assert_eq!((server.app.live.broadcast_count(), server.app.live.rendering_count()), (1, 2));
}

#[tokio::test]
async fn other_variables_are_another_question_and_other_fields_another_rendering() {
    let server = plant().await;
    server.create_factory("other").await;
    work(&server, "W1", "08:00", 1).await;
    let mut one = subscribe(&server, &workers()).await;
    let mut other = subscribe(&server, &operation(WORKERS, &json!({ "factory": "other" }))).await;
    assert_ne!(next(&mut one).await["workers"], json!([]));
    assert_eq!(next(&mut other).await["workers"], json!([]));
    assert_eq!((server.app.live.broadcast_count(), server.app.live.cohort_count()), (2, 2));

    let fewer = operation("subscription { workerMetrics(factoryId: \"plant\") { revision } }", &json!({}));
    let mut fewer = subscribe(&server, &fewer).await;
    assert_eq!(next(&mut fewer).await.as_object().expect("an object").len(), 1);
    assert_eq!((server.app.live.broadcast_count(), server.app.live.cohort_count()), (3, 2));

    let revision = work(&server, "W2", "08:00", 1).await;
    assert_eq!(next(&mut fewer).await, json!({ "revision": revision }));
    assert_eq!(next(&mut one).await["workers"].as_array().expect("rows").len(), 1);
}

#[tokio::test]
async fn who_comes_later_gets_the_whole_at_once_and_it_is_rendered_for_the_first_of_them() {
    let server = plant().await;
    let mut first = subscribe(&server, &workers()).await;
    next(&mut first).await;
    work(&server, "W1", "08:00", 1).await;
    next(&mut first).await;
    work(&server, "W2", "08:00", 1).await;
    next(&mut first).await;
    assert_eq!(server.app.live.rendering_count(), 3);
    for _ in 0..3 {
        let mut later = subscribe(&server, &workers()).await;
        let whole = next(&mut later).await;
        assert_eq!((&whole["snapshot"], whole["workers"].as_array().expect("rows").len()), (&json!(true), 2));
    }
    assert_eq!(server.app.live.rendering_count(), 4);
}

#[tokio::test]
async fn who_missed_a_delivery_gets_the_whole_and_then_changes_again() {
    let server = plant().await;
    let mut quick = subscribe(&server, &workers()).await;
    next(&mut quick).await;
    let key = scope::<SeeFigures>(&server).await.key();
    let (_, _, mut slow) = server
        .app
        .live
        .metrics()
        .join(Fingerprint::of(&workers()), |_| Some(key.clone()))
        .expect("an operation that was sent");
    assert_eq!(answer(&mut slow).await["snapshot"], true);
    for (worker, time) in [("W1", "08:00"), ("W2", "08:00"), ("W3", "08:00")] {
        work(&server, worker, time, 1).await;
        assert_eq!(next(&mut quick).await["snapshot"], false);
    }
    let whole = answer(&mut slow).await;
    assert_eq!((&whole["snapshot"], whole["workers"].as_array().expect("rows").len()), (&json!(true), 3));
    work(&server, "W2", "09:00", 1).await;
    let change = answer(&mut slow).await;
    assert_eq!((&change["snapshot"], change["workers"].as_array().expect("rows").len()), (&json!(false), 1));
}

#[tokio::test]
async fn what_is_rendered_for_all_reads_as_if_each_had_been_served_alone() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    let fields = "revision window { from } __typename";
    let documents = [
        format!("workerMetrics(factoryId: $f) {{ {fields} snapshot ...rows }}"),
        format!(
            "mine: workerMetrics(factoryId: $f, workerIds: [\"W1\"]) {{ {fields} again: snapshot ...rows }}"
        ),
        format!("workerMetrics(window: $w, factoryId: $f) {{ ... {{ {fields} ...rows }} }}"),
        format!(
            "workerMetrics(factoryId: $f) {{ {fields} snapshot @skip(if: true) ...rows @include(if: $yes) }}"
        ),
    ];
    let variables = json!({ "f": "plant", "w": { "period": "TODAY" }, "yes": true });
    let mut pairs = Vec::new();
    for field in &documents {
        let declared: Vec<_> = [("$f", "ID!"), ("$w", "WindowInput"), ("$yes", "Boolean!")]
            .into_iter()
            .filter(|(name, _)| field.contains(name))
            .map(|(name, kind)| format!("{name}: {kind}"))
            .collect();
        let rows = "fragment rows on WorkerMetricsReport { workers { id: workerId unitsProduced utilization } removedWorkerIds }";
        let document =
            |selection: &str| format!("subscription Board({}) {{ {selection} }} {rows}", declared.join(", "));
        let shared = subscribe(&server, &operation(&document(field), &variables)).await;
        // A root field with a directive is not shared.
        let alone = field.replacen(" {", " @include(if: true) {", 1);
        let alone = subscribe(&server, &operation(&document(&alone), &variables)).await;
        pairs.push((shared, alone));
    }
    for (shared, alone) in &mut pairs {
        let message = text(shared).await;
        assert!(message.contains("\"unitsProduced\":1"), "{message}");
        assert_eq!(message, text(alone).await);
    }
    assert_eq!(server.app.live.broadcast_count(), documents.len());
    work(&server, "W1", "08:05", 3).await;
    for (shared, alone) in &mut pairs {
        let message = text(shared).await;
        assert!(message.contains("\"unitsProduced\":4"), "{message}");
        assert_eq!(message, text(alone).await);
    }
}

#[tokio::test]
async fn an_operation_that_is_refused_is_refused_for_all_and_forgotten() {
    let server = plant().await;
    let nowhere = operation(WORKERS, &json!({ "factory": "nowhere" }));
    let mut sockets = join_all((0..10).map(|_| subscribe(&server, &nowhere))).await;
    for socket in &mut sockets {
        let message = text(socket).await;
        assert!(
            message.starts_with(r#"{"type":"error","id":"1","payload":[{"message":"there is no factory"#),
            "{message}"
        );
    }
    until("the end", async || server.app.live.broadcast_count() == 0).await;
    server.create_factory("nowhere").await;
    let mut socket = subscribe(&server, &nowhere).await;
    assert_eq!(next(&mut socket).await["workers"], json!([]));
}

#[tokio::test]
async fn what_ends_for_all_ends_for_each_and_who_comes_first_then_begins_anew() {
    let server = plant().await;
    let query =
        "subscription { factoryMetrics(factoryId: \"plant\", window: {day: \"2011-12-30\"}) { revision } }";
    let operation = operation(query, &json!({}));
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(subscribe(&server, &operation).await);
    }
    for socket in &mut sockets {
        next(socket).await;
    }
    let move_to = async |zone: &str| {
        let query = "mutation($zone: String!) { updateFactory(factoryId: \"plant\", input: {timeZone: $zone}) { id } }";
        server.ask(query, json!({ "zone": zone })).await;
    };
    move_to("Pacific/Apia").await;
    for socket in &mut sockets {
        let message = socket.receive().await;
        assert_eq!((&message["type"], &message["payload"]["data"]), (&json!("next"), &Value::Null));
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
    }
    until("the end", async || server.app.live.broadcast_count() == 0).await;
    move_to("UTC").await;
    next(&mut subscribe(&server, &operation).await).await;
}

/// Subscribes on so many sockets, some at a time.
async fn crowd(server: &TestServer, count: usize) -> Vec<Socket> {
    // Both ends of each socket are files of this process.
    rlimit::increase_nofile_limit(count as u64 * 2 + 1_000).expect("a limit of open files");
    let operation = workers();
    futures_util::stream::iter(0..count)
        .map(|_| async {
            let mut socket = subscribe(server, &operation).await;
            next(&mut socket).await;
            socket
        })
        .buffer_unordered(50)
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscribers_all_reach_the_last_revision() {
    let server = plant().await;
    let mut sockets = crowd(&server, 1_000).await;
    let write = async {
        for number in 0..20 {
            let time = format!("{:02}:{:02}", number / 12, number % 12 * 5);
            work(&server, &format!("W{}", number % 7), &time, 1).await;
        }
        work(&server, "W-LAST", "02:00", 1).await
    };
    let read = join_all(sockets.iter_mut().map(async |socket| {
        let mut revision = 0;
        loop {
            let delivery = next(socket).await;
            assert!(delivery["revision"].as_i64() > Some(revision), "{delivery} after {revision}");
            revision = delivery["revision"].as_i64().expect("a revision");
            if delivery["workers"].as_array().expect("rows").iter().any(|row| row["workerId"] == "W-LAST") {
                return revision;
            }
        }
    }));
    let (revision, reached) = tokio::join!(write, read);
    assert!(reached.iter().all(|reached| Some(*reached) == revision.as_i64()), "{revision}: {reached:?}");
    assert_eq!((server.app.live.broadcast_count(), server.app.live.cohort_count()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sockets_closed_at_once_leave_no_broadcast_and_no_cohort_behind() {
    const SOCKETS: usize = 1_000;
    let sockets = SocketLimits { max_sockets: SOCKETS, ..patient().sockets };
    let server = TestServer::with(Clock::System, Options { sockets, ..patient() }).await;
    server.create_factory("plant").await;
    let crowded = crowd(&server, SOCKETS).await;
    let refused = client_async(
        Socket::request(server.address),
        tokio::net::TcpStream::connect(server.address).await.expect("a connection"),
    )
    .await;
    assert!(refused.is_err(), "every place is taken");
    work(&server, "W1", "08:00", 1).await;
    // Without a close frame, in the middle of a delivery.
    drop(crowded);
    let live = &server.app.live;
    // Each ends a moment after the one before.
    until("the end of the broadcast", async || live.broadcast_count() == 0).await;
    until("the end of the cohort", async || live.cohort_count() == 0).await;
    until("the end of listening", async || live.listened_factory_count() == 0).await;
    work(&server, "W1", "08:05", 1).await;
    // Every place is free again.
    let mut again = soon("places for all", async {
        loop {
            let connecting = (0..50).map(|_| async {
                let stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
                client_async(Socket::request(server.address), stream).await.ok()
            });
            let open: Vec<_> = join_all(connecting).await.into_iter().flatten().collect();
            if open.len() == 50 {
                return open;
            }
        }
    })
    .await;
    again.clear();
    let mut sockets = crowd(&server, SOCKETS).await;
    let revision = work(&server, "W1", "08:10", 1).await;
    join_all(sockets.iter_mut().map(|socket| reaches(socket, &revision))).await;
}

#[tokio::test]
async fn a_subscriber_that_stops_reading_delays_no_other_and_gets_a_snapshot_later() {
    const WORKERS_AT_WORK: u32 = 300;
    let server = plant().await;
    let batch = |minute: u32| -> Value {
        let time = format!("08:{minute:02}");
        (0..WORKERS_AT_WORK).map(|number| event(&format!("W{number}"), "WORKING", &time, 1.0, 1)).collect()
    };
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let stream = tcp.connect(server.address).await.expect("a connection");
    let (stream, _) = client_async(Socket::request(server.address), stream).await.expect("an upgrade");
    let mut stalled = Socket { stream };
    stalled.send(json!({ "type": "connection_init" })).await;
    stalled.receive().await;
    stalled.send_text(format!(r#"{{"id":"1","type":"subscribe","payload":{}}}"#, workers())).await;
    assert_eq!(next(&mut stalled).await["snapshot"], true);

    let mut reader = subscribe(&server, &workers()).await;
    next(&mut reader).await;
    let mut revision = Value::Null;
    for minute in 0..30 {
        revision = server.ingest("plant", batch(minute)).await["revision"].take();
        reaches(&mut reader, &revision).await;
    }
    let deliveries = reaches(&mut stalled, &revision).await;
    assert!(deliveries.len() < 30, "some were left out");
    let last_whole = deliveries.iter().rposition(|delivery| delivery["snapshot"] == true).expect("a whole");
    assert_eq!(deliveries[last_whole]["workers"].as_array().expect("rows").len(), WORKERS_AT_WORK as usize);
    assert_eq!(deliveries.last().expect("one")["workers"][0]["unitsProduced"], 30);
}

/// Opens so many sockets of a program that a shell started with these limits of open files.
async fn open_sockets(limits: &str, count: usize) -> Vec<String> {
    let database = TestDatabase::new().await;
    let mut command = Command::new("sh");
    let serve = format!("{limits}; exec \"$0\" serve --listen 127.0.0.1:0 --database-url \"$1\"");
    command.args(["-c", &serve, env!("CARGO_BIN_EXE_andon"), database.url()]);
    command.kill_on_drop(true);
    let program = Program::start(command).await;
    let address = program.url.trim_start_matches("http://").parse().expect("an address");
    let opening = join_all((0..count).map(|_| Socket::acknowledged(address)));
    let sockets = soon("all sockets", opening).await;
    drop(sockets);
    program.terminate().await.1
}

#[tokio::test]
async fn the_program_raises_the_limit_of_open_files_and_says_when_that_is_too_low() {
    let log = open_sockets("ulimit -Sn 200", 400).await;
    assert!(!log.iter().any(|line| line.contains("ERROR")), "{log:?}");
    let log = open_sockets("ulimit -n 256", 150).await.join("\n");
    assert!(log.contains("only 256 files") && log.contains("192 connections"), "{log}");
    assert!(log.contains("ulimit -Hn") && log.contains("LimitNOFILE"), "{log}");
}

const FEED: &str =
    "subscription { eventsIngested(factoryId: \"plant\") { revision skipped events { entityId } } }";

/// How many were skipped, and whose events came.
fn news(delivery: &Value) -> (i64, Vec<&str>) {
    let events = delivery["events"].as_array().expect("events");
    let ids = events.iter().map(|event| event["entityId"].as_str().expect("an id")).collect();
    (delivery["skipped"].as_i64().expect("a number"), ids)
}

#[tokio::test]
async fn a_feed_is_rendered_once_for_those_who_saw_the_same() {
    let server = plant().await;
    let feed = operation(FEED, &json!({}));
    let (mut one, mut two) = (subscribe(&server, &feed).await, subscribe(&server, &feed).await);
    let begin = text(&mut one).await;
    assert_eq!(text(&mut two).await, begin);
    let key = scope::<SeePeople>(&server).await.key();
    let (_, _, mut slow) = server
        .app
        .live
        .feeds()
        .join(Fingerprint::of(&feed), |_| Some(key.clone()))
        .expect("an operation that was sent");
    let mut take = async || match soon("an answer", slow.next()).await {
        Some(Payload::Next(answer)) => {
            serde_json::from_str::<Value>(&answer).expect("JSON")["data"]["eventsIngested"].take()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(news(&take().await), (0, vec![]));
    assert_eq!(server.app.live.rendering_count(), 1);

    for (worker, time) in [("W1", "08:00"), ("W2", "08:00"), ("W3", "08:00")] {
        work(&server, worker, time, 1).await;
        let message = text(&mut one).await;
        assert!(message.contains(worker), "{message}");
        assert_eq!(text(&mut two).await, message);
    }
    assert_eq!((server.app.live.broadcast_count(), server.app.live.rendering_count()), (1, 4));
    assert_eq!(news(&take().await), (0, vec!["W1", "W2", "W3"]));

    // Who comes later begins at the revision that the others have come to.
    let mut later = subscribe(&server, &feed).await;
    let begin = next(&mut later).await;
    assert_eq!(news(&begin), (0, vec![]));
    for time in ["09:00", "10:00"] {
        let batch: Value =
            (0..150).map(|number| event(&format!("W{number}"), "WORKING", time, 1.0, 1)).collect();
        server.ingest("plant", batch).await;
        let delivery = next(&mut later).await;
        assert_eq!(news(&delivery).1.len(), 150);
        assert!(delivery["revision"].as_i64() > begin["revision"].as_i64());
    }
    let delivery = take().await;
    let (skipped, events) = news(&delivery);
    assert_eq!((skipped, events.len(), events[199]), (100, 200, "W149"));
}
