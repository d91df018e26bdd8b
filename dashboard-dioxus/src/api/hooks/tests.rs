use super::*;
use crate::api::operation::{
    CreateFactory, Entities, Factories, FactoryEntities, create_factory, factories, factory_entities,
};
use crate::model::window::WindowChoice;
use crate::testing::{TestInput, TestPage};
use domain::event::EntityType;
use serde_json::{Value, json};

/// The workers of the factory that the input names, and how old they are known to be.
fn workers() -> Element {
    let TestInput(factory) = use_context();
    let workers = use_subscription::<Entities>(move || {
        let factory_id = Some(factory()).filter(|id| !id.is_empty())?;
        let choice = crate::api::operation::FactoryWindow { factory_id, window: WindowChoice::AllTime };
        Some(choice.entities(EntityType::Worker))
    });
    let is_confirmed = use_client().confirmed_at_ms.read().is_some();
    let ids = match &*workers.read() {
        Panel::Waiting => "waiting".to_owned(),
        Panel::Refused(reason) => reason.clone(),
        Panel::Showing(table) => table.rows().map(|row| row.id.clone()).collect::<Vec<_>>().join(" "),
    };
    rsx! { "{factory}: {ids}; confirmed {is_confirmed}" }
}

/// A query that is asked again with every revision that the input names.
fn names() -> Element {
    let TestInput(revision) = use_context();
    let entities = use_query_at::<FactoryEntities>(
        move || revision.read().parse().ok(),
        || Some(factory_entities::Variables { factory_id: "a".to_owned() }),
    );
    let count = entities.with(Vec::len);
    rsx! { "{count:?} {entities.outdated():?}" }
}

/// A polled query about the factory that the input names, and when the page was known to be current.
fn polled_names() -> Element {
    let TestInput(factory) = use_context();
    let entities = use_polled_query::<FactoryEntities>(move || {
        let factory_id = Some(factory()).filter(|id| !id.is_empty())?;
        Some(factory_entities::Variables { factory_id })
    });
    let confirmed_at_ms = (use_client().confirmed_at_ms)();
    rsx! { "{entities.with(Vec::len):?} at {confirmed_at_ms:?}" }
}

fn delivery(snapshot: bool, ids: &[&str]) -> Value {
    let row = |id: &&str| {
        json!({
            "workerId": id, "name": null, "area": null, "workingMinutes": 1.0, "idleMinutes": 0.0,
            "absentMinutes": 0.0, "overlapMinutes": 0.0, "contestedMinutes": 0.0, "correctedMinutes": 0.0, "utilization": null, "unitsProduced": 0,
            "unitsPerHour": null, "meanConfidence": null, "current": null, "lastSeenAt": null,
        })
    };
    let rows: Vec<Value> = ids.iter().map(row).collect();
    json!({ "workerMetrics": {
        "window": null, "revision": 1, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "snapshot": snapshot, "removedWorkerIds": [], "workers": rows,
    } })
}

fn entities(count: usize) -> Value {
    let workers = vec![json!({ "workerId": "W", "name": null, "area": null }); count];
    json!({ "factory": { "revision": 1, "workers": workers, "workstations": [] } })
}

#[test]
fn nothing_is_asked_without_variables_and_nothing_is_left_asked_when_they_go() {
    let mut page = TestPage::of(workers);
    assert_eq!(page.asked("WorkerMetrics").len(), 0);
    page.set_input("a");
    assert_eq!(page.asked("WorkerMetrics"), [&json!({ "factoryId": "a" })]);
    page.set_input("");
    assert_eq!(page.asked("WorkerMetrics").len(), 0);
}

#[test]
fn deliveries_are_merged_into_what_is_shown() {
    let mut page = TestPage::of(workers);
    page.set_input("a");
    page.answer("WorkerMetrics", &delivery(true, &["W1"]));
    page.answer("WorkerMetrics", &delivery(false, &["W2"]));
    page.shows(&["a: W1 W2;"]);
}

#[test]
fn another_choice_is_asked_instead_and_the_old_answer_goes_with_its_age() {
    let mut page = TestPage::of(workers);
    page.set_input("a");
    page.answer("WorkerMetrics", &delivery(true, &["W1"]));
    page.shows(&["a: W1; confirmed false"]);
    page.all_is_current();
    page.shows(&["a: W1; confirmed true"]);
    page.set_input("b");
    page.shows(&["b: waiting; confirmed false"]);
    assert_eq!(page.asked("WorkerMetrics"), [&json!({ "factoryId": "b" })]);
}

