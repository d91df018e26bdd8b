//! What one principal may ask, send and keep open, and how often somebody may try to prove who they are.

use std::{num::NonZeroU32, time::Duration};

use domain::{access::Role, time::DurationMs};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use server::{
    access::{AccessLimits, AccessMode, Rate},
    clock::Clock,
    http::{ConnectionLimits, Options, TrustedProxies},
    store::Store,
};

use super::{METRICS, NOW, create_factory};
use crate::harness::{
    Caller, Socket, TestDatabase, TestServer, code, millis, minute_of_work, patient, soon, until,
};

const FOLLOW: &str = "subscription($f: ID!) { factoryMetrics(factoryId: $f) { unitsProduced } }";

fn plant() -> Value {
    json!({ "f": "plant" })
}

/// So often, and then not again before the test ends.
fn only(burst: u32) -> Rate {
    Rate { burst: NonZeroU32::new(burst).expect("not zero"), interval: Duration::from_hours(1) }
}

/// A closed server with the factory `plant`, which believes this machine when it names the address of a client.
async fn limited(limits: AccessLimits) -> TestServer {
    let connections = ConnectionLimits {
        trusted_proxies: TrustedProxies::parse(["127.0.0.1"]).expect("a network"),
        ..patient().connections
    };
    let database = TestDatabase::new().await;
    let store = Store::open(database.url()).await.expect("a database");
    let options = (Options { limits, connections, ..patient() }, AccessMode::Required);
    let server = TestServer::with_access(store, database, Clock::manual(millis(NOW)), options).await;
    create_factory(&server, "plant").await;
    server
}

/// What is asked again too early: the code of the answer, whose header says the same as its body, in whole seconds.
async fn too_many(response: Response) -> String {
    let (status, header) = (response.status(), response.headers().get("retry-after").cloned());
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");
    let wait_ms = answer["errors"][0]["extensions"]["retryAfterMs"].as_u64().expect("a wait");
    let header: u64 = header.expect("a header").to_str().expect("text").parse().expect("a number");
    assert_eq!(header, wait_ms.div_ceil(1_000));
    assert!(header >= 1);
    let message = answer["errors"][0]["message"].as_str().expect("words");
    assert!(message.len() < 200, "cut: {message}");
    code(&answer)
}

async fn ask(server: &TestServer, caller: &Caller) -> Response {
    soon("an answer", server.request_of(caller, METRICS, &plant()).send()).await.expect("a response")
}

/// Asks as who comes from an address through a proxy, and with what that proves who they are, if it is something.
async fn ask_from(server: &TestServer, address: &str, token: Option<&str>) -> Response {
    let body = json!({ "query": METRICS, "variables": plant() });
    let request = server.request(body.to_string()).header("x-forwarded-for", address);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    soon("an answer", request.send()).await.expect("a response")
}

