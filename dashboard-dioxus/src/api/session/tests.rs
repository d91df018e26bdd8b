use super::*;
use serde_json::{Value, json};

const FACTORIES: Key = Key(1);
const SUMMARY: Key = Key(2);
const WORKERS: Key = Key(3);
const WORKSTATIONS: Key = Key(4);
const CHANGE: Key = Key(9);

fn request(operation_type: OperationType, name: &str, factory: &str) -> Request {
    let request = json!({ "operationName": name, "variables": { "factoryId": factory }, "query": "" });
    Request { operation_type, body: request.to_string().into() }
}

fn about(factory: &str) -> [(Key, Request); 3] {
    [
        (SUMMARY, request(OperationType::Subscription, "FactoryMetrics", factory)),
        (WORKERS, request(OperationType::Subscription, "WorkerMetrics", factory)),
        (WORKSTATIONS, request(OperationType::Subscription, "WorkstationMetrics", factory)),
    ]
}

fn subscriptions(factory: &str) -> Subscriptions {
    let mut subscriptions = Subscriptions::default();
    subscriptions.apply(&Command::Start(FACTORIES, request(OperationType::Query, "Factories", "")));
    for (key, request) in about(factory) {
        subscriptions.apply(&Command::Start(key, request));
    }
    subscriptions
}

fn choose(session: &mut Session, factory: &str, now_ms: f64) {
    for (key, request) in about(factory) {
        session.execute(Command::Start(key, request), now_ms);
    }
}

/// What the session sends next, as (type, id, operation, factory).
fn sent(session: &mut Session) -> Vec<(String, String, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = |message: &ClientMessage| {
        let frame: Value = serde_json::from_str(&message.to_text()).unwrap();
        let payload = &frame["payload"];
        (
            word(&frame["type"]),
            word(&frame["id"]),
            word(&payload["operationName"]),
            word(&payload["variables"]["factoryId"]),
        )
    };
    session.take_outgoing().iter().map(words).collect()
}

fn message(kind: &str, id: &str, operation: &str, factory: &str) -> (String, String, String, String) {
    (kind.to_owned(), id.to_owned(), operation.to_owned(), factory.to_owned())
}

