//! GraphQL over HTTP, health, and what pages from elsewhere may do. The audit of the package graphql-http is in
//! `sqlite_only::npm`.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{MAX_BODY_BYTES, Options, Origins},
};

use crate::harness::{TestServer, code};

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;
const CREATE: &str = r#"mutation { createFactory(input: {id: "plant", name: "Plant"}) { id } }"#;

/// Status, media type and body of the answer to a POST.
async fn post(
    server: &TestServer,
    accept: &str,
    body: impl Into<reqwest::Body>,
) -> (StatusCode, String, Value) {
    let response = server.request(body).header("accept", accept).send().await.expect("a response");
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().expect("text").to_owned();
    (response.status(), content_type, response.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_media_type_decides_the_status_of_what_is_well_formed_but_wrong() {
    let server = TestServer::start().await;
    let wrong = [
        json!({ "query": "{" }),
        json!({ "query": "{ nothing }" }),
        json!({ "query": "query A { __typename } query B { __typename }" }),
        json!({ "query": "query A { __typename }", "operationName": "B" }),
        json!({ "query": "query($id: ID!) { factory(id: $id) { id } }", "variables": { "id": {} } }),
        json!({ "query": "subscription { eventsIngested(factoryId: \"plant\") { skipped } }" }),
    ];
    for body in wrong {
        let (status, content_type, answer) = post(&server, JSON, body.to_string()).await;
        assert_eq!((status, code(&answer).as_str()), (StatusCode::OK, "BAD_USER_INPUT"), "{body}: {answer}");
        assert_eq!(content_type, "application/json; charset=utf-8");
        let (status, content_type, answer) = post(&server, GRAPHQL_RESPONSE, body.to_string()).await;
        assert_eq!(
            (status, code(&answer).as_str()),
            (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"),
            "{body}: {answer}"
        );
        assert_eq!(content_type, "application/graphql-response+json; charset=utf-8");
        assert!(answer.get("data").is_none(), "nothing ran: {answer}");
    }
}

/// A mutation that is wrong in its second field, and why; the variables are declared before and sent along.
fn half_right() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("$n: ID!", r#"createFactory(input: {id: $n, name: "b"}) { id }"#, json!({})),
        ("$n: ID!", r#"createFactory(input: {id: $n, name: "b"}) { id }"#, json!({ "n": null })),
        ("$n: CreateFactoryInput!", "createFactory(input: $n) { id }", json!({})),
        ("$n: CreateFactoryInput!", "createFactory(input: $n) { id }", json!({ "n": { "id": "b" } })),
        ("$n: String", r#"createFactory(input: {id: "b", name: $n}) { id }"#, json!({})),
        ("$n: String = \"b\"", r#"createFactory(input: {id: "b", name: $n}) { id }"#, json!({ "n": null })),
        ("$n: String = \"b\"", "createFactory(input: {id: [], name: $n}) { id }", json!({})),
        ("$n: String", "updateFactory(factoryId: [], input: {name: $n}) { id }", json!({})),
        (
            "$n: String",
            "updateFactory(factoryId: \"half\", input: {name: $n, timeZone: 1}) { id }",
            json!({}),
        ),
        ("$n: ID", "updateFactory(factoryId: $n, input: {}) { id }", json!({})),
        ("$n: ID", "updateFactory(factoryId: $n, input: {}) { id }", json!({ "n": null })),
        ("$n: EventInput", "ingestEvents(factoryId: \"half\", events: [$n]) { accepted }", json!({})),
        (
            "$n: [EventInput]!",
            "ingestEvents(factoryId: \"half\", events: $n) { accepted }",
            json!({ "n": [null] }),
        ),
        (
            "$n: [EventInput!]!",
            "ingestEvents(factoryId: \"half\", events: $n) { accepted }",
            json!({ "n": [null] }),
        ),
        ("$n: Boolean!", r#"createFactory(input: {id: "b", name: "b"}) @skip(if: $n) { id }"#, json!({})),
        ("$n: Boolean", r#"createFactory(input: {id: "b", name: "b"}) @skip(if: $n) { id }"#, json!({})),
    ]
}

#[tokio::test]
async fn a_mutation_whose_values_are_missing_or_wrong_is_refused_before_any_of_it_runs() {
    let server = TestServer::start().await;
    for (declared, field, variables) in half_right() {
        let query = format!(
            r#"mutation({declared}) {{ a: createFactory(input: {{id: "half", name: "a"}}) {{ id }} b: {field} }}"#
        );
        let body = json!({ "query": query, "variables": variables });
        let (status, _, answer) = post(&server, GRAPHQL_RESPONSE, body.to_string()).await;
        assert_eq!(server.ask("{ factories { id } }", json!({})).await, json!({ "factories": [] }), "{body}");
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
        assert!(answer.get("data").is_none(), "{body}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_variable_that_was_not_sent_has_its_default_or_null() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let query = "query($skip: Boolean = true, $hide: Boolean! = false) \
                 { factories @skip(if: $skip) { id } all: factories @skip(if: $hide) { factoryId } }";
    assert_eq!(server.ask(query, json!({})).await, json!({ "all": [{ "factoryId": "plant" }] }));
    let query = "query($id: ID! = \"plant\", $area: String) \
                 { factory(id: $id) { factoryId } factoryMetrics(factoryId: $id, area: $area) { activeWorkers } }";
    let answer = json!({ "factory": { "factoryId": "plant" }, "factoryMetrics": { "activeWorkers": 0 } });
    assert_eq!(server.ask(query, json!({})).await, answer);
    assert_eq!(server.ask(query, json!({ "area": null })).await, answer);
    assert_eq!(server.refused(query, json!({ "id": null })).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn what_a_variable_that_was_not_sent_would_fill_is_left_out_and_null_is_null() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let event = json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1",
                        "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 1 });
    server.ingest("plant", json!([event])).await;
    let updates = [
        "mutation($name: String, $area: String) \
         { updateWorker(factoryId: \"plant\", workerId: \"W1\", input: {name: $name, area: $area}) { name area } }",
        "mutation($name: String, $area: String) { ...f } fragment f on Mutation \
         { updateWorker(factoryId: \"plant\", workerId: \"W1\", input: {name: $name, area: $area}) { name area } }",
    ];
    for update in updates {
        for (variables, name, area) in [
            (json!({ "name": "Ada", "area": "Hall" }), json!("Ada"), json!("Hall")),
            (json!({ "name": "Eve" }), json!("Eve"), json!("Hall")),
            (json!({ "name": null }), json!(null), json!("Hall")),
            (json!({ "area": null }), json!(null), json!(null)),
        ] {
            let worker = json!({ "updateWorker": { "name": name, "area": area } });
            assert_eq!(server.ask(update, variables.clone()).await, worker, "{variables}: {update}");
        }
    }
    let create = "mutation($zone: String) \
                  { createFactory(input: {id: \"second\", name: \"Second\", timeZone: $zone}) { timeZone } }";
    assert_eq!(server.refused(create, json!({ "zone": null })).await, "BAD_USER_INPUT");
    assert_eq!(server.ask(create, json!({})).await, json!({ "createFactory": { "timeZone": "UTC" } }));
    let unused = "query($nothing: String) { factories { id } }";
    assert_eq!(server.refused(unused, json!({})).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn only_the_variables_of_the_operation_that_runs_need_values() {
    let server = TestServer::start().await;
    let query = "query A($id: ID!) { factory(id: $id) { id } } query B { factories { id } }";
    for (name, expected) in [("A", json!(null)), ("B", json!({ "factories": [] }))] {
        let body = json!({ "query": query, "operationName": name });
        let (_, _, answer) = post(&server, JSON, body.to_string()).await;
        assert_eq!(answer["data"], expected, "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_400_in_every_media_type() {
    let server = TestServer::start().await;
    let nothing =
        ["", "{", "nonsense", "[]", "\u{0}", r#"{"query":1}"#, r#"{"variables":{}}"#, r#""{ __typename }""#];
    let numbers = [
        r#"{"query":"query($x: Float) { __typename }","variables":{"x":1e309}}"#,
        r#"{"query":"query($x: Float) { __typename }","variables":{"x":NaN}}"#,
        r#"{"query":"query($x: Float) { __typename }","variables":{"x":Infinity}}"#,
    ];
    for body in nothing.into_iter().chain(numbers) {
        for accept in [JSON, GRAPHQL_RESPONSE] {
            let (status, _, answer) = post(&server, accept, body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
            assert_eq!(code(&answer), "BAD_USER_INPUT");
        }
    }
    let invalid_utf8 = b"{\"query\":\"{ __typename }\xff\"}".to_vec();
    assert_eq!(post(&server, JSON, invalid_utf8).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_number_too_large_for_a_float_is_refused_in_the_document_too() {
    let server = TestServer::start().await;
    let query = "{ events(factoryId: \"plant\", filter: { maxConfidence: 1e309 }) { edges { cursor } } }";
    assert_eq!(server.refused(query, json!({})).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn only_json_that_says_so_is_read() {
    let server = TestServer::start().await;
    let multipart = "multipart/form-data; boundary=x";
    let form = "application/x-www-form-urlencoded";
    for content_type in
        ["text/plain", form, multipart, "application/graphql", "application/json; charset=utf-16"]
    {
        let request =
            server.client.post(server.url("/graphql")).header("content-type", content_type).body(TYPENAME);
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        assert_eq!(code(&response.json().await.expect("JSON")), "BAD_USER_INPUT");
    }
    for coding in ["br", "deflate", "gzip, gzip", "zstd"] {
        let compressed =
            server.request(TYPENAME).header("content-encoding", coding).send().await.expect("a response");
        assert_eq!(compressed.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
    }
    let (status, _, answer) = post(&server, "image/png", TYPENAME).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn a_get_asks_and_changes_nothing() {
    let server = TestServer::start().await;
    let get = |query: &str| {
        let url =
            reqwest::Url::parse_with_params(&server.url("/graphql"), [("query", query)]).expect("a URL");
        server.client.get(url).header("accept", JSON)
    };
    let answer: Value =
        get("{ factories { id } }").send().await.expect("a response").json().await.expect("JSON");
    assert_eq!(answer, json!({ "data": { "factories": [] } }));
    let refused = get(CREATE).send().await.expect("a response");
    assert_eq!(
        (refused.status(), &refused.headers()[header::ALLOW]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().expect("a header"))
    );
    assert_eq!(server.ask("{ factories { id } }", json!({})).await, json!({ "factories": [] }));
    let without =
        server.client.get(server.url("/graphql")).header("accept", JSON).send().await.expect("a response");
    assert_eq!(without.status(), StatusCode::BAD_REQUEST);
    let variables = [
        ("query", "query($id: ID!) { factory(id: $id) { id } }"),
        ("variables", r#"{"id":"plant"}"#),
        ("operationName", ""),
    ];
    let url = reqwest::Url::parse_with_params(&server.url("/graphql"), variables).expect("a URL");
    let answer: Value = server.client.get(url).send().await.expect("a response").json().await.expect("JSON");
    assert_eq!(answer, json!({ "data": { "factory": null } }));
}

#[tokio::test]
async fn other_methods_are_told_which_are_allowed() {
    let server = TestServer::start().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let response =
            server.client.request(method, server.url("/graphql")).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD, POST");
        assert_eq!(code(&response.json().await.expect("JSON")), "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn a_browser_gets_pages() {
    let server = TestServer::start().await;
    for path in ["/graphql", "/"] {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let response =
            server.client.get(server.url(path)).header("accept", accept).send().await.expect("a response");
        assert!(
            response.headers()[header::CONTENT_TYPE].to_str().expect("text").starts_with("text/html"),
            "{path}"
        );
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "same-origin");
    }
}

#[tokio::test]
async fn a_server_that_can_serve_says_so() {
    let server = TestServer::start().await;
    let alive = format!("alive\ntime zones: {}\n", time_zones::in_use());
    for (path, answer) in [("/healthz", alive.as_str()), ("/readyz", "ready\n")] {
        let response = server.client.get(server.url(path)).send().await.expect("a response");
        assert_eq!(
            (response.status(), response.text().await.expect("text").as_str()),
            (StatusCode::OK, answer)
        );
    }
}

#[tokio::test]
async fn errors_are_few_short_and_coded() {
    let server = TestServer::start().await;
    let fields: Vec<String> = (0..1_000).map(|n| format!("nothing{n}")).collect();
    let answer = server.answer(&format!("{{ {} }}", fields.join(" ")), json!({})).await;
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 20);
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "BAD_USER_INPUT"));
    for query in [format!("{{ {} }}", "x".repeat(100_000)), format!("{{ a(b: \"{}) }}", "y".repeat(100_000))]
    {
        let answer = server.answer(&query, json!({})).await;
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.chars().count() <= 200, "{message}");
    }
    let syntax = server.answer("{ a(", json!({})).await;
    let message = syntax["errors"][0]["message"].as_str().expect("a message");
    assert!(message.starts_with("the document is not GraphQL: expected "), "{message}");
    assert_eq!(syntax["errors"][0]["locations"], json!([{ "line": 1, "column": 5 }]));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_or_not_its_length_is_told() {
    let server = TestServer::start().await;
    let body = format!(r#"{{"query":"{{ __typename }}","padding":"{}"}}"#, "x".repeat(MAX_BODY_BYTES));
    let (status, _, answer) = post(&server, JSON, body.clone()).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        body.as_bytes().chunks(64 * 1024).map(|piece| Ok(piece.to_vec())).collect();
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let response = server.request(stream).send().await;
    // The server stops reading at the limit, so the client may see the connection end before the answer.
    if let Ok(response) = response {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    let almost =
        format!(r#"{{"query":"{{ __typename }}","padding":"{}"}}"#, "x".repeat(MAX_BODY_BYTES - 100));
    assert_eq!(post(&server, JSON, almost).await.0, StatusCode::OK);
}

#[tokio::test]
async fn pages_from_elsewhere_need_permission() {
    let origin = "https://board.example";
    let preflight = |server: &TestServer, origin: &'static str| {
        let request = server.client.request(Method::OPTIONS, server.url("/graphql")).header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "content-type").send()
    };
    let closed = TestServer::start().await;
    let answer = preflight(&closed, origin).await.expect("a response");
    assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());

    let options = Options { origins: Origins::parse([origin]).expect("an origin"), ..Options::default() };
    let open = TestServer::with(Clock::System, options).await;
    let answer = preflight(&open, origin).await.expect("a response");
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], origin);
    assert_eq!(
        answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS],
        "authorization,content-type,accept,content-encoding"
    );
    let answer = open.request(TYPENAME).header("origin", origin).send().await.expect("a response");
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], origin);
    let answer = preflight(&open, "https://other.example").await.expect("a response");
    assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
}

#[tokio::test]
async fn long_answers_are_compressed_and_short_ones_are_not() {
    let server = TestServer::start().await;
    let long = r#"{"query":"{ __schema { types { name description fields { name description } } } }"}"#;
    for (body, encoding) in [(long, Some("gzip")), (TYPENAME, None)] {
        let response =
            server.request(body).header("accept-encoding", "gzip").send().await.expect("a response");
        let header =
            response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().expect("text"));
        assert_eq!(header, encoding);
    }
}
