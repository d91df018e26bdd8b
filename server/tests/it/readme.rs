//! The README's first steps, executed as they stand there.

use std::io::Cursor;

use edge::{
    outlet::server::Server,
    replay::{Plan, progress::Progress, replay},
    retry::DEFAULT_RETRY_FOR,
};
use serde_json::{Value, json};

use crate::harness::{Socket, TestServer};

const README: &str = include_str!("../../../README.md");

/// A fenced block: its language and its text.
type Block = (&'static str, &'static str);

#[tokio::test]
async fn the_first_steps_of_the_readme_give_the_answers_printed_there() {
    let server = TestServer::start().await;
    let mut socket: Option<Socket> = None;
    let mut steps = 0;
    let mut blocks = blocks().peekable();
    let mut file = "";
    while let Some((language, text)) = blocks.next() {
        match language {
            "graphql" if text.starts_with("subscription") => {
                let mut opened = server.socket().await;
                opened.subscribe("1", text, json!({})).await;
                check(opened.delivery("1").await, &answer(blocks.next()));
                socket = Some(opened);
            }
            "graphql" => check(server.ask(text, json!({})).await, &answer(blocks.next())),
            // An answer without a question is what the open subscription brings next.
            "json" => {
                let delivery = socket.as_mut().expect("a subscription is open").delivery("1").await;
                check(delivery, &answer(Some((language, text))));
            }
            "ndjson" => file = text,
            "text" => assert_eq!(replayed(&server, file).await, text),
            _ => continue,
        }
        steps += 1;
    }
    assert_eq!(steps, 8, "has the README's format changed?");
}

/// All fenced blocks of the page in their order.
fn blocks() -> impl Iterator<Item = Block> {
    README.split("\n```").skip(1).step_by(2).map(|block| {
        let (language, text) = block.split_once('\n').expect("a block has lines");
        (language, text)
    })
}

fn answer(block: Option<Block>) -> Value {
    match block {
        Some(("json", text)) => serde_json::from_str(text).expect("the README's answers are JSON"),
        other => panic!("an answer should follow, but it is {other:?}"),
    }
}

/// The README writes whole numbers without their fraction.
fn check(answered: Value, printed: &Value) {
    assert_eq!(with_fractions(answered), with_fractions(printed.clone()));
}

fn with_fractions(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(with_fractions).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, member)| (name, with_fractions(member))).collect()
        }
        other => other,
    }
}

async fn replayed(server: &TestServer, file: &'static str) -> String {
    let target = Server::new(&server.url(""), "plant-1").expect("an address").without_compression();
    let plan = Plan {
        server: target,
        retry_for: DEFAULT_RETRY_FOR,
        batch_events: 1_000,
        connections: 1,
        mapping: None,
        topic: None,
    };
    replay(Cursor::new(file), &plan, Progress::silent()).await.summary.to_string()
}