/// A session about factory `a` in which the server has acknowledged, and every operation is asked for: 1 factories,
/// 2 summary, 3 workers, 4 workstations.
fn begun() -> Session {
    let mut session = Session::open(&subscriptions("a"), 0.0);
    receive(&mut session, r#"{"type":"connection_ack"}"#, 0.0);
    session.take_outgoing();
    session
}

/// What an event says, to be compared.
#[derive(Debug, PartialEq)]
enum Said {
    Answered(Key, Value, Arrival),
    Refused(Key, String),
    Current,
}

fn receive(session: &mut Session, frame: &str, now_ms: f64) -> Vec<Said> {
    let events = session.receive(frame, now_ms).unwrap().into_iter();
    events
        .map(|event| match event {
            Event::Answered { key, data, arrival } => {
                Said::Answered(key, serde_json::from_str(data.get()).unwrap(), arrival)
            }
            Event::Refused { key, reason } => Said::Refused(key, reason),
            Event::Current => Said::Current,
        })
        .collect()
}

fn next(id: u64, data: &Value) -> String {
    json!({ "type": "next", "id": id.to_string(), "payload": { "data": data } }).to_string()
}

fn complete(id: u64) -> String {
    json!({ "type": "complete", "id": id.to_string() }).to_string()
}

const PONG: &str = r#"{"type":"pong"}"#;

fn answer_all(session: &mut Session, now_ms: f64) -> Vec<Said> {
    (1..=4).flat_map(|id| receive(session, &next(id, &json!({ "of": id })), now_ms)).collect()
}

#[test]
fn nothing_is_asked_before_the_server_has_acknowledged() {
    let mut session = Session::open(&subscriptions("a"), 0.0);
    assert_eq!(sent(&mut session), [message("connection_init", "", "", "")]);
    choose(&mut session, "b", 1.0);
    session.execute(Command::Retry(SUMMARY), 1.0);
    assert_eq!(sent(&mut session), []);
    receive(&mut session, r#"{"type":"connection_ack"}"#, 5.0);
    let expected = [
        message("subscribe", "1", "Factories", ""),
        message("subscribe", "2", "FactoryMetrics", "b"),
        message("subscribe", "3", "WorkerMetrics", "b"),
        message("subscribe", "4", "WorkstationMetrics", "b"),
    ];
    assert_eq!(sent(&mut session), expected);
    session.tick(5.0).unwrap();
    assert_eq!(sent(&mut session), [], "what was just asked is not asked again");
}

#[test]
fn answers_become_events_and_the_last_one_says_that_all_is_current() {
    let answered = |key, id| Said::Answered(key, json!({ "of": id }), Arrival::First);
    let expected = [
        answered(FACTORIES, 1),
        answered(SUMMARY, 2),
        answered(WORKERS, 3),
        answered(WORKSTATIONS, 4),
        Said::Current,
    ];
    assert_eq!(answer_all(&mut begun(), 0.0), expected);
}

#[test]
fn only_the_first_answer_of_a_connection_may_leave_a_gap() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    let said = receive(&mut session, &next(3, &json!({})), 1.0);
    assert_eq!(said, [Said::Answered(WORKERS, json!({}), Arrival::Later), Said::Current]);
}

#[test]
fn a_new_choice_ends_the_old_operations_and_hears_nothing_of_them_any_more() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    choose(&mut session, "b", 1.0);
    let expected = [
        message("complete", "2", "", ""),
        message("subscribe", "5", "FactoryMetrics", "b"),
        message("complete", "3", "", ""),
        message("subscribe", "6", "WorkerMetrics", "b"),
        message("complete", "4", "", ""),
        message("subscribe", "7", "WorkstationMetrics", "b"),
    ];
    assert_eq!(sent(&mut session), expected);
    assert_eq!(receive(&mut session, &next(2, &json!({})), 1.0), []);
    let said = receive(&mut session, &next(5, &json!({})), 1.0);
    assert_eq!(said, [Said::Answered(SUMMARY, json!({}), Arrival::First)], "nothing is current yet");
}

#[test]
fn the_same_choice_again_changes_nothing() {
    let mut session = begun();
    choose(&mut session, "a", 1.0);
    assert_eq!(sent(&mut session), []);
}

#[test]
fn what_is_no_longer_wanted_is_ended_and_not_waited_for() {
    let mut session = begun();
    session.execute(Command::Stop(WORKSTATIONS), 0.0);
    assert_eq!(sent(&mut session), [message("complete", "4", "", "")]);
    assert_eq!(answer_all(&mut session, 0.0).last(), Some(&Said::Current));
    assert_eq!(receive(&mut session, &next(4, &json!({})), 1.0), []);
}

