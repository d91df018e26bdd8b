//! Agent, server and both of them, killed at any moment.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use test_harness::{POLL_INTERVAL, reserved_port, rounds};
use tokio::sync::Semaphore;

use crate::{
    agent::{Place, post},
    harness::{Program, minute_of_work, soon},
    ledger::{assert_all_stored, device, events, plant},
};

const KILLS: usize = 15;
/// Enough that every kill finds events on their way.
const EVENTS_PER_KILL: usize = 60;
const LATEST_KILL_MS: u64 = 300;
const LARGEST_POST: usize = 20;

/// Posts as a camera does that was given no answer: again, until there is one.
async fn post_until_accepted(client: &reqwest::Client, url: &str, events: &[Value]) -> usize {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match post(client, url, Value::from(events).to_string()).await {
            Some((200, answer)) => {
                assert_eq!(answer["accepted"], events.len(), "{answer}");
                return attempts;
            }
            Some((503, _)) | None => tokio::time::sleep(POLL_INTERVAL).await,
            Some(answer) => panic!("{answer:?}"),
        }
    }
}

#[tokio::test]
async fn whoever_is_killed_whenever_every_accepted_event_is_stored_once() {
    let kills = rounds(KILLS);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let events: Vec<Value> = events(kills * EVENTS_PER_KILL)
        .into_iter()
        .enumerate()
        .map(|(index, mut event)| {
            // Half of them have no id of their own.
            if index % 2 == 0 {
                event.as_object_mut().expect("an object").remove("eventId");
            }
            event
        })
        .collect();
    // Shuffled, and a fifth of them twice.
    let mut arrivals = events.clone();
    arrivals.extend(events.iter().step_by(5).cloned());
    arrivals.shuffle(&mut random);

    let place = Place::new();
    let agent_url = format!("http://{}", place.address());
    let database = plant().await;
    let reserved = reserved_port();
    let listen = reserved.local_addr().expect("an address").to_string();
    let server_url = format!("http://{listen}");
    let mut server = Program::serve_at(&listen, database.url(), &[]).await;
    let mut agent = place.start(&server_url, &[]).await;

    let mut posts: VecDeque<Vec<Value>> = VecDeque::new();
    while !arrivals.is_empty() {
        let taken = random.random_range(1..=LARGEST_POST).min(arrivals.len());
        posts.push_back(arrivals.split_off(arrivals.len() - taken));
    }
    let (posts_per_kill, all) = (posts.len().div_ceil(kills), posts.len());
    let killed = Arc::new(Semaphore::new(0));
    let posting = tokio::spawn({
        let killed = Arc::clone(&killed);
        async move {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let mut attempts = 0;
            for (index, post) in posts.into_iter().enumerate() {
                attempts += post_until_accepted(&client, &agent_url, &post).await;
                if (index + 1) % posts_per_kill == 0 {
                    killed.acquire().await.expect("open").forget();
                }
            }
            attempts
        }
    });

    let mut victims = [0; 3];
    for _ in 0..kills {
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_MS))).await;
        let victim = random.random_range(0..3);
        victims[victim] += 1;
        if victim != 1 {
            agent.kill().await;
        }
        if victim != 0 {
            soon("the kill", server.child.kill()).await.expect("a killed process");
            server = Program::serve_at(&listen, database.url(), &[]).await;
        }
        agent = if victim == 1 { agent } else { place.start(&server_url, &[]).await };
        killed.add_permits(1);
    }
    let attempts = soon("the last post", posting).await.expect("no panic");
    agent.until_drained().await;
    let device = device(&server).await;
    assert_eq!((&device["missingEvents"], &device["lostEvents"]), (&0.into(), &0.into()), "{device}");
    let (status, log) = agent.terminate().await;
    assert!(status.success(), "{log:#?}");
    assert!(server.terminate().await.0.success());

    let counts = assert_all_stored(&place, database, &events).await;
    println!(
        "{kills} kills (agent {}, server {}, both {}); {all} posts in {attempts} attempts; {} events accepted, {} stored, 0 lost",
        victims[0],
        victims[1],
        victims[2],
        counts.accepted,
        events.len()
    );
}

#[tokio::test]
async fn an_event_without_an_id_posted_twice_around_a_kill_is_one_event() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let events: Vec<Value> = (0..50).map(|minute| minute_of_work("W1", minute)).collect();
    let mut agent = place.start(&server.url, &[]).await;
    for events in events.chunks(10) {
        agent.accept(events).await;
        agent.kill().await;
        agent = place.start(&server.url, &[]).await;
        agent.accept(events).await;
    }
    agent.until_drained().await;
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    let counts = assert_all_stored(&place, database, &events).await;
    assert_eq!(counts.accepted, 100);
}

#[tokio::test]
async fn asked_to_stop_the_agent_delivers_what_it_has_and_keeps_the_rest() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let events: Vec<Value> = (0..100).map(|minute| minute_of_work("W1", minute)).collect();
    let agent = place.start(&server.url, &["--linger", "20s"]).await;
    agent.accept(&events[..60]).await;
    assert!(agent.terminate().await.0.success());
    assert_eq!(crate::ledger::stored(&database).await, 60, "what lingered is delivered at the end");
    assert!(server.terminate().await.0.success());

    let agent = place.start("http://127.0.0.1:9", &[]).await;
    agent.accept(&events[60..]).await;
    let (status, log) = agent.terminate().await;
    assert!(status.success());
    assert!(log.iter().any(|line| line.contains("40 events are still queued")), "{log:#?}");
    let counts = place.counts().await;
    assert_eq!((counts.delivered, counts.queued), (60, 40));
}
