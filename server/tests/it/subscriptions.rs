//! What subscribers see: the whole first, then what changed, and the last state always.

use std::collections::BTreeMap;

use domain::{event::EntityType, window::WindowSpec};
use serde_json::{Value, json};
use server::{
    live::delivery::Follower,
    report::Question,
    store::access::{Permission, Scope},
};

use crate::{
    harness::{Socket, TestServer, millis, plant_scope, soon, until},
    queries::event,
};

pub(crate) const WORKERS: &str = "subscription($factory: ID! = \"plant\", $window: WindowInput, $ids: [ID!], $area: String) \
    { workerMetrics(factoryId: $factory, window: $window, workerIds: $ids, area: $area) { window { from to } revision \
    snapshot removedWorkerIds workers { workerId name area workingMinutes unitsProduced lastSeenAt } } }";

const WORKERS_NOW: &str = "{ workerMetrics(factoryId: \"plant\") { window { from to } revision snapshot removedWorkerIds \
    workers { workerId name area workingMinutes unitsProduced lastSeenAt } } }";

pub(crate) const STATIONS: &str = "subscription { workstationMetrics(factoryId: \"plant\") { revision snapshot \
    workstations { workstationId unitsProduced } removedWorkstationIds } }";

pub(crate) const FACTORY: &str = "subscription($window: WindowInput) { factoryMetrics(factoryId: \"plant\", window: $window) \
    { window { from to } revision unitsBasis unitsProduced averageUtilization activeWorkers } }";

pub(crate) const FEED: &str = "subscription { eventsIngested(factoryId: \"plant\") { revision skipped events { entityId receivedAt } } }";

pub(crate) const UPDATE_WORKER: &str = "mutation($id: ID!, $input: UpdateEntityInput!) \
    { updateWorker(factoryId: \"plant\", workerId: $id, input: $input) { workerId } }";

pub(crate) const UPDATE_FACTORY: &str = "mutation($input: UpdateFactoryInput!) \
    { updateFactory(factoryId: \"plant\", input: $input) { revision } }";

pub(crate) async fn plant() -> TestServer {
    plant_in("UTC", "2026-01-05T12:00:00Z").await
}

async fn plant_in(time_zone: &str, now: &str) -> TestServer {
    let server = TestServer::at(now).await;
    server.create_factory_in("plant", time_zone).await;
    server
}

/// A subscription with a socket of its own.
pub(crate) struct Subscriber {
    pub(crate) socket: Socket,
}

impl Subscriber {
    pub(crate) async fn new(server: &TestServer, query: &str, variables: Value) -> Self {
        let mut socket = server.socket().await;
        socket.subscribe("1", query, variables).await;
        Self { socket }
    }

    /// The value of the next delivery's only field.
    pub(crate) async fn next(&mut self) -> Value {
        soon("a delivery", self.next_ever()).await
    }

    /// As [`Subscriber::next`], however long it takes.
    pub(crate) async fn next_ever(&mut self) -> Value {
        let data = self.socket.delivery_ever("1").await;
        data.as_object().and_then(|data| data.values().next()).expect("a field").clone()
    }

    /// The first delivery with this revision or a later one.
    pub(crate) async fn reaches(&mut self, revision: &Value) -> Value {
        loop {
            let delivery = self.next().await;
            if delivery["revision"].as_i64() >= revision.as_i64() {
                return delivery;
            }
        }
    }
}

pub(crate) async fn work(server: &TestServer, worker: &str, time: &str, units: u32) -> Value {
    let payload = server.ingest("plant", json!([event(worker, "WORKING", time, 5.0, units)])).await;
    assert_eq!(payload["accepted"], 1, "{payload}");
    payload["revision"].clone()
}

async fn name_worker(server: &TestServer, id: &str, input: Value) {
    server.ask(UPDATE_WORKER, json!({ "id": id, "input": input })).await;
}

fn column<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().expect("rows").iter().filter_map(|row| row[field].as_str()).collect()
}