#[tokio::test]
async fn requests_of_a_principal_are_counted_by_whatever_token_and_method_they_come() {
    let server = limited(AccessLimits { requests: only(4), ..AccessLimits::default() }).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    let scope = server.settings_of("plant").await;
    let overlap_ms = DurationMs(domain::MS_PER_HOUR);
    let rotated = server.app.store.rotate_token(&scope, caller.id, overlap_ms, &server.author()).await;
    let (record, token) = rotated.expect("a commit").expect("another token");
    let same = Caller { token: token.text(), id: record.id };
    let get = |caller: &Caller| {
        let url = server.url("/graphql?query=%7B__typename%7D");
        server.client.get(url).bearer_auth(&caller.token).header("accept", "application/json").send()
    };
    assert_eq!(ask(&server, &caller).await.status(), StatusCode::OK);
    assert_eq!(ask(&server, &same).await.status(), StatusCode::OK);
    assert_eq!(soon("an answer", get(&same)).await.expect("a response").status(), StatusCode::OK);
    assert_eq!(ask(&server, &caller).await.status(), StatusCode::OK);
    for caller in [&caller, &same] {
        assert_eq!(too_many(ask(&server, caller).await).await, "RATE_LIMITED");
        assert_eq!(too_many(soon("an answer", get(caller)).await.expect("a response")).await, "RATE_LIMITED");
    }
    let events = server.request_of(&caller, METRICS, &plant()).header("accept", "text/event-stream");
    assert_eq!(too_many(soon("an answer", events.send()).await.expect("a response")).await, "RATE_LIMITED");
    let other = server.token("plant", Role::Viewer, "another board").await;
    assert_eq!(ask(&server, &other).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn each_operation_of_a_list_counts_and_a_list_is_answered_whole_or_not_at_all() {
    let server = limited(AccessLimits { requests: only(5), ..AccessLimits::default() }).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    let list = async || {
        let operation = json!({ "query": "{ __typename }" });
        let body = json!([operation, operation, operation]);
        let request = server.request(body.to_string()).bearer_auth(&caller.token);
        soon("an answer", request.send()).await.expect("a response")
    };
    let answer: Value = list().await.json().await.expect("JSON");
    assert_eq!(answer.as_array().map(Vec::len), Some(3), "{answer}");
    // Of the second one only its request is counted.
    assert_eq!(too_many(list().await).await, "RATE_LIMITED");
    assert_eq!(ask(&server, &caller).await.status(), StatusCode::OK);
    assert_eq!(too_many(ask(&server, &caller).await).await, "RATE_LIMITED");
}

#[tokio::test]
async fn an_operation_too_many_on_a_websocket_is_answered_with_an_error_and_the_socket_stays() {
    let server = limited(AccessLimits { requests: only(3), ..AccessLimits::default() }).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    // The hello counts as one.
    let mut socket = server.socket_of(&caller).await;
    for id in ["1", "2"] {
        socket.subscribe(id, FOLLOW, plant()).await;
        socket.delivery(id).await;
    }
    socket.subscribe("3", "{ __typename }", json!({})).await;
    let refused = socket.receive().await;
    assert_eq!((&refused["id"], &refused["type"]), (&json!("3"), &json!("error")), "{refused}");
    assert_eq!(code(&json!({ "errors": refused["payload"] })), "RATE_LIMITED");
    assert!(refused["payload"][0]["extensions"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0));
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
    let mut another = Socket::open(server.address).await;
    let payload = json!({ "authorization": format!("Bearer {}", caller.token) });
    another.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(another.closed().await.code, 1013);
}

#[tokio::test]
async fn on_an_open_server_nothing_is_counted_for_a_principal() {
    let limits =
        AccessLimits { requests: only(1), events: only(1), attempts: only(1), sockets: 1, subscriptions: 1 };
    let server = TestServer::with(Clock::manual(millis(NOW)), Options { limits, ..patient() }).await;
    server.create_factory("plant").await;
    let events: Vec<Value> = (0..5).map(|number| minute_of_work("W1", number)).collect();
    assert_eq!(server.ingest("plant", json!(events)).await["accepted"], 5);
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = server.socket().await;
        for id in ["1", "2"] {
            socket.subscribe(id, FOLLOW, plant()).await;
            socket.delivery(id).await;
        }
        sockets.push(socket);
        let answer = server.answer(METRICS, plant()).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn who_guesses_from_an_address_is_slowed_down_and_who_is_known_is_not() {
    let server = limited(AccessLimits { attempts: only(3), ..AccessLimits::default() }).await;
    let known = server.token("plant", Role::Viewer, "board").await;
    let unknown = server.token("plant", Role::Viewer, "another board").await;
    assert_eq!(ask(&server, &known).await.status(), StatusCode::OK, "this machine's own are not counted");
    let guesses =
        [None, Some("guess"), Some("andon_svc_99_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    for guess in guesses {
        assert_eq!(ask_from(&server, "198.51.100.7", guess).await.status(), StatusCode::UNAUTHORIZED);
    }
    for guess in guesses {
        assert_eq!(too_many(ask_from(&server, "198.51.100.7", guess).await).await, "RATE_LIMITED");
    }
    // Nothing is looked up any more, not even what would be found.
    assert_eq!(too_many(ask_from(&server, "198.51.100.7", Some(&unknown.token)).await).await, "RATE_LIMITED");
    let answer = ask_from(&server, "198.51.100.7", Some(&known.token)).await;
    assert_eq!(answer.status(), StatusCode::OK, "who is known goes on");
    let answer = ask_from(&server, "198.51.100.8", Some(&unknown.token)).await;
    assert_eq!(answer.status(), StatusCode::OK, "another address");
    // An IPv6 address counts with all others of its site.
    for number in 1..=3 {
        let answer = ask_from(&server, &format!("2001:db8:1:2::{number}"), None).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(too_many(ask_from(&server, "2001:db8:1:2:3::4", None).await).await, "RATE_LIMITED");
    assert_eq!(ask_from(&server, "2001:db8:1:3::1", None).await.status(), StatusCode::UNAUTHORIZED);
    for _ in 0..10 {
        let body = json!({ "query": METRICS, "variables": plant() });
        let response = soon("an answer", server.request(body.to_string()).send()).await.expect("a response");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "this machine's own are not counted");
    }
}

#[tokio::test]
async fn websockets_and_cookies_of_an_address_that_guesses_are_slowed_down_and_its_people_can_sign_in() {
    let server = limited(AccessLimits { attempts: only(1), ..AccessLimits::default() }).await;
    let from = |path: &str| {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.build().expect("a client");
        client.get(server.url(path)).header("x-forwarded-for", "198.51.100.7").header("accept", "text/html")
    };
    let location = async |request: reqwest::RequestBuilder| {
        let response = soon("an answer", request.send()).await.expect("a response");
        let location = response.headers().get("location").cloned();
        (response.status(), location.map(|location| location.to_str().expect("text").to_owned()))
    };
    // Who has nothing to show is sent to where they sign in, as often as they like.
    for _ in 0..5 {
        let (status, location) = location(from("/graphql")).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(location.is_some_and(|location| location.starts_with("/auth/sign-in")));
    }
    assert_eq!(location(from("/graphql").header("cookie", "andon=guess")).await.0, StatusCode::SEE_OTHER);
    // It is not looked at any more, so the page that opens will be told by itself.
    assert_ne!(location(from("/graphql").header("cookie", "andon=guess")).await.0, StatusCode::SEE_OTHER);
    let mut request = Socket::request(server.address);
    request.headers_mut().insert("x-forwarded-for", "198.51.100.7".parse().expect("a header"));
    let mut socket = Socket::open_with(server.address, request).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": "Bearer guess" } })).await;
    let closed = socket.closed().await;
    assert_eq!(closed.code, 1013, "{closed:?}");
    assert_eq!(location(from("/auth/sign-in")).await, (StatusCode::OK, None));
    assert_eq!(location(from("/graphql")).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_batch_over_the_rate_of_its_device_is_refused_whole_and_one_within_it_is_taken() {
    let server = limited(AccessLimits { events: only(10), ..AccessLimits::default() }).await;
    let device = server.token("plant", Role::Device, "cam-1").await;
    let batch = |first: usize, count: usize| -> Value {
        let minutes = first..first + count;
        minutes.map(|minute| minute_of_work("W1", minute)).collect()
    };
    let query = "mutation($f: ID!, $events: [EventInput!]!) { ingestEvents(factoryId: $f, events: $events) \
                 { accepted rejected } }";
    let send = async |device: &Caller, events: Value| {
        let variables = json!({ "f": "plant", "events": events });
        soon("an answer", server.request_of(device, query, &variables).send()).await.expect("a response")
    };
    assert_eq!(send(&device, batch(0, 6)).await.status(), StatusCode::OK);
    assert_eq!(too_many(send(&device, batch(6, 5)).await).await, "RATE_LIMITED");
    // Bad events are work, too.
    let mut bad = batch(0, 3);
    bad[0]["durationMinutes"] = json!(-1);
    let answer: Value = send(&device, bad).await.json().await.expect("JSON");
    assert_eq!(answer["data"]["ingestEvents"], json!({ "accepted": 0, "rejected": 1 }), "{answer}");
    assert_eq!(too_many(send(&device, batch(6, 2)).await).await, "RATE_LIMITED");
    assert_eq!(send(&device, batch(6, 1)).await.status(), StatusCode::OK);
    assert_eq!(send(&device, json!([])).await.status(), StatusCode::OK, "a sign of life is never too much");
    let other = server.token("plant", Role::Device, "cam-2").await;
    assert_eq!(send(&other, batch(7, 6)).await.status(), StatusCode::OK);
    let reader = server.token("plant", Role::Supervisor, "lead").await;
    let stored =
        server.answer_to(&reader, "query($f: ID!) { events(factoryId: $f) { edges { cursor } } }", plant());
    assert_eq!(stored.await["data"]["events"]["edges"].as_array().map(Vec::len), Some(6 + 1 + 6));
}

#[tokio::test]
async fn a_principal_has_so_many_sockets_and_event_streams_at_a_time() {
    let server = limited(AccessLimits { sockets: 2, ..AccessLimits::default() }).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    let payload = json!({ "authorization": format!("Bearer {}", caller.token) });
    let hello = json!({ "type": "connection_init", "payload": payload });
    let first = server.socket_of(&caller).await;
    let request = server.request_of(&caller, FOLLOW, &plant()).header("accept", "text/event-stream");
    let mut stream = soon("a response", request.send()).await.expect("a response");
    assert_eq!(stream.status(), StatusCode::OK);
    soon("an event", stream.chunk()).await.expect("a stream").expect("an event");
    let mut third = Socket::open(server.address).await;
    third.send(hello.clone()).await;
    let closed = third.closed().await;
    assert_eq!(closed.code, 1013, "{closed:?}");
    assert!(closed.reason.contains("at most 2"), "{closed:?}");
    let request = server.request_of(&caller, FOLLOW, &plant()).header("accept", "text/event-stream");
    assert_eq!(too_many(soon("an answer", request.send()).await.expect("a response")).await, "RATE_LIMITED");
    let other = server.token("plant", Role::Viewer, "another board").await;
    server.socket_of(&other).await;
    drop(first);
    until("room", async || {
        let mut socket = Socket::open(server.address).await;
        socket.send(hello.clone()).await;
        match soon("an answer", futures_util::StreamExt::next(&mut socket.stream)).await {
            Some(Ok(message)) => message.is_text(),
            _ => false,
        }
    })
    .await;
}

#[tokio::test]
async fn a_principal_has_so_many_subscriptions_at_a_time_on_all_of_its_sockets() {
    let server = limited(AccessLimits { subscriptions: 2, ..AccessLimits::default() }).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    let (mut first, mut second) = (server.socket_of(&caller).await, server.socket_of(&caller).await);
    // They are the same, so that the second one joins the first.
    for socket in [&mut first, &mut second] {
        socket.subscribe("1", FOLLOW, plant()).await;
        socket.delivery("1").await;
    }
    second.subscribe("2", FOLLOW, plant()).await;
    let refused = second.receive().await;
    assert_eq!((&refused["id"], &refused["type"]), (&json!("2"), &json!("error")), "{refused}");
    assert_eq!(code(&json!({ "errors": refused["payload"] })), "RATE_LIMITED");
    second.subscribe("3", "{ __typename }", json!({})).await;
    second.delivery("3").await;
    assert_eq!(second.receive().await, json!({ "type": "complete", "id": "3" }));
    let other = server.token("plant", Role::Viewer, "another board").await;
    let mut of_other = server.socket_of(&other).await;
    of_other.subscribe("1", FOLLOW, plant()).await;
    of_other.delivery("1").await;
    // What ends on one socket leaves room on another one once the server has heard of it, which the answer to a ping shows.
    first.complete("1").await;
    first.send(json!({ "type": "ping" })).await;
    assert_eq!(first.receive().await["type"], "pong");
    second.subscribe("4", FOLLOW, plant()).await;
    second.delivery("4").await;
}
