//! Pages of other sites, which a browser on this network lets ask: by a name that was made to point here, or by GET.

use serde_json::Value;
use server::{
    clock::Clock,
    http::{Hosts, Options, Origins},
};

use crate::{
    harness::{Program, TestDatabase, TestServer, patient},
    wire::{Answer, Wire},
};

const QUERY: &str = "/graphql?query=%7B__typename%7D";
const PAGE: &str = "accept: text/html,*/*;q=0.8\r\n";

async fn server() -> TestServer {
    let options = Options {
        hosts: Hosts::parse(["andon.example"]).expect("a host"),
        origins: Origins::parse(["https://board.example"]).expect("an origin"),
        ..patient()
    };
    TestServer::with(Clock::System, options).await
}

/// The answer to a request, which ends with its headers.
async fn request(server: &TestServer, line: &str, headers: &str) -> Answer {
    let mut wire = Wire::open(server.address).await;
    wire.write(&format!("{line}\r\n{headers}connection: close\r\n\r\n")).await;
    wire.answer().await.expect("an answer")
}

async fn get(server: &TestServer, path: &str, headers: &str) -> Answer {
    request(server, &format!("GET {path} HTTP/1.1"), &format!("host: localhost\r\n{headers}")).await
}

#[tokio::test]
async fn by_a_name_that_is_not_the_servers_nothing_is_answered() {
    let server = server().await;
    for path in [QUERY, "/", "/healthz", "/readyz", "/nowhere"] {
        for host in ["evil.example", "evil.example:8000", "andon.example.evil.example"] {
            let answer =
                request(&server, &format!("GET {path} HTTP/1.1"), &format!("host: {host}\r\n")).await;
            assert_eq!(answer.status, 421, "{path} {host}");
            let said: Value = serde_json::from_str(&answer.body).expect("JSON");
            let said = said["errors"][0]["message"].as_str().expect("a message");
            assert!(said.contains("evil.example") && said.contains("--allow-host"), "{said}");
        }
        for host in [
            "localhost:3000",
            "127.0.0.1",
            "192.168.0.7:8000",
            "[::1]:8000",
            "andon.example",
            "board.example",
        ] {
            let answer =
                request(&server, &format!("GET {path} HTTP/1.1"), &format!("host: {host}\r\n")).await;
            assert_ne!(answer.status, 421, "{path} {host}");
        }
    }
    let upgrade = "host: evil.example\r\norigin: http://evil.example\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_eq!(request(&server, "GET /graphql HTTP/1.1", upgrade).await.status, 421);
    assert_eq!(
        request(&server, "GET http://evil.example/healthz HTTP/1.1", "host: localhost\r\n").await.status,
        421
    );
}

#[tokio::test]
async fn a_probe_of_http_1_0_needs_no_host_and_any_other_request_does() {
    let server = server().await;
    assert_eq!(request(&server, "GET /healthz HTTP/1.0", "").await.status, 200);
    for headers in ["", "host: localhost\r\nhost: localhost\r\n", "host: \r\n"] {
        assert_eq!(request(&server, "GET /healthz HTTP/1.1", headers).await.status, 400, "{headers}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_ask_by_get_unless_its_origin_is_allowed() {
    let server = server().await;
    let foreign = "sec-fetch-site: cross-site\r\n";
    for (path, headers, status) in [
        (QUERY, format!("{foreign}sec-fetch-mode: no-cors\r\nsec-fetch-dest: image\r\n"), 403),
        (QUERY, format!("{foreign}sec-fetch-mode: cors\r\norigin: https://evil.example\r\n"), 403),
        ("/readyz", format!("{foreign}sec-fetch-mode: no-cors\r\n"), 403),
        (QUERY, format!("{foreign}sec-fetch-mode: cors\r\norigin: https://board.example\r\n"), 200),
        (QUERY, "sec-fetch-site: same-origin\r\nsec-fetch-mode: cors\r\n".to_owned(), 200),
        (QUERY, "sec-fetch-site: none\r\nsec-fetch-mode: navigate\r\n".to_owned(), 200),
        (QUERY, String::new(), 200),
    ] {
        assert_eq!(get(&server, path, &headers).await.status, status, "{path} {headers}");
    }
    let refused = get(&server, QUERY, foreign).await;
    assert!(refused.body.contains("--allow-origin"), "{refused:?}");
}

#[tokio::test]
async fn a_person_who_follows_a_link_from_another_site_gets_the_pages_and_no_answer_to_a_query() {
    let server = server().await;
    let link = format!(
        "{PAGE}sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n"
    );
    for path in ["/", "/graphql", QUERY] {
        let answer = get(&server, path, &link).await;
        assert_ne!(answer.status, 403, "{path}");
        assert!(
            answer.header("content-type").is_some_and(|media| media.starts_with("text/html")),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn answers_that_depend_on_what_is_accepted_say_so() {
    let server = server().await;
    let varies = |answer: &Answer| answer.header("vary").unwrap_or_default().to_ascii_lowercase();
    for (path, headers) in [
        (QUERY, "accept: application/json\r\n"),
        (QUERY, "accept: image/png\r\n"),
        ("/graphql", PAGE),
        (QUERY, "origin: https://board.example\r\n"),
    ] {
        let answer = get(&server, path, headers).await;
        let varies = varies(&answer);
        let has = |name: &str| varies.split(',').any(|found| found.trim() == name);
        assert!(has("accept") && has("origin"), "{path} {headers}: {varies}");
    }
    let health = get(&server, "/healthz", "").await;
    assert!(!varies(&health).split(',').any(|name| name.trim() == "accept"), "{health:?}");
}

#[tokio::test]
async fn the_program_answers_to_the_names_that_it_was_given() {
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &["--allow-host", "server,andon.example"]).await;
    for (host, status) in
        [("server:8000", 200), ("andon.example", 200), ("localhost", 200), ("elsewhere", 421)]
    {
        let mut wire = Wire::open(program.address()).await;
        wire.write(&format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
        assert_eq!(wire.answer().await.expect("an answer").status, status, "{host}");
    }
}
