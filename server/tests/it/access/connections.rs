//! Websockets and event streams of somebody who is let in no more, or may do something else.

use domain::{access::Role, time::DurationMs};
use serde_json::{Value, json};

use super::{NOW, closed, device_of, send};
use crate::harness::{Caller, Closed, Socket, TestServer, millis, soon, until};

const METRICS: &str = "subscription($f: ID!) { factoryMetrics(factoryId: $f) { unitsProduced } }";
const WORKERS: &str = "subscription($f: ID!) { workerMetrics(factoryId: $f) { workers { workerId } } }";

fn plant() -> Value {
    json!({ "f": "plant" })
}

async fn follow(server: &TestServer, caller: &Caller, query: &str) -> Socket {
    let mut socket = server.socket_of(caller).await;
    socket.subscribe("1", query, plant()).await;
    socket.delivery("1").await;
    socket
}

async fn hello(server: &TestServer, payload: Value) -> Closed {
    let mut socket = Socket::open(server.address).await;
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    socket.closed().await
}

#[tokio::test]
async fn a_socket_is_closed_with_4403_where_nobody_is_let_in_and_with_4401_before_the_hello() {
    let server = closed(&["plant"]).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    for payload in [json!({}), json!({ "authorization": "Bearer x" }), json!({ "authorization": "x" })] {
        let closed = hello(&server, payload.clone()).await;
        assert_eq!(closed.code, 4403, "{payload}: {closed:?}");
    }
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("1", METRICS, plant()).await;
    assert_eq!(socket.closed().await.code, 4401);
    // Some clients write the name as that of a header, and some send the header itself.
    let mut socket = Socket::open(server.address).await;
    let payload = json!({ "Authorization": format!("Bearer {}", caller.token) });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    let mut request = Socket::request(server.address);
    let header = format!("Bearer {}", caller.token).parse().expect("a header");
    request.headers_mut().insert("authorization", header);
    let mut socket = Socket::open_with(server.address, request).await;
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
}

#[tokio::test]
async fn a_socket_ends_when_its_token_is_revoked_or_expires() {
    let server = closed(&["plant"]).await;
    let [revoked, expiring] =
        [server.token("plant", Role::Viewer, "one").await, server.token("plant", Role::Viewer, "two").await];
    let mut socket = follow(&server, &revoked, METRICS).await;
    let mut other = follow(&server, &expiring, METRICS).await;
    server.revoke("plant", &revoked).await;
    let closed = socket.closed().await;
    assert_eq!(closed.code, 4403);
    assert!(closed.reason.contains("revoked"), "{closed:?}");
    server.clock.set(millis(NOW) + DurationMs(domain::MS_PER_DAY));
    let closed = other.closed().await;
    assert_eq!(closed.code, 4403);
    assert!(closed.reason.contains("expired"), "{closed:?}");
}

#[tokio::test]
async fn an_event_stream_ends_when_its_token_is_revoked() {
    let server = closed(&["plant"]).await;
    let caller = server.token("plant", Role::Viewer, "board").await;
    let request = server.request_of(&caller, METRICS, &plant()).header("accept", "text/event-stream");
    let mut response = soon("a response", request.send()).await.expect("a response");
    soon("the first event", response.chunk()).await.expect("a stream").expect("an event");
    server.revoke("plant", &caller).await;
    soon("the end", async { while response.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} }).await;
}

