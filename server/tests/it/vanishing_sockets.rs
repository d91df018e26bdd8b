//! Many sockets of a server that is a process of its own, closed at once.

use std::{io::Write as _, net::SocketAddr, time::Duration};

use domain::event::RawEvent;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use server::clock::Clock;
use test_harness::rounds;

use crate::{
    harness::{Program, Socket, TestDatabase, TestServer, patient, soon, until},
    subscriptions::WORKERS,
    undisturbed::{LARGEST_BATCH, events, last_event, numbers, send, undisturbed_numbers},
};

const SOCKETS: usize = 1_000;
/// The server takes 16 000.
const MOST_SOCKETS: usize = 10_000;
/// How many of them are opened at a time.
const AT_A_TIME: usize = 100;
const EVENTS: usize = 1_000;
/// The server's files beside sockets that may have become more meanwhile: connections to the database, and those that
/// requests came on.
const OTHER_FILES: usize = 30;

/// As many sockets as this process may open beside the tests that run at the same time; where they are fewer than wanted,
/// that is said past the capture of the test's output.
fn sockets() -> usize {
    let limit = rlimit::increase_nofile_limit(u64::MAX).expect("a limit of open files");
    let files = usize::try_from(limit).unwrap_or(usize::MAX);
    let wanted = rounds(SOCKETS).min(MOST_SOCKETS);
    if files >= wanted * 2 {
        return wanted;
    }
    let sockets = files / 4;
    let words = format!(
        "ONLY {sockets} SOCKETS ARE CLOSED AT ONCE instead of {wanted}: {limit} files may be open, and {} would do \
         (ulimit -Hn)\n",
        wanted * 2
    );
    std::io::stderr().write_all(words.as_bytes()).expect("a terminal");
    sockets
}

/// A socket with a subscription whose first delivery has come.
async fn subscribe(address: SocketAddr) -> (Socket, Value) {
    let mut socket = Socket::acknowledged(address).await;
    socket.subscribe("1", WORKERS, json!({})).await;
    let whole = socket.delivery("1").await;
    (socket, whole)
}

/// Closes all of them at once and without a word: every second one in order, the others with a reset.
fn vanish(crowd: Vec<Socket>) {
    for socket in crowd.iter().step_by(2) {
        socket2::SockRef::from(socket.stream.get_ref()).set_linger(Some(Duration::ZERO)).expect("a setting");
    }
    drop(crowd);
}

async fn store(program: &Program, events: &[RawEvent]) {
    let report = soon("storing", send(&program.url, events, LARGEST_BATCH)).await;
    assert_eq!((report.exit_code(), report.summary.accepted), (0, events.len() as u64), "{report:?}");
}

fn tells_of_last_event(delivery: &Value, last: &RawEvent) -> bool {
    let rows = delivery["workerMetrics"]["workers"].as_array().expect("rows");
    rows.iter().any(|row| row["workerId"] == json!(last.entity_id))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_closed_at_once_leave_a_server_that_goes_on_as_before() {
    let sockets = sockets();
    let mut events = events(EVENTS);
    let last = last_event(&events);
    events.push(last.clone());
    let [before, during, after] = [&events[..EVENTS / 2], &events[EVENTS / 2..EVENTS], &events[EVENTS..]];
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &[]).await;
    let create =
        "mutation { createFactory(input: { id: \"plant\", name: \"plant\", timeZone: \"UTC\" }) { id } }";
    program.ask(create, json!({})).await;
    store(&program, before).await;

    let (mut watcher, _) = subscribe(program.address()).await;
    let files_before = program.open_files();
    let crowd: Vec<Socket> = futures_util::stream::iter(0..sockets)
        .map(|_| async { subscribe(program.address()).await.0 })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    if let (Some(before), Some(now)) = (files_before, program.open_files()) {
        assert!(now >= before + sockets, "{now} files after {sockets} sockets and {before} files");
    }
    // What these change is on its way to all of them.
    store(&program, during).await;
    vanish(crowd);

    store(&program, after).await;
    soon("the last event", async { while !tells_of_last_event(&watcher.delivery_ever("1").await, &last) {} })
        .await;
    let (_newcomer, whole) = subscribe(program.address()).await;
    assert!(tells_of_last_event(&whole, &last), "{whole}");
    if let Some(before) = files_before {
        until("the end of all files", async || program.open_files() <= Some(before + OTHER_FILES)).await;
    }
    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    let (status, log) = program.terminate().await;
    assert!(status.success() && !log.iter().any(|line| line.contains("ERROR")), "{status}: {log:?}");
    let survivor = TestServer::on(database, Clock::System, patient()).await;
    assert_eq!(numbers(&survivor).await, undisturbed_numbers(&events).await);
}