#[tokio::test]
async fn the_whole_comes_first_and_then_only_what_changed() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    work(&server, "W2", "08:00", 2).await;
    let mut subscriber = Subscriber::new(&server, WORKERS, json!({})).await;
    let first = subscriber.next().await;
    assert_eq!((&first["snapshot"], &first["window"]), (&json!(true), &Value::Null));
    assert_eq!(column(&first["workers"], "workerId"), ["W1", "W2"]);

    let revision = work(&server, "W10", "08:00", 3).await;
    let change = subscriber.next().await;
    assert_eq!(change["snapshot"], false);
    assert_eq!(column(&change["workers"], "workerId"), ["W10"]);
    assert_eq!((&change["removedWorkerIds"], &change["revision"]), (&json!([]), &revision));

    work(&server, "W2", "08:05", 5).await;
    let change = subscriber.next().await;
    assert_eq!(column(&change["workers"], "workerId"), ["W2"]);
    assert_eq!(change["workers"][0]["unitsProduced"], 7);
}

#[tokio::test]
async fn a_subscriber_who_merges_every_delivery_holds_what_a_query_answers() {
    let server = plant().await;
    let mut subscriber = Subscriber::new(&server, WORKERS, json!({})).await;
    let write = async {
        let (mut units, mut units_at) = (0, BTreeMap::new());
        for number in 0..120 {
            let time = format!("{:02}:{:02}", number / 12, number % 12 * 5);
            let revision = work(&server, &format!("W{}", number % 11), &time, number).await;
            units += i64::from(number);
            units_at.insert(revision.as_i64().expect("a revision"), units);
        }
        units_at
    };
    let read = async {
        let (mut held, mut revision) = (BTreeMap::new(), -1);
        let mut seen = Vec::new();
        // The last batch is known by its instant.
        while !held.values().any(|row: &Value| row["lastSeenAt"] == "2026-01-05T10:00:00.000Z") {
            let delivery = subscriber.next().await;
            assert!(delivery["revision"].as_i64() > Some(revision), "{delivery} after {revision}");
            revision = delivery["revision"].as_i64().expect("a revision");
            if delivery["snapshot"] == true {
                held.clear();
            }
            for row in delivery["workers"].as_array().expect("rows") {
                held.insert(row["workerId"].to_string(), row.clone());
            }
            for id in delivery["removedWorkerIds"].as_array().expect("ids") {
                held.remove(&id.to_string());
            }
            seen.push((revision, held.values().filter_map(|row| row["unitsProduced"].as_i64()).sum::<i64>()));
        }
        (held, seen)
    };
    let (units_at, (held, seen)) = tokio::join!(write, read);
    for (revision, units) in &seen[1..] {
        assert_eq!(
            units_at.get(revision),
            Some(units),
            "what is held after the delivery of revision {revision}"
        );
    }
    assert_eq!(seen.last().map(|(revision, _)| revision), units_at.keys().last());
    let now = server.ask(WORKERS_NOW, json!({})).await["workerMetrics"].take();
    let rows = now["workers"].as_array().expect("rows").iter();
    assert_eq!(held, rows.map(|row| (row["workerId"].to_string(), row.clone())).collect());
}

/// What is seen of the plant.
pub(crate) async fn scope<P: Permission>(server: &TestServer) -> Scope<P> {
    plant_scope(&server.app.store.snapshot().await.expect("a snapshot")).await
}

/// Workers of the plant, all time.
async fn follow(server: &TestServer) -> Follower {
    let entity_type = EntityType::Worker;
    let question = Question::about_entities(entity_type, WindowSpec::AllTime, None, None);
    let scope = scope(server).await;
    server.app.live.follow(scope, question.expect("a question")).expect("a follower")
}

/// Whether the next delivery is the whole, and of whom it has rows.
async fn part(follower: &mut Follower) -> (bool, Vec<String>) {
    let (report, part) = soon("a delivery", follower.next()).await.expect("a delivery").expect("no error");
    (part.is_whole(), part.rows(&report).iter().map(|row| row.code.clone()).collect())
}

