//! Nothing that is said about one factory holds anything of another, whatever is asked and on whichever transport.

mod examples;
mod selection;

use std::{fmt::Write as _, path::Path};

use domain::access::Role;
use reqwest::Url;
use serde_json::{Value, json};

use self::{
    examples::{EXAMPLES, Example, WINDOW},
    selection::Schema,
};
use crate::harness::{Caller, Socket, TestServer, code, millis};

/// The day of which all is, and a day on which it is closed.
const DAY: &str = "2026-01-05T12:00:00Z";
const LATER: &str = "2026-01-08T12:00:00Z";

const VARIABLES: &str = "$factory: ID!, $worker: ID!, $workstation: ID!, $node: ID!";

/// A factory with something of everything, all of whose names begin with its own.
struct Plant {
    name: &'static str,
}

impl Plant {
    fn named(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }

    /// What operations name of it.
    fn variables(&self) -> Value {
        json!({ "factory": self.name, "worker": self.named("worker"), "workstation": self.named("station"),
            "node": self.node() })
    }

    fn node(&self) -> String {
        format!("Worker:{}:{}", self.name, self.named("worker"))
    }

    async fn create(server: &TestServer, name: &'static str) -> Self {
        let plant = Self { name };
        let input = json!({ "id": name, "name": plant.named("factory"), "finalityGraceHours": 24 });
        server
            .ask(
                "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { id } }",
                json!({ "input": input }),
            )
            .await;
        plant.ingest(server, "08:00", 7, true).await;
        // What contradicts that, and what nobody takes.
        plant.ingest(server, "08:00", 8, false).await;
        let area = json!({ "name": plant.named("name"), "area": plant.named("area") });
        let update = "mutation($factory: ID!, $worker: ID!, $workstation: ID!, $input: UpdateEntityInput!) {
            updateWorker(factoryId: $factory, workerId: $worker, input: $input) { id }
            updateWorkstation(factoryId: $factory, workstationId: $workstation, input: $input) { id } }";
        let mut variables = plant.variables();
        variables["input"] = area;
        variables.as_object_mut().expect("variables").remove("node");
        server.ask(update, variables).await;
        plant
    }

    /// An hour of work that ends a state report, from a device that numbers what it sends; with something that is not valid.
    async fn ingest(&self, server: &TestServer, time: &str, units: i64, is_first: bool) {
        let event = json!({ "timestamp": format!("2026-01-05T{time}:00Z"), "entityType": "WORKER",
            "entityId": self.named("worker"), "eventType": "WORKING", "durationMinutes": 60, "unitsProduced": units,
            "confidence": 0.5, "modelVersion": self.named("model"), "eventId": self.named("event"),
            "sourceId": self.named("camera"), "workstationId": self.named("station") });
        let mut of_station = event.clone();
        of_station["entityType"] = json!("WORKSTATION");
        of_station["entityId"] = json!(self.named("station"));
        of_station.as_object_mut().expect("an event").remove("workstationId");
        let mut invalid = event.clone();
        invalid["confidence"] = json!(7);
        let first = if is_first { 1 } else { 4 };
        let sender = json!({ "deviceId": self.named("device"), "epoch": self.named("epoch"), "firstSequence": first,
            "sentAt": "2026-01-05T12:00:00Z", "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0 });
        let query = "mutation($factory: ID!, $events: [EventInput!]!, $sender: SenderInput) {
            ingestEvents(factoryId: $factory, events: $events, sender: $sender) { accepted rejected } }";
        server
            .ask(
                query,
                json!({ "factory": self.name, "events": [event, of_station, invalid], "sender": sender }),
            )
            .await;
    }

    /// Decides about it when its day is closed, which moves its figures.
    async fn decide(&self, server: &TestServer) {
        let query = "mutation($factory: ID!, $request: ID!, $note: String!, $decision: DecisionInput!) {
            decide(factoryId: $factory, requestId: $request, note: $note, decision: $decision) { number } }";
        let correction = json!({ "correction": { "entityType": "WORKER", "entityIds": [self.named("worker")],
            "state": "IDLE", "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T08:10:00Z" } });
        let standing = json!({ "standing": { "standing": "SHADOW", "sourceId": self.named("another") } });
        for (request, decision) in [("one", correction), ("two", standing)] {
            let variables = json!({ "factory": self.name, "request": self.named(request),
                "note": self.named("note"), "decision": decision });
            server.ask(query, variables).await;
        }
    }
}

