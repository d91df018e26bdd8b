//! A server that is killed at any moment loses nothing that it answered for and counts nothing twice.

use std::{process::Stdio, time::Duration};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use server::clock::Clock;
use test_harness::{reserved_port, rounds};

use crate::{
    harness::{Program, TestDatabase, TestServer, patient, soon},
    undisturbed::{LARGEST_BATCH, arrivals, events, numbers, send, undisturbed_numbers},
};

const CRASHES: usize = 4;
/// Between two kills: enough that the latest of them still finds the sender at work.
const EVENTS_PER_CRASH: usize = 800;
const LATEST_KILL_MS: u64 = 250;
/// By then a first start has made its tables.
const LATEST_KILL_OF_FIRST_START_MS: u64 = 100;
const FIRST_STARTS: usize = 5;

#[tokio::test]
async fn a_server_killed_again_and_again_has_the_numbers_of_one_that_never_was() {
    let crashes = rounds(CRASHES);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let events = events(crashes * EVENTS_PER_CRASH);
    let arrivals = arrivals(&events);

    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let database = server.stop().await;
    let reserved = reserved_port();
    let listen = reserved.local_addr().expect("an address").to_string();
    let mut program = Program::serve_at(&listen, database.url(), &[]).await;
    let (mut struck, mut duplicates) = (0, 0);
    for part in arrivals.chunks(arrivals.len().div_ceil(crashes)) {
        let (url, part) = (program.url.clone(), part.to_vec());
        let batch_events = random.random_range(1..=LARGEST_BATCH);
        let sending = tokio::spawn(async move { send(&url, &part, batch_events).await });
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_MS))).await;
        struck += usize::from(!sending.is_finished());
        soon("the kill", program.child.kill()).await.expect("a killed process");
        program = Program::serve_at(&listen, database.url(), &[]).await;
        let report = soon("the rest of the part", sending).await.expect("no panic");
        assert_eq!(report.exit_code(), 0, "{report:?}");
        duplicates += report.summary.duplicates;
    }
    println!(
        "{crashes} kills, {struck} of them with batches on the way; {} arrivals, {duplicates} duplicates",
        arrivals.len()
    );
    assert!(program.terminate().await.0.success());

    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    let survivor = TestServer::on(database, Clock::System, patient()).await;
    assert_eq!(numbers(&survivor).await, undisturbed_numbers(&events).await);
}

#[tokio::test]
async fn a_first_start_killed_at_any_moment_is_finished_by_the_next() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..rounds(FIRST_STARTS) {
        let database = TestDatabase::new().await;
        let mut command =
            Program::command(&["serve", "--listen", "127.0.0.1:0", "--database-url", database.url()]);
        let mut first = command.stderr(Stdio::null()).spawn().expect("the program");
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_OF_FIRST_START_MS)))
            .await;
        soon("the kill", first.kill()).await.expect("a killed process");
        Program::serve(database.url(), &[]).await;
    }
}
