use super::*;
use crate::window::WindowChoice;
use serde_json::{Value, json};

fn choice(factory_id: &str) -> Choice {
    Choice { factory_id: factory_id.to_owned(), window: WindowChoice::Today }
}

/// What the session sends next, as (type, id, operation, factory).
fn sent(session: &mut Session) -> Vec<(String, String, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = |frame: &String| {
        let frame: Value = serde_json::from_str(frame).unwrap();
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
    let mut session = Session::open(Some(choice("a")), 0.0);
    session.receive(r#"{"type":"connection_ack"}"#, 0.0).unwrap();
    session.take_outgoing();
    session
}

fn next(id: u64, data: &Value) -> String {
    json!({ "type": "next", "id": id.to_string(), "payload": { "data": data } }).to_string()
}

fn factories() -> Value {
    json!({ "factories": [{ "id": "a", "name": "A", "timeZone": "UTC" }] })
}

fn summary(units: i64) -> Value {
    json!({ "factoryMetrics": {
        "revision": 7, "productiveMinutes": 70.0, "unitsProduced": units,
        "averageUtilization": null, "averageProductionRate": 12.5,
    } })
}

fn workers() -> Value {
    json!({ "workerMetrics": { "revision": 7, "snapshot": true, "removedWorkerIds": [], "workers": [{
        "workerId": "W1", "name": null, "workingMinutes": 70, "idleMinutes": 0.5,
        "utilization": 77.7, "unitsProduced": 14, "unitsPerHour": null,
    }] } })
}

fn workstations() -> Value {
    json!({ "workstationMetrics": {
        "revision": 7, "snapshot": false, "removedWorkstationIds": ["S1"], "workstations": [],
    } })
}

fn answer_all(session: &mut Session, now_ms: f64) -> Vec<Event> {
    let frames =
        [next(1, &factories()), next(2, &summary(14)), next(3, &workers()), next(4, &workstations())];
    frames.iter().flat_map(|frame| session.receive(frame, now_ms).unwrap()).collect()
}

#[test]
fn nothing_is_asked_before_the_server_has_acknowledged() {
    let mut session = Session::open(Some(choice("a")), 0.0);
    assert_eq!(sent(&mut session), [message("connection_init", "", "", "")]);
    session.choose(choice("b")).unwrap();
    assert_eq!(sent(&mut session), []);
    session.receive(r#"{"type":"connection_ack"}"#, 5.0).unwrap();
    let expected = [
        message("subscribe", "1", "Factories", ""),
        message("subscribe", "2", "FactoryMetrics", "b"),
        message("subscribe", "3", "WorkerMetrics", "b"),
        message("subscribe", "4", "WorkstationMetrics", "b"),
    ];
    assert_eq!(sent(&mut session), expected);
}

#[test]
fn answers_become_events_and_the_last_one_says_that_all_is_current() {
    let events = answer_all(&mut begun(), 0.0);
    assert!(matches!(&events[0], Event::Factories(list) if list[0].id == "a"));
    assert!(matches!(&events[1], Event::Summary(summary) if summary.units_produced == 14));
    assert!(matches!(&events[1], Event::Summary(summary) if summary.average_utilization.is_none()));
    assert!(matches!(&events[2], Event::Workers(delivery) if delivery.snapshot && delivery.rows.len() == 1));
    assert!(matches!(&events[3], Event::Workstations(delivery) if delivery.removed_ids == ["S1"]));
    assert_eq!(events[4..], [Event::Current]);
}

#[test]
fn a_new_choice_ends_the_old_operations_and_hears_nothing_of_them_any_more() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    session.choose(choice("b")).unwrap();
    let expected = [
        message("complete", "2", "", ""),
        message("complete", "3", "", ""),
        message("complete", "4", "", ""),
        message("subscribe", "5", "FactoryMetrics", "b"),
        message("subscribe", "6", "WorkerMetrics", "b"),
        message("subscribe", "7", "WorkstationMetrics", "b"),
    ];
    assert_eq!(sent(&mut session), expected);
    assert_eq!(session.receive(&next(2, &summary(99)), 1.0), Ok(Vec::new()));
    let events = session.receive(&next(5, &summary(1)), 1.0).unwrap();
    assert!(matches!(&events[..], [Event::Summary(summary)] if summary.units_produced == 1));
}

#[test]
fn the_same_choice_again_changes_nothing() {
    let mut session = begun();
    session.choose(choice("a")).unwrap();
    assert_eq!(sent(&mut session), []);
}

#[test]
fn a_pong_confirms_what_is_shown_but_not_what_is_still_to_come() {
    let mut session = begun();
    assert_eq!(session.receive(r#"{"type":"pong"}"#, 1.0), Ok(Vec::new()));
    answer_all(&mut session, 2.0);
    assert_eq!(session.receive(r#"{"type":"pong"}"#, 3.0), Ok(vec![Event::Current]));
    session.choose(choice("b")).unwrap();
    assert_eq!(session.receive(r#"{"type":"pong"}"#, 4.0), Ok(Vec::new()));
}

#[test]
fn a_ping_of_the_server_is_answered() {
    let mut session = begun();
    session.receive(r#"{"type":"ping"}"#, 1.0).unwrap();
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
    assert_eq!(session.tick(20_000.0), Err(Hangup("The server has fallen silent.".to_owned())));
}

#[test]
fn a_server_that_never_acknowledges_is_given_up() {
    let mut session = Session::open(None, 0.0);
    session.tick(9_999.0).unwrap();
    assert_eq!(session.tick(10_000.0), Err(Hangup("The server does not answer.".to_owned())));
}

#[test]
fn a_refusal_is_passed_on_in_the_servers_words_and_the_question_repeated_later() {
    let mut session = begun();
    let refusal =
        r#"{"type":"error","id":"3","payload":[{"message":"No factory a."},{"message":"Create it."}]}"#;
    let events = session.receive(refusal, 0.0).unwrap();
    assert_eq!(events, [Event::Refused(Topic::Workers, "No factory a. Create it.".to_owned())]);
    session.tick(9_999.0).unwrap();
    assert_eq!(sent(&mut session), []);
    session.tick(10_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "WorkerMetrics", "a")]);
}

#[test]
fn errors_beside_missing_data_are_a_refusal_too() {
    let mut session = begun();
    let frame =
        r#"{"type":"next","id":"2","payload":{"data":null,"errors":[{"message":"Come back later."}]}}"#;
    let events = session.receive(frame, 0.0).unwrap();
    assert_eq!(events, [Event::Refused(Topic::Summary, "Come back later.".to_owned())]);
}

#[test]
fn a_subscription_that_the_server_ends_is_begun_again_and_confirms_nothing_until_then() {
    let mut session = begun();
    answer_all(&mut session, 0.0);
    session.receive(r#"{"type":"complete","id":"3"}"#, 1.0).unwrap();
    assert_eq!(session.receive(r#"{"type":"pong"}"#, 2.0), Ok(Vec::new()));
    session.tick(10_001.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "5", "WorkerMetrics", "a")]);
    assert_eq!(session.receive(&next(5, &workers()), 10_002.0).unwrap().last(), Some(&Event::Current));
}

#[test]
fn an_empty_list_of_factories_is_asked_for_again_soon() {
    let mut session = Session::open(None, 0.0);
    session.receive(r#"{"type":"connection_ack"}"#, 0.0).unwrap();
    assert_eq!(sent(&mut session).len(), 2);
    let events = session.receive(&next(1, &json!({ "factories": [] })), 0.0).unwrap();
    assert_eq!(events, [Event::Factories(Vec::new()), Event::Current]);
    session.receive(r#"{"type":"complete","id":"1"}"#, 0.0).unwrap();
    session.tick(5_000.0).unwrap();
    assert_eq!(sent(&mut session), [message("subscribe", "2", "Factories", "")]);
}

#[test]
fn what_is_not_understood_ends_the_connection_with_a_sentence() {
    let Err(Hangup(reason)) = begun().receive("<html>", 0.0) else { panic!("accepted") };
    assert!(reason.starts_with("The server sent what this page does not understand"), "{reason}");
    let Err(Hangup(reason)) = begun().receive(&next(2, &json!({ "factoryMetrics": {} })), 0.0) else {
        panic!("accepted")
    };
    assert!(reason.starts_with("The server's answer has another shape than agreed"), "{reason}");
}