/// An operation of one root field with all that it can answer.
fn operation(schema: &Schema, root: &str, example: &Example) -> String {
    let (_, field) = example.field.split_once('.').expect("a type and a field");
    let (_, selection) = schema.fields(root).into_iter().find(|(name, _)| name == field).expect("the field");
    let declared: Vec<&str> = VARIABLES
        .split(", ")
        .filter(|declared| {
            let (name, _) = declared.split_once(':').expect("a name and a type");
            example.arguments.contains(name)
        })
        .collect();
    let declared = if declared.is_empty() { String::new() } else { format!("({})", declared.join(", ")) };
    format!(
        "{}{declared} {{ {field}{} {selection} }}",
        root.to_lowercase(),
        example.arguments.replace("WINDOW", WINDOW)
    )
}

/// Those variables of a plant that an operation declares: others are refused.
fn declared(operation: &str, plant: &Plant) -> Value {
    let mut variables = plant.variables();
    let all = variables.as_object_mut().expect("variables");
    all.retain(|name, _| operation.contains(&format!("${name}: ")));
    variables
}

#[derive(Clone, Copy, Debug)]
enum Transport {
    Post,
    Get,
    Websocket,
}

impl Transport {
    /// Those on which an operation of this root may be sent.
    fn of(root: &str) -> &'static [Self] {
        match root {
            "Query" => &[Self::Post, Self::Get, Self::Websocket],
            "Mutation" => &[Self::Post, Self::Websocket],
            _ => &[Self::Websocket],
        }
    }

    /// The whole answer to anybody, or the first one.
    async fn ask(self, server: &TestServer, operation: &str, variables: Value) -> Value {
        self.ask_as(server, None, operation, variables).await
    }

    /// The whole answer to somebody, or the first one.
    async fn ask_as(
        self,
        server: &TestServer,
        caller: Option<&Caller>,
        operation: &str,
        variables: Value,
    ) -> Value {
        match (self, caller) {
            (Self::Post, None) => server.answer(operation, variables).await,
            (Self::Post, Some(caller)) => server.answer_to(caller, operation, variables).await,
            (Self::Get, caller) => {
                let asked = [("query", operation), ("variables", &variables.to_string())];
                let url = Url::parse_with_params(&server.url("/graphql"), asked).expect("an address");
                let mut request = server.client.get(url).header("accept", "application/json");
                if let Some(caller) = caller {
                    request = request.bearer_auth(&caller.token);
                }
                request.send().await.expect("a response").json().await.expect("JSON")
            }
            (Self::Websocket, caller) => {
                let mut socket = match caller {
                    Some(caller) => server.socket_of(caller).await,
                    None => server.socket().await,
                };
                socket.subscribe("1", operation, variables).await;
                first_answer(&mut socket).await
            }
        }
    }
}

/// What a websocket says first, as the answer to a POST would be.
async fn first_answer(socket: &mut Socket) -> Value {
    let mut message = socket.receive().await;
    match message["type"].as_str() {
        Some("error") => json!({ "errors": message["payload"] }),
        _ => message["payload"].take(),
    }
}

async fn plants() -> (TestServer, Plant, Plant) {
    plants_on(TestServer::at(DAY).await).await
}

async fn plants_on(server: TestServer) -> (TestServer, Plant, Plant) {
    let own = Plant::create(&server, "own").await;
    let other = Plant::create(&server, "canary").await;
    server.clock.set(millis(LATER));
    for plant in [&own, &other] {
        plant.decide(&server).await;
    }
    (server, own, other)
}