fn rows(codes: &[&str]) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_subscriber_who_missed_a_delivery_gets_the_whole() {
    let server = plant().await;
    let (mut quick, mut slow) = (follow(&server).await, follow(&server).await);
    assert_eq!((part(&mut quick).await, part(&mut slow).await), ((true, rows(&[])), (true, rows(&[]))));
    for (worker, time) in [("W1", "08:00"), ("W2", "08:00"), ("W3", "08:00")] {
        work(&server, worker, time, 1).await;
        assert_eq!(part(&mut quick).await, (false, rows(&[worker])));
    }
    assert_eq!(part(&mut slow).await, (true, rows(&["W1", "W2", "W3"])));
    work(&server, "W2", "09:00", 1).await;
    assert_eq!(part(&mut slow).await, (false, rows(&["W2"])));
    assert_eq!(server.app.live.cohort_count(), 1);
}

#[tokio::test]
async fn when_only_the_revision_rose_a_delivery_without_rows_follows() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    let mut one = Subscriber::new(&server, WORKERS, json!({ "ids": ["W1"] })).await;
    let mut stations = Subscriber::new(&server, STATIONS, json!({})).await;
    let mut factory = Subscriber::new(&server, FACTORY, json!({})).await;
    let (mut first, _) = (one.next().await, stations.next().await);
    let figures = factory.next().await;

    let revision = work(&server, "W2", "08:00", 0).await;
    let empty = json!({ "window": null, "revision": revision, "snapshot": false, "removedWorkerIds": [], "workers": [] });
    assert_eq!(one.reaches(&revision).await, empty);
    let empty =
        json!({ "revision": revision, "snapshot": false, "removedWorkstationIds": [], "workstations": [] });
    assert_eq!(stations.reaches(&revision).await, empty);
    assert_eq!(factory.reaches(&revision).await["activeWorkers"], 2);

    // A name is not among the factory's figures, so that only their revision rises.
    name_worker(&server, "W1", json!({ "name": "Ada" })).await;
    let figures_again = factory.next().await;
    assert_eq!(figures_again["unitsProduced"], figures["unitsProduced"]);
    assert!(figures_again["revision"].as_i64() > revision.as_i64());
    let named = one.next().await;
    first["workers"][0]["name"] = json!("Ada");
    assert_eq!((&named["workers"], &named["snapshot"]), (&first["workers"], &json!(false)));
}

#[tokio::test]
async fn a_read_that_fails_is_repeated_until_it_succeeds() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    let mut connection = server.database.connect().await;
    connection.execute("ALTER TABLE rollup RENAME TO away").await;
    let mut subscriber = Subscriber::new(&server, WORKERS, json!({})).await;
    until("a second failure", async || server.app.live.failed_read_count() > 1).await;
    connection.execute("ALTER TABLE away RENAME TO rollup").await;
    assert_eq!(column(&subscriber.next().await["workers"], "workerId"), ["W1"]);
}

#[tokio::test]
async fn who_joins_a_cohort_gets_the_whole_at_once() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    let mut first = Subscriber::new(&server, WORKERS, json!({ "ids": ["W1", "W2"] })).await;
    let whole = first.next().await;
    let mut second = Subscriber::new(&server, WORKERS, json!({ "ids": ["W2", "W1", "W1"] })).await;
    assert_eq!(second.next().await, whole);
    assert_eq!(server.app.live.cohort_count(), 1);
}

#[tokio::test]
async fn the_last_minutes_move_when_a_bucket_begins() {
    let server = plant_in("UTC", "2026-01-05T08:04:59.999Z").await;
    work(&server, "W1", "08:00", 1).await;
    let mut subscriber = Subscriber::new(&server, WORKERS, json!({ "window": { "lastMinutes": 5 } })).await;
    let first = subscriber.next().await;
    let window = |from: &str, to: &str| json!({ "from": format!("2026-01-05T{from}:00.000Z"), "to": format!("2026-01-05T{to}:00.000Z") });
    assert_eq!(
        (&first["window"], column(&first["workers"], "workerId")),
        (&window("08:00", "08:05"), vec!["W1"])
    );

    server.clock.set(millis("2026-01-05T08:05:00Z"));
    let moved = subscriber.next().await;
    assert_eq!((&moved["window"], &moved["workers"]), (&window("08:05", "08:10"), &json!([])));
    assert_eq!((&moved["snapshot"], &moved["revision"]), (&json!(true), &first["revision"]));

    server.clock.set(millis("2026-01-05T09:01:00Z"));
    assert_eq!(subscriber.next().await["window"], window("09:00", "09:05"));
}

