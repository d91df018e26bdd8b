//! Answers that are lost after the commit: nobody can tell them from batches that never arrived.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rand::{RngExt as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::{
    agent::Place,
    gateway::{Fate, Gateway},
    harness::Program,
    ledger::{assert_all_stored, device, events, plant},
};

#[tokio::test]
async fn answers_lost_after_the_commit_lose_and_double_nothing() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let lost = Arc::new(AtomicUsize::new(0));
    let gateway = Gateway::before(&server.url, {
        let lost = Arc::clone(&lost);
        move |request| {
            // Two of three are lost, whatever was asked.
            if request.number % 3 == 2 {
                return Fate::Pass;
            }
            lost.fetch_add(1, Ordering::SeqCst);
            Fate::LoseAnswer
        }
    })
    .await;
    let agent = place.start(&gateway.url, &["--batch-events", "100"]).await;
    let events = events(1_000);
    for events in events.chunks(50) {
        agent.accept(events).await;
    }
    agent.until_drained().await;
    let device = device(&server).await;
    assert_eq!(device["missingEvents"], 0, "{device}");
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
    println!("{} of {} answers lost", lost.load(Ordering::SeqCst), gateway.requests());
}

#[tokio::test]
async fn what_the_server_has_already_is_not_sent_again() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let gateway = Gateway::before(&server.url, {
        let sent = Arc::clone(&sent);
        move |request| {
            let before = sent.fetch_add(request.events(), Ordering::SeqCst);
            if before == 0 && request.events() > 0 { Fate::LoseAnswer } else { Fate::Pass }
        }
    })
    .await;
    let agent = place.start(&gateway.url, &[]).await;
    let events = events(300);
    agent.accept(&events).await;
    agent.until_drained().await;
    assert_eq!(
        sent.load(Ordering::SeqCst),
        300,
        "after the lost answer only the holes are sent, and there are none"
    );
    assert_eq!(agent.count("duplicate_events_total").await, 0);
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
}

#[tokio::test]
async fn duplicated_and_shuffled_posts_of_many_cameras_are_stored_once() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let agent = place.start(&server.url, &[]).await;
    let events = events(2_000);
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut arrivals: Vec<Value> = events.iter().chain(&events).chain(&events[..500]).cloned().collect();
    arrivals.shuffle(&mut random);
    let mut posts = Vec::new();
    while !arrivals.is_empty() {
        let taken = random.random_range(1..=60).min(arrivals.len());
        posts.push(arrivals.split_off(arrivals.len() - taken));
    }
    let agent_ref = &agent;
    let cameras = posts.chunks(posts.len().div_ceil(8)).map(|posts| async move {
        for post in posts {
            agent_ref.accept(post).await;
        }
    });
    futures_util::future::join_all(cameras).await;
    agent.until_drained().await;
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    let counts = assert_all_stored(&place, database, &events).await;
    assert_eq!(counts.accepted, 4_500);
}