#[tokio::test]
async fn every_field_has_an_example() {
    let schema = Schema::of(&TestServer::start().await).await;
    let mut fields: Vec<String> = Vec::new();
    for root in ["Query", "Mutation", "Subscription"] {
        fields.extend(schema.fields(root).into_iter().map(|(field, _)| format!("{root}.{field}")));
    }
    let mut examples: Vec<&str> = EXAMPLES.iter().map(|example| example.field).collect();
    fields.sort_unstable();
    examples.sort_unstable();
    assert_eq!(examples, fields);
}

#[tokio::test]
async fn what_is_answered_about_a_factory_has_nothing_of_another_on_any_transport() {
    let (server, own, other) = plants().await;
    let schema = Schema::of(&server).await;
    let nowhere = Plant { name: "nowhere" };
    for example in EXAMPLES.iter().filter(|example| !example.is_apart) {
        let (root, field) = example.field.split_once('.').expect("a type and a field");
        let operation = operation(&schema, root, example);
        for transport in Transport::of(root) {
            let place = format!("{} on {transport:?}", example.field);
            let answer = transport.ask(&server, &operation, declared(&operation, &own)).await;
            let text = answer.to_string();
            if field == "factories" {
                assert!(text.contains("canary"), "everybody sees all factories: {text}");
            } else {
                assert!(!text.contains("canary"), "{place}: {text}");
            }
            let is_new = matches!(field, "createFactory" | "createDemoFactory");
            let is_feed = root == "Subscription" && matches!(field, "eventsIngested" | "decisions");
            if !is_new {
                assert!(answer.get("errors").is_none(), "{place}: {text}\n{operation}");
            }
            if example.has_names && !is_feed {
                assert!(text.contains("own-"), "{place}: {text}");
                // Otherwise it would be no wonder that nothing of the other one is ever said.
                let answer = transport.ask(&server, &operation, declared(&operation, &other)).await;
                assert!(answer.to_string().contains("canary-"), "{place}: {answer}");
            }
            if is_new || field == "factories" {
                continue;
            }
            let answer = transport.ask(&server, &operation, declared(&operation, &nowhere)).await;
            assert!(!answer.to_string().contains("canary"), "{place}: {answer}");
            if matches!(field, "factory" | "node") {
                assert_eq!(answer, json!({ "data": { field: null } }), "{place}");
            } else {
                assert_eq!(code(&answer), "NOT_FOUND", "{place}");
            }
        }
    }
}

#[tokio::test]
async fn a_role_permits_in_its_factory_what_the_table_says_and_nothing_in_another_on_any_transport() {
    let (server, own, other) = plants().await;
    let schema = Schema::of(&server).await;
    // The same database behind a server that lets in only who proves who they are.
    let database = server.stop().await;
    let server = TestServer::closed_on(database, LATER).await;
    let nowhere = Plant { name: "nowhere" };
    for role in Role::ALL {
        let name = if role == Role::Device { own.named("device") } else { own.named(role.name()) };
        let caller = server.token(own.name, role, &name).await;
        for example in EXAMPLES.iter().filter(|example| !example.is_apart) {
            let (root, field) = example.field.split_once('.').expect("a type and a field");
            let operation = operation(&schema, root, example);
            for transport in Transport::of(root) {
                let place = format!("{} on {transport:?} as {role:?}", example.field);
                let ask = async |plant: &Plant| {
                    transport.ask_as(&server, Some(&caller), &operation, declared(&operation, plant)).await
                };
                let answer = ask(&own).await;
                assert!(!answer.to_string().contains("canary"), "{place}: {answer}");
                let is_permitted = example.roles.contains(&role);
                match (field, answer.get("errors")) {
                    ("factories", None) => {
                        let count = answer["data"]["factories"].as_array().map_or(0, Vec::len);
                        assert_eq!(count, usize::from(is_permitted), "{place}: {answer}");
                    }
                    ("factory" | "node", None) => {
                        assert_eq!(answer["data"][field].is_object(), is_permitted, "{place}: {answer}");
                    }
                    (_, None) => assert!(is_permitted, "{place}: {answer}"),
                    (_, Some(_)) => {
                        assert!(!is_permitted, "{place}: {answer}");
                        assert_eq!(code(&answer), "FORBIDDEN", "{place}: {answer}");
                    }
                }
                if matches!(field, "createFactory" | "createDemoFactory" | "factories") {
                    continue;
                }
                // Nobody learns whether there is a factory in which they have no grant.
                let [of_other, of_nowhere] = [ask(&other).await, ask(&nowhere).await]
                    .map(|answer| answer.to_string().replace(other.name, "X").replace(nowhere.name, "X"));
                assert_eq!(of_other, of_nowhere, "{place}");
                let hidden = json!({ "data": { field: null } }).to_string();
                assert!(of_other == hidden || of_other.contains("NOT_FOUND"), "{place}: {of_other}");
            }
        }
    }
}