/// Today in Berlin at each of these instants, each given with the window that begins with it.
async fn check_days(days: &[(&str, &str, &str)]) {
    let (_, from, _) = days[0];
    let server = plant_in("Europe/Berlin", from).await;
    let mut subscriber = Subscriber::new(&server, FACTORY, json!({ "window": { "period": "TODAY" } })).await;
    for (now, from, to) in days {
        server.clock.set(millis(now));
        let expected = json!({ "from": from, "to": to });
        loop {
            let delivery = subscriber.next().await;
            if delivery["window"] == expected {
                break;
            }
            assert!(
                delivery["window"]["to"].as_str() <= Some(from),
                "{delivery}, but {expected} was to come"
            );
        }
    }
}

#[tokio::test]
async fn today_moves_at_local_midnight_also_after_a_day_of_23_hours() {
    check_days(&[
        ("2026-03-28T22:59:59.999Z", "2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z"),
        ("2026-03-28T23:00:00Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        ("2026-03-29T22:00:00Z", "2026-03-29T22:00:00.000Z", "2026-03-30T22:00:00.000Z"),
    ])
    .await;
}

#[tokio::test]
async fn today_moves_at_local_midnight_also_after_a_day_of_25_hours() {
    check_days(&[
        ("2026-10-24T21:59:59.999Z", "2026-10-23T22:00:00.000Z", "2026-10-24T22:00:00.000Z"),
        ("2026-10-24T22:00:00Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"),
        ("2026-10-25T23:00:00Z", "2026-10-25T23:00:00.000Z", "2026-10-26T23:00:00.000Z"),
    ])
    .await;
}

#[tokio::test]
async fn who_comes_to_an_area_is_shown_there_and_who_leaves_is_removed() {
    let server = plant().await;
    work(&server, "W1", "08:00", 1).await;
    let mut subscriber = Subscriber::new(&server, WORKERS, json!({ "area": "Line 1" })).await;
    assert_eq!(subscriber.next().await["workers"], json!([]));
    name_worker(&server, "W1", json!({ "area": "Line 1" })).await;
    let change = subscriber.next().await;
    assert_eq!(
        (column(&change["workers"], "area"), &change["removedWorkerIds"]),
        (vec!["Line 1"], &json!([]))
    );
    name_worker(&server, "W1", json!({ "area": "Line 2" })).await;
    let change = subscriber.next().await;
    assert_eq!((&change["workers"], &change["removedWorkerIds"]), (&json!([]), &json!(["W1"])));
}

#[tokio::test]
async fn a_factorys_new_settings_reach_its_subscribers() {
    let server = plant().await;
    let events = json!([event("W1", "WORKING", "08:00", 5.0, 3), event("S1", "WORKING", "08:00", 5.0, 4)]);
    server.ingest("plant", events).await;
    let mut subscriber = Subscriber::new(&server, FACTORY, json!({ "window": { "period": "TODAY" } })).await;
    assert_eq!(subscriber.next().await["unitsProduced"], 3);
    server.ask(UPDATE_FACTORY, json!({ "input": { "unitsBasis": "WORKSTATIONS" } })).await;
    let delivery = subscriber.next().await;
    assert_eq!((&delivery["unitsProduced"], &delivery["unitsBasis"]), (&json!(4), &json!("WORKSTATIONS")));
    server.ask(UPDATE_FACTORY, json!({ "input": { "timeZone": "Asia/Kolkata" } })).await;
    let window = json!({ "from": "2026-01-04T18:30:00.000Z", "to": "2026-01-05T18:30:00.000Z" });
    assert_eq!(subscriber.next().await["window"], window);
}

#[tokio::test]
async fn a_day_that_the_new_time_zone_skipped_ends_the_subscription_with_the_reason() {
    let server = plant().await;
    let mut subscriber =
        Subscriber::new(&server, FACTORY, json!({ "window": { "day": "2011-12-30" } })).await;
    subscriber.next().await;
    server.ask(UPDATE_FACTORY, json!({ "input": { "timeZone": "Pacific/Apia" } })).await;
    let message = subscriber.socket.receive().await;
    assert!(message.to_string().contains("BAD_USER_INPUT"), "{message}");
    until("the end of the cohort", async || server.app.live.cohort_count() == 0).await;
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_at_once() {
    let server = plant().await;
    for (query, variables, expected) in [
        (WORKERS, json!({ "factory": "nowhere" }), "NOT_FOUND"),
        (WORKERS, json!({ "window": { "lastMinutes": 0 } }), "BAD_USER_INPUT"),
    ] {
        let mut subscriber = Subscriber::new(&server, query, variables).await;
        let message = subscriber.socket.receive().await.to_string();
        assert!(message.contains(expected), "{message}");
    }
    let mut nowhere = Subscriber::new(&server, &FEED.replace("plant", "nowhere"), json!({})).await;
    let message = nowhere.socket.receive().await.to_string();
    assert!(message.contains("NOT_FOUND") && message.contains("nowhere"), "{message}");
}

#[tokio::test]
async fn the_feed_delivers_the_latest_events_in_their_order_and_counts_the_rest() {
    let server = plant().await;
    let before = work(&server, "W0", "07:00", 1).await;
    let mut feed = Subscriber::new(&server, FEED, json!({})).await;
    assert_eq!(feed.next().await, json!({ "revision": before, "skipped": 0, "events": [] }));

    let batch = |range: std::ops::Range<u32>| -> Value {
        range.map(|number| event(&format!("W{number}"), "IDLE", "08:00", 1.0, 0)).collect()
    };
    let payload = server.ingest("plant", batch(1..4)).await;
    let delivery = feed.next().await;
    assert_eq!(
        (column(&delivery["events"], "entityId"), &delivery["skipped"]),
        (vec!["W1", "W2", "W3"], &json!(0))
    );
    assert_eq!(delivery["revision"], payload["revision"]);
    assert_eq!(delivery["events"][0]["receivedAt"], "2026-01-05T12:00:00.000Z");

    let payload = server.ingest("plant", batch(1..454)).await;
    assert_eq!((&payload["accepted"], &payload["duplicates"]), (&json!(450), &json!(3)));
    let delivery = feed.next().await;
    let expected: Vec<String> = (254..454).map(|number| format!("W{number}")).collect();
    assert_eq!(
        (column(&delivery["events"], "entityId"), &delivery["skipped"]),
        (expected.iter().map(String::as_str).collect(), &json!(250))
    );

    name_worker(&server, "W1", json!({ "name": "Ada" })).await;
    let delivery = feed.next().await;
    assert_eq!((&delivery["events"], &delivery["skipped"]), (&json!([]), &json!(0)));
    assert!(delivery["revision"].as_i64() > payload["revision"].as_i64());
}

#[tokio::test]
async fn however_subscribers_leave_everything_is_freed() {
    let server = plant().await;
    let live = &server.app.live;
    let mut completing = Subscriber::new(&server, WORKERS, json!({})).await;
    let mut vanishing = Subscriber::new(&server, WORKERS, json!({})).await;
    let mut other = Subscriber::new(&server, FACTORY, json!({ "window": { "period": "TODAY" } })).await;
    let mut feed = Subscriber::new(&server, FEED, json!({})).await;
    for subscriber in [&mut completing, &mut vanishing, &mut other, &mut feed] {
        subscriber.next().await;
    }
    assert_eq!((live.cohort_count(), live.listened_factory_count()), (2, 1));
    completing.socket.complete("1").await;
    drop(other);
    until("the end of one cohort", async || live.cohort_count() == 1).await;
    work(&server, "W1", "08:00", 1).await;
    vanishing.next().await;
    drop(vanishing);
    until("the end of the other cohort", async || live.cohort_count() == 0).await;
    assert_eq!(live.listened_factory_count(), 1);
    drop(feed);
    until("the end of listening", async || live.listened_factory_count() == 0).await;

    let mut again = Subscriber::new(&server, WORKERS, json!({})).await;
    assert_eq!(again.next().await["workers"][0]["workerId"], "W1");
}