#[tokio::test]
async fn a_grant_that_is_gone_ends_its_operations_and_not_the_socket() {
    let server = closed(&["plant", "other"]).await;
    let device = device_of(&server, "plant").await;
    let person = server.person("Kim", &[("plant", Role::Supervisor), ("other", Role::Viewer)]).await;
    let mut socket = follow(&server, &person, WORKERS).await;
    socket.subscribe("2", METRICS, json!({ "f": "other" })).await;
    socket.delivery("2").await;
    server.change_grant("plant", "Kim", Role::Supervisor, false).await;
    let ended = socket.receive().await;
    assert_eq!((&ended["id"], &ended["type"]), (&json!("1"), &json!("error")), "{ended}");
    assert_eq!(ended["payload"][0]["extensions"]["code"], "NOT_FOUND", "{ended}");
    // The other one goes on, and so does the socket.
    let of_other = server.token("other", Role::Device, "cam-2").await;
    send(&server, &of_other, "other", &["W1", "W2"]).await;
    assert_eq!(socket.delivery("2").await["factoryMetrics"]["unitsProduced"], 14);
    send(&server, &device, "plant", &["W3"]).await;
    socket.subscribe("3", METRICS, json!({ "f": "other" })).await;
    socket.delivery("3").await;
}

#[tokio::test]
async fn a_grant_that_shows_less_moves_its_operation_to_what_it_shows() {
    let server = closed(&["plant"]).await;
    let device = server.token("plant", Role::Device, "cam-1").await;
    send(&server, &device, "plant", &["W1"]).await;
    let person = server.person("Kim", &[("plant", Role::Supervisor), ("plant", Role::Viewer)]).await;
    let mut socket = server.socket_of(&person).await;
    socket.subscribe("1", METRICS, plant()).await;
    assert_eq!(socket.delivery("1").await["factoryMetrics"]["unitsProduced"], 7);
    server.change_grant("plant", "Kim", Role::Supervisor, false).await;
    // Of one worker alone nobody is told who may see no single worker.
    assert_eq!(socket.delivery("1").await["factoryMetrics"]["unitsProduced"], Value::Null);
    server.change_grant("plant", "Kim", Role::Supervisor, true).await;
    assert_eq!(socket.delivery("1").await["factoryMetrics"]["unitsProduced"], 7);
}

#[tokio::test]
async fn callers_who_see_different_things_share_no_broadcast() {
    let server = closed(&["plant"]).await;
    let device = server.token("plant", Role::Device, "cam-1").await;
    send(&server, &device, "plant", &["W1"]).await;
    let mut callers = Vec::new();
    for (name, role) in
        [("a", Role::Supervisor), ("b", Role::Supervisor), ("c", Role::Viewer), ("d", Role::Admin)]
    {
        callers.push(server.token("plant", role, name).await);
    }
    let mut sockets = Vec::new();
    for caller in &callers {
        let mut socket = server.socket_of(caller).await;
        socket.subscribe("1", METRICS, plant()).await;
        sockets.push((socket.delivery("1").await["factoryMetrics"]["unitsProduced"].clone(), socket));
    }
    let units: Vec<&Value> = sockets.iter().map(|(units, _)| units).collect();
    assert_eq!(units, [&json!(7), &json!(7), &Value::Null, &Value::Null]);
    assert_eq!(server.app.live.broadcast_count(), 2, "one for each of what is seen");
    drop(sockets);
    until("their end", async || server.app.live.broadcast_count() == 0).await;
}

#[tokio::test]
async fn somebody_who_signs_in_while_others_are_granted_roles_stays_signed_in() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    server.person("Lee", &[]).await;
    for round in 0..30 {
        let signing_in = async {
            let kim = server.person(&format!("Kim {round}"), &[("plant", Role::Viewer)]).await;
            let socket = follow(&server, &kim, METRICS).await;
            (kim, socket)
        };
        let granting = async {
            for is_granted in [true, false, true, false] {
                server.change_grant("plant", "Lee", Role::Engineer, is_granted).await;
            }
        };
        let ((kim, mut socket), ()) = tokio::join!(signing_in, granting);
        server.app.access.take_in_changes().await;
        // An operation that is answered shows that the socket is still open.
        socket.subscribe("again", METRICS, plant()).await;
        socket.delivery("again").await;
        let answer = server.answer_to(&kim, "{ me { name } }", json!({})).await;
        assert_eq!(answer["data"]["me"]["name"], format!("Kim {round}"), "{answer}");
    }
}