#[test]
fn what_stands_is_asked_again_on_the_next_connection() {
    let mut subscriptions = subscriptions("a");
    for command in [
        Command::Stop(WORKERS),
        Command::Start(SUMMARY, request(OperationType::Subscription, "FactoryMetrics", "b")),
        Command::Start(CHANGE, request(OperationType::Mutation, "UpdateWorker", "b")),
        Command::Refresh(FACTORIES),
    ] {
        subscriptions.apply(&command);
    }
    let mut session = Session::open(&subscriptions, 0.0);
    receive(&mut session, r#"{"type":"connection_ack"}"#, 0.0);
    let expected = [
        message("connection_init", "", "", ""),
        message("subscribe", "1", "Factories", ""),
        message("subscribe", "2", "FactoryMetrics", "b"),
        message("subscribe", "3", "WorkstationMetrics", "a"),
    ];
    assert_eq!(sent(&mut session), expected, "a mutation is never repeated");
}

#[test]
fn a_pong_confirms_what_is_shown_but_not_what_is_still_to_come() {
    let mut session = begun();
    assert_eq!(receive(&mut session, PONG, 1.0), []);
    answer_all(&mut session, 2.0);
    assert_eq!(receive(&mut session, PONG, 3.0), [Said::Current]);
    choose(&mut session, "b", 3.0);
    assert_eq!(receive(&mut session, PONG, 4.0), []);
}

#[test]
fn a_ping_of_the_server_is_answered() {
    let mut session = begun();
    receive(&mut session, r#"{"type":"ping"}"#, 1.0);
    assert_eq!(sent(&mut session), [message("pong", "", "", "")]);
}

#[test]
fn a_silent_server_is_asked_and_then_given_up() {
    let mut session = begun();
    session.tick(14_999.0).unwrap();
    assert_eq!(sent(&mut session), []);
    session.tick(15_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("ping", "", "", "")]);
    session.tick(19_999.0).unwrap();
    assert_eq!(session.tick(20_000.0), Err(ConnectionError("The server has stopped responding.".to_owned())));
}

#[test]
fn a_server_that_never_acknowledges_is_given_up() {
    let mut session = Session::open(&Subscriptions::default(), 0.0);
    session.tick(9_999.0).unwrap();
    assert_eq!(session.tick(10_000.0), Err(ConnectionError("The server does not respond.".to_owned())));
}

#[test]
fn a_refusal_is_passed_on_in_the_servers_words_and_the_question_repeated_later() {
    let mut session = begun();
    let refusal =
        r#"{"type":"error","id":"3","payload":[{"message":"No factory a."},{"message":"Create it."}]}"#;
    let said = receive(&mut session, refusal, 0.0);
    assert_eq!(said, [Said::Refused(WORKERS, "No factory a. Create it.".to_owned())]);
    session.tick(9_999.0).unwrap();
    assert_eq!(sent(&mut session), []);
    session.tick(10_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "WorkerMetrics", "a")]);
}

#[test]
fn what_was_refused_is_asked_at_once_when_a_person_wants_to_try_again() {
    let mut session = begun();
    receive(&mut session, r#"{"type":"error","id":"3","payload":[{"message":"No."}]}"#, 0.0);
    session.execute(Command::Retry(WORKERS), 1.0);
    assert_eq!(sent(&mut session), [message("subscribe", "5", "WorkerMetrics", "a")]);
    session.execute(Command::Retry(WORKERS), 2.0);
    assert_eq!(sent(&mut session), [], "it is on its way");
}

#[test]
fn errors_beside_missing_data_are_a_refusal_too() {
    let mut session = begun();
    let frame =
        r#"{"type":"next","id":"2","payload":{"data":null,"errors":[{"message":"Come back later."}]}}"#;
    assert_eq!(receive(&mut session, frame, 0.0), [Said::Refused(SUMMARY, "Come back later.".to_owned())]);
}

#[test]
fn a_query_that_was_refused_in_its_answer_is_asked_again_later() {
    let mut session = begun();
    let frame = r#"{"type":"next","id":"1","payload":{"errors":[{"message":"Busy."}]}}"#;
    assert_eq!(receive(&mut session, frame, 0.0), [Said::Refused(FACTORIES, "Busy.".to_owned())]);
    assert_eq!(receive(&mut session, &complete(1), 0.0), []);
    session.tick(9_999.0).unwrap();
    assert_eq!(sent(&mut session), []);
    session.tick(10_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "Factories", "")]);
}

#[test]
fn a_query_that_ends_without_an_answer_is_refused() {
    let mut session = begun();
    let said = receive(&mut session, &complete(1), 0.0);
    assert_eq!(said, [Said::Refused(FACTORIES, "The server gave no answer and no reason.".to_owned())]);
    session.tick(10_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "Factories", "")]);
}

#[test]
fn a_subscription_that_the_server_ends_is_begun_again_and_confirms_nothing_until_then() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    assert_eq!(receive(&mut session, &complete(3), 1.0), []);
    assert_eq!(receive(&mut session, PONG, 2.0), []);
    session.tick(10_001.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "WorkerMetrics", "a")]);
    let said = receive(&mut session, &next(5, &json!({})), 10_002.0);
    assert_eq!(said, [Said::Answered(WORKERS, json!({}), Arrival::First), Said::Current]);
}