#[test]
fn a_refused_subscription_shows_the_reason_and_has_no_age() {
    let mut page = TestPage::of(workers);
    page.set_input("a");
    page.answer("WorkerMetrics", &delivery(true, &["W1"]));
    page.refuse("WorkerMetrics", "No factory a.");
    page.all_is_current();
    page.shows(&["a: No factory a.; confirmed false"]);
}

#[test]
fn an_answer_of_another_shape_ends_the_connection_with_a_sentence() {
    let mut page = TestPage::of(workers);
    page.set_input("a");
    let ConnectionError(reason) =
        page.try_answer("WorkerMetrics", &json!({ "workerMetrics": {} })).unwrap_err();
    assert!(reason.starts_with("The server's answer has another shape than agreed"), "{reason}");
}

#[test]
fn a_query_that_cannot_be_renewed_keeps_its_answer_and_says_why_it_is_old() {
    let mut page = TestPage::of(names);
    page.answer("FactoryEntities", &entities(2));
    page.shows(&["Some(2) None"]);
    page.refuse("FactoryEntities", "Busy.");
    page.shows(&["Some(2) Some(&#34;Busy.&#34;)"]);
    page.answer("FactoryEntities", &entities(3));
    page.shows(&["Some(3) None"]);
}

#[test]
fn a_query_is_refreshed_when_the_revision_has_changed_and_only_then() {
    let mut page = TestPage::of(names);
    assert_eq!(page.refreshes(), 0);
    page.set_input("7");
    assert_eq!(page.refreshes(), 0, "the first revision that is known is the one that was just asked about");
    page.set_input("8");
    assert_eq!(page.refreshes(), 1);
    page.set_input("8");
    assert_eq!(page.refreshes(), 1);
}

/// Creates a factory and says what came of it.
fn creation() -> Element {
    let client = use_client();
    let mut outcome = use_signal(|| "waiting".to_owned());
    use_future(move || async move {
        let variables = create_factory::Variables {
            id: "a".to_owned(),
            name: "A".to_owned(),
            time_zone: "UTC".to_owned(),
        };
        let answer = client.mutate::<CreateFactory>(variables).await;
        outcome.set(answer.map_or_else(|reason| reason, |data| data.create_factory.factory_id));
    });
    rsx! { "{outcome}" }
}

#[test]
fn a_mutation_is_answered_with_its_data_or_with_the_servers_words() {
    let mut page = TestPage::of(creation);
    page.answer("CreateFactory", &json!({ "createFactory": { "factoryId": "plant" } }));
    page.shows(&["plant"]);
    let mut page = TestPage::of(creation);
    page.refuse("CreateFactory", "There is one already.");
    page.shows(&["There is one already."]);
}

#[test]
fn a_mutation_whose_connection_ends_says_that_nobody_knows_what_became_of_it() {
    let mut page = TestPage::of(creation);
    page.shows(&["waiting"]);
    page.lose_connection();
    page.shows(&["may or may not have been made"]);
}

#[test]
fn a_query_that_asks_to_be_asked_again_by_itself_is() {
    fn list() -> Element {
        let list = use_query::<Factories>(|| Some(factories::Variables));
        rsx! { "{list.with(|listed| listed.factories.len()):?}" }
    }
    let mut page = TestPage::of(list);
    page.answer("Factories", &json!({ "factories": [] }));
    assert_eq!(page.waits_ms(), [5_000.0]);
    page.answer(
        "Factories",
        &json!({ "factories": [{ "factoryId": "a", "name": "A", "timeZone": "UTC", "unitsBasis": "WORKERS" }] }),
    );
    assert_eq!(page.waits_ms(), [5_000.0, 60_000.0]);
}

#[test]
fn a_page_that_polls_is_as_old_as_the_last_answer_and_not_as_the_last_sign_of_life() {
    let mut page = TestPage::of(polled_names);
    page.set_input("a");
    page.set_now(1_000.0);
    page.answer("FactoryEntities", &entities(2));
    page.all_is_current();
    page.shows(&["Some(2) at Some(1000.0)"]);
    page.set_now(16_000.0);
    page.all_is_current();
    page.shows(&["Some(2) at Some(1000.0)"]);
    page.refuse("FactoryEntities", "Busy.");
    page.all_is_current();
    page.shows(&["Some(2) at Some(1000.0)"]);
    page.set_now(31_000.0);
    page.answer("FactoryEntities", &entities(3));
    page.all_is_current();
    page.shows(&["Some(3) at Some(31000.0)"]);
    page.set_input("");
    page.shows(&["None at None"]);
}