#[test]
fn the_documented_table_is_the_one_that_is_tested() {
    let mut table = String::from(
        "| field | device | viewer | supervisor | engineer | admin |\n|---|---|---|---|---|---|\n",
    );
    for example in EXAMPLES {
        let (root, field) = example.field.split_once('.').expect("a type and a field");
        let cells = Role::ALL.map(|role| if example.roles.contains(&role) { "yes" } else { "" });
        writeln!(table, "| {} `{field}` | {} |", root.to_lowercase(), cells.join(" | "))
            .expect("a string takes all");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ACCESS.md");
    let documented = std::fs::read_to_string(path).expect("docs/ACCESS.md");
    assert!(documented.contains(&table), "docs/ACCESS.md must have this table:\n\n{table}");
}

#[tokio::test]
async fn nobody_asks_anything_without_a_proof_of_who_they_are() {
    let (server, own, _) = plants().await;
    let schema = Schema::of(&server).await;
    let server = TestServer::closed_on(server.stop().await, LATER).await;
    for example in EXAMPLES {
        let (root, _) = example.field.split_once('.').expect("a type and a field");
        let operation = operation(&schema, root, example);
        for transport in Transport::of(root) {
            if matches!(transport, Transport::Websocket) {
                continue;
            }
            let answer = transport.ask(&server, &operation, declared(&operation, &own)).await;
            assert_eq!(code(&answer), "UNAUTHENTICATED", "{} on {transport:?}", example.field);
        }
    }
}

#[tokio::test]
async fn who_follows_a_factory_is_told_nothing_of_another() {
    let (server, own, other) = plants().await;
    let schema = Schema::of(&server).await;
    let mut sockets = Vec::new();
    for example in EXAMPLES.iter().filter(|example| example.field.starts_with("Subscription.")) {
        let operation = operation(&schema, "Subscription", example);
        let mut socket = server.socket().await;
        socket.subscribe("1", &operation, declared(&operation, &own)).await;
        let first = socket.delivery("1").await.to_string();
        assert!(!first.contains("canary"), "{}: {first}", example.field);
        sockets.push((example.field, socket));
    }
    // What changes the other one comes first, so that it would be told first.
    for plant in [&other, &own] {
        plant.ingest(&server, "10:00", 1, false).await;
        let decision = "mutation($factory: ID!, $note: String!) { decide(factoryId: $factory, requestId: \"3\", note: $note,
            decision: {withdrawal: 1}) { number } }";
        server.ask(decision, json!({ "factory": plant.name, "note": plant.named("note") })).await;
    }
    for (field, mut socket) in sockets {
        // Others tell of a new revision alone before that.
        let has_names = field != "Subscription.factoryMetrics";
        loop {
            let next = socket.delivery("1").await.to_string();
            assert!(!next.contains("canary"), "{field}: {next}");
            if !has_names || next.contains("own-") {
                break;
            }
        }
    }
}