#[test]
fn an_answered_query_is_over_and_asked_again_when_it_was_said_to() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    receive(&mut session, &complete(1), 0.0);
    session.execute(Command::RefreshIn(FACTORIES, 5_000.0), 0.0);
    session.tick(4_999.0).unwrap();
    assert_eq!(sent(&mut session), []);
    session.tick(5_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "Factories", "")]);
    let said = receive(&mut session, PONG, 5_001.0);
    assert_eq!(said, [Said::Current], "the old answer stays good until the new one is there");
}

#[test]
fn a_query_is_refreshed_at_once_and_then_no_more_than_every_five_seconds() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    session.execute(Command::Refresh(FACTORIES), 6_000.0);
    assert_eq!(sent(&mut session), [message("subscribe", "5", "Factories", "")]);
    receive(&mut session, &next(5, &json!({})), 6_010.0);
    for now_ms in [6_020.0, 6_500.0, 10_999.0] {
        session.execute(Command::Refresh(FACTORIES), now_ms);
        session.tick(now_ms).unwrap();
        assert_eq!(sent(&mut session), []);
    }
    session.tick(11_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "6", "Factories", "")]);
    session.tick(30_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("ping", "", "", "")], "one refresh for all that asked meanwhile");
}

#[test]
fn a_slow_query_is_waited_for_and_refreshed_once_it_is_answered() {
    let mut session = begun();
    session.execute(Command::Refresh(FACTORIES), 8_000.0);
    session.tick(9_000.0).unwrap();
    assert_eq!(sent(&mut session), []);
    answer_all(&mut session, 9_500.0);
    session.tick(9_501.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "Factories", "")]);
}

#[test]
fn a_mutation_is_sent_once_answered_once_and_holds_up_nothing() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    session.execute(Command::Start(CHANGE, request(OperationType::Mutation, "UpdateWorker", "a")), 1.0);
    assert_eq!(sent(&mut session), [message("subscribe", "5", "UpdateWorker", "a")]);
    assert_eq!(receive(&mut session, PONG, 2.0), [Said::Current]);
    let said = receive(&mut session, &next(5, &json!({ "done": true })), 3.0);
    assert_eq!(said[0], Said::Answered(CHANGE, json!({ "done": true }), Arrival::First));
    assert_eq!(receive(&mut session, &complete(5), 3.0), []);
    session.tick(14_000.0).unwrap();
    assert_eq!(sent(&mut session), []);
}

#[test]
fn a_refused_mutation_is_not_tried_again() {
    for (refusal, reason) in [
        (r#"{"type":"error","id":"5","payload":[{"message":"No such worker."}]}"#, "No such worker."),
        (r#"{"type":"next","id":"5","payload":{"errors":[{"message":"Too long."}]}}"#, "Too long."),
        (r#"{"type":"complete","id":"5"}"#, "The server gave no answer and no reason."),
    ] {
        let mut session = begun();
        answer_all(&mut session, 0.0);
        session.execute(Command::Start(CHANGE, request(OperationType::Mutation, "UpdateWorker", "a")), 1.0);
        session.take_outgoing();
        let said = receive(&mut session, refusal, 2.0);
        assert_eq!(said[0], Said::Refused(CHANGE, reason.to_owned()));
        session.execute(Command::Retry(CHANGE), 3.0);
        session.tick(14_000.0).unwrap();
        assert_eq!(sent(&mut session), []);
    }
}

#[test]
fn what_is_not_understood_ends_the_connection_with_a_sentence() {
    let Err(ConnectionError(reason)) = begun().receive("<html>", 0.0) else { panic!("accepted") };
    assert!(reason.starts_with("The server sent what this page does not understand"), "{reason}");
    let frame = r#"{"type":"next","id":"2","payload":{"data":{},"errors":"none"}}"#;
    let Err(ConnectionError(reason)) = begun().receive(frame, 0.0) else { panic!("accepted") };
    assert!(reason.starts_with("The server's answer has another shape than agreed"), "{reason}");
}
