//! `andon-edge replay`, from its file to the sockets and back to what it prints.

use std::sync::Arc;

use test_harness::reserved_port;
use tokio::sync::Barrier;

use crate::command::{Finished, andon_edge, andon_edge_with, file_of};
use crate::faulty_server::{FaultyServer, Reply, Request, all_accepted, receipt, refusal};

fn event(minute: usize) -> String {
    format!(
        r#"{{"timestamp": "2026-01-05T08:{minute:02}:00Z", "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "durationMinutes": 1.0, "confidence": 0.30000000000000004}}"#
    )
}

fn events(count: usize) -> Vec<String> {
    (0..count).map(event).collect()
}

async fn replay(lines: &[String], url: &str, more: &[&str]) -> Finished {
    let (_folder, path) = file_of(lines);
    let path = path.to_str().expect("a path in UTF-8");
    andon_edge(&[&["replay", path, "--to", url, "--factory", "plant-1"], more].concat(), "").await
}

#[tokio::test]
async fn a_file_is_sent_in_batches_and_every_number_stays_the_text_it_was() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let finished = replay(&events(5), &server.url, &["--batch", "2"]).await;
    assert_eq!(finished.stdout, "accepted 5, duplicates 0, conflicts 0, rejected 0\n");
    assert_eq!(finished.code, 0, "{finished:?}");

    let requests = server.requests();
    assert_eq!(requests.iter().map(Request::events).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(requests[0].body.contains(&format!("[{},{}]", event(0), event(1))));
    assert!(requests[0].body.contains(r#""factoryId":"plant-1""#));
    assert!(requests[0].head.starts_with("post /graphql http/1.1"));
    assert!(requests[0].head.contains("accept: application/graphql-response+json"));
    assert!(requests[0].head.contains("content-type: application/json"));
}

#[tokio::test]
async fn what_passes_is_waited_out_and_the_same_batch_is_sent_again() {
    let html = || "<html>try later</html>".to_owned();
    let faults = [
        Reply::HangUp,
        Reply::BreakOff,
        Reply::Http(408, "", html()),
        Reply::Http(429, "retry-after: 0\r\n", html()),
        Reply::Http(500, "", html()),
        Reply::Http(502, "", html()),
        Reply::Http(503, "retry-after: 0\r\n", html()),
        refusal("The queue is full.", "OVERLOADED", r#","retryAfterMs":5"#),
        refusal("The database is away.", "UNAVAILABLE", r#","retryAfterMs":5"#),
    ];
    for fault in faults {
        let server = FaultyServer::start(move |number, request| match number {
            0 | 2 => fault.clone(),
            _ => all_accepted(request),
        })
        .await;
        let finished = replay(&events(4), &server.url, &["--batch", "2"]).await;
        assert_eq!(finished.stdout, "accepted 4, duplicates 0, conflicts 0, rejected 0\n");
        assert_eq!(finished.code, 0, "{finished:?}");
        let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies.len(), 4);
        assert_eq!(bodies[0], bodies[1]);
        assert_eq!(bodies[2], bodies[3]);
    }
}

#[tokio::test]
async fn the_wait_is_as_long_as_the_server_asked_for() {
    let server = FaultyServer::start(|number, request| match number {
        0 => Reply::Http(429, "retry-after: 1\r\n", String::new()),
        _ => all_accepted(request),
    })
    .await;
    let finished = replay(&events(1), &server.url, &[]).await;
    assert!(finished.stderr.contains("waiting 1."), "{finished:?}");
    assert!(finished.stderr.contains("because the server answered HTTP 429"), "{finished:?}");
    assert_eq!(finished.code, 0);
}

#[tokio::test]
async fn a_server_that_asks_for_more_time_than_there_is_is_given_up_at_once() {
    let server = FaultyServer::start(|_, _| Reply::Http(503, "retry-after: 3600\r\n", String::new())).await;
    let finished = replay(&events(1), &server.url, &["--retry-for", "60"]).await;
    assert!(finished.stderr.contains("stopped at line 1: gave up after "), "{finished:?}");
    assert!(finished.stderr.contains(" s and 1 attempts"), "{finished:?}");
    assert_eq!(finished.code, 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up_when_time_is_up() {
    let without_listener = reserved_port();
    let address = without_listener.local_addr().expect("a bound port");
    let finished = replay(&events(1), &format!("http://{address}"), &["--retry-for", "1"]).await;
    assert!(finished.stderr.contains("attempts; the last one failed because"), "{finished:?}");
    assert!(finished.stderr.contains("Connection refused"), "{finished:?}");
    assert_eq!(finished.stdout, "accepted 0, duplicates 0, conflicts 0, rejected 0\n");
    assert_eq!(finished.code, 1);
}

#[tokio::test]
async fn any_other_refusal_stops_the_replay_and_names_the_lines_and_the_servers_words() {
    let server = FaultyServer::start(|number, request| match number {
        1 => refusal("There is no factory plant-1.", "NOT_FOUND", ""),
        _ => all_accepted(request),
    })
    .await;
    let finished = replay(&events(8), &server.url, &["--batch", "2"]).await;
    assert_eq!(finished.stdout, "accepted 2, duplicates 0, conflicts 0, rejected 0\n");
    assert!(
        finished.stderr.ends_with(
            "stopped at lines 3 to 4: the server refused it: There is no factory plant-1. (NOT_FOUND)\n"
        ),
        "{finished:?}"
    );
    assert_eq!(finished.code, 1);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server =
        FaultyServer::start(|_, _| Reply::Http(301, "location: /elsewhere\r\n", String::new())).await;
    let finished = replay(&events(1), &server.url, &[]).await;
    assert!(finished.stderr.contains("HTTP 301 and no GraphQL result"), "{finished:?}");
    assert_eq!((finished.code, server.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_malformed_line_is_counted_with_its_number_and_every_other_is_sent() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let mut lines = events(3);
    lines.insert(1, String::new());
    lines.insert(2, event(50).replace("1.0", "1e309"));
    let finished = replay(&lines, &server.url, &[]).await;
    let (issue, counts) = finished.stdout.split_once('\n').expect("two lines");
    assert!(issue.starts_with("line 3: MALFORMED_LINE: durationMinutes must be a number"), "{issue}");
    assert_eq!(counts, "accepted 3, duplicates 0, conflicts 0, rejected 1\n");
    assert_eq!(finished.code, 1);
    assert_eq!(server.requests()[0].events(), 3);
}

#[tokio::test]
async fn what_the_server_says_about_an_event_is_told_with_its_line() {
    let server = FaultyServer::start(|number, _| match number {
        0 => receipt(1, 1, 0, 0, ""),
        _ => receipt(
            0,
            0,
            1,
            1,
            r#"{"index":0,"code":"CONFLICT","message":"It said 5."},{"index":1,"code":"UNITS_OUT_OF_RANGE","message":"At most 1000000."}"#,
        ),
    })
    .await;
    let mut lines = events(4);
    lines.insert(2, "\r".to_owned());
    let finished = replay(&lines, &server.url, &["--batch", "2"]).await;
    assert_eq!(
        finished.stdout,
        "line 4: CONFLICT: It said 5.\nline 5: UNITS_OUT_OF_RANGE: At most 1000000.\n\
         accepted 1, duplicates 1, conflicts 1, rejected 1\n"
    );
    assert_eq!(finished.code, 1);
}

#[tokio::test]
async fn duplicates_alone_are_a_success() {
    let server = FaultyServer::start(|_, request| receipt(0, request.events(), 0, 0, "")).await;
    let finished = replay(&events(3), &server.url, &[]).await;
    assert_eq!(finished.stdout, "accepted 0, duplicates 3, conflicts 0, rejected 0\n");
    assert_eq!(finished.code, 0);
}

#[tokio::test]
async fn several_connections_have_several_batches_in_flight() {
    let all_four = Arc::new(Barrier::new(4));
    let server = FaultyServer::start(move |_, request| {
        Reply::Together(Arc::clone(&all_four), Box::new(all_accepted(request)))
    })
    .await;
    let finished = replay(&events(8), &server.url, &["--batch", "1", "--connections", "4"]).await;
    assert_eq!(finished.stdout, "accepted 8, duplicates 0, conflicts 0, rejected 0\n");
    assert_eq!(finished.code, 0, "{finished:?}");
}

#[tokio::test]
async fn batches_under_way_at_a_refusal_are_seen_to_their_end() {
    let both = Arc::new(Barrier::new(2));
    let server = FaultyServer::start(move |_, request| {
        let is_first = request.body.contains(&event(0));
        let reply = if is_first { refusal("No.", "BAD_USER_INPUT", "") } else { all_accepted(request) };
        Reply::Together(Arc::clone(&both), Box::new(reply))
    })
    .await;
    let finished = replay(&events(2), &server.url, &["--batch", "1", "--connections", "2"]).await;
    assert_eq!(finished.stdout, "accepted 1, duplicates 0, conflicts 0, rejected 0\n");
    assert!(finished.stderr.contains("stopped at line 1: the server refused it: No."), "{finished:?}");
    assert_eq!(finished.code, 1);
}

#[tokio::test]
async fn events_may_come_from_the_standard_input() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let args = ["replay", "-", "--to", &server.url, "--factory", "plant-1"];
    let finished = andon_edge(&args, &events(3).join("\r\n")).await;
    assert_eq!(finished.stdout, "accepted 3, duplicates 0, conflicts 0, rejected 0\n");
    assert_eq!(finished.code, 0);
}

#[tokio::test]
async fn plain_http_needs_no_root_certificates_and_https_without_them_says_so() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let (_folder, path) = file_of(&events(1));
    let path = path.to_str().expect("a path in UTF-8");
    let no_certificates = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "")];
    let args = |url| ["replay", path, "--to", url, "--factory", "plant-1"];

    let plain = andon_edge_with(&args(&server.url), "", &no_certificates).await;
    assert_eq!(plain.code, 0, "{plain:?}");
    let encrypted = andon_edge_with(&args("https://127.0.0.1:9"), "", &no_certificates).await;
    assert!(encrypted.stderr.contains("No CA certificates were loaded"), "{encrypted:?}");
    assert_eq!(encrypted.code, 2);
}

#[tokio::test]
async fn an_empty_file_needs_no_server() {
    let finished = replay(&[], "http://127.0.0.1:9", &[]).await;
    assert_eq!(finished.stdout, "accepted 0, duplicates 0, conflicts 0, rejected 0\n");
    assert_eq!(finished.code, 0);
}

#[tokio::test]
async fn a_wrong_command_or_an_unreadable_file_exits_with_2() {
    let (folder, path) = file_of(&events(1));
    let (folder, path) = (folder.path().to_str().unwrap(), path.to_str().unwrap());
    let missing = format!("{path}.gone");
    let to = ["--to", "http://127.0.0.1:9", "--factory", "plant-1"];
    for (args, words) in [
        (vec!["replay"], "Usage"),
        (vec!["replay", path, "--to", "http://127.0.0.1:9"], "--factory"),
        ([&["replay", path], &to[..], &["--batch", "10001"]].concat(), "1..=10000"),
        ([&["replay", path], &to[..], &["--batch", "0"]].concat(), "1..=10000"),
        ([&["replay", path], &to[..], &["--connections", "0"]].concat(), "1..=64"),
        (vec!["replay", path, "--to", "ftp://plant", "--factory", "plant-1"], "http:// or https://"),
        ([&["replay", missing.as_str()], &to[..]].concat(), "cannot read"),
        ([&["replay", folder], &to[..]].concat(), "cannot read"),
    ] {
        let finished = andon_edge(&args, "").await;
        assert_eq!(finished.code, 2, "{args:?}: {finished:?}");
        assert!(finished.stderr.contains(words), "{args:?}: {finished:?}");
    }
}
