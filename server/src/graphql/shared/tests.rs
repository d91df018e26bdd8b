use domain::{
    metric::UnitsBasis,
    time::{DurationMs, TimestampMs},
};
use tempfile::TempDir;

use super::*;
use crate::{
    access::AccessMode,
    clock::Clock,
    graphql::{AndonSchema, schema},
    store::{
        Store,
        access::{Author, View},
        factories::NewFactory,
    },
};

const OPERATION: &str = "subscription { workstationMetrics(factoryId: \"plant\") { revision } }";

fn text() -> Fingerprint {
    Fingerprint::of(OPERATION)
}

/// An application with the factory `plant`, and the folder of its database.
async fn app() -> (Arc<App>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("andon.db").display());
    let store = Store::open(&url).await.expect("a database");
    let new = NewFactory {
        slug: "plant".into(),
        name: "Plant".into(),
        time_zone: domain::zone::Zone::UTC,
        units_basis: UnitsBasis::Workers,
        state_hold_minutes: 60,
        finality_grace_hours: 24,
        smallest_team: 5,
    };
    store
        .create_factory(&Access::OPEN, new, &Author::server(TimestampMs(0)))
        .await
        .expect("a commit")
        .expect("the first factory");
    (App::start(store, Clock::System, DurationMs::ZERO, AccessMode::Open), folder)
}

fn execute(schema: &AndonSchema, request: Request) -> BoxStream<'static, Rendering> {
    let rendering = |response: async_graphql::Response| Rendering {
        answer: serde_json::to_string(&response).expect("JSON").into(),
        errors: None,
        is_refused: false,
    };
    schema.execute_stream(request).map(rendering).boxed()
}

async fn revision(payloads: &mut Payloads) -> String {
    match payloads.next().await {
        Some(Payload::Next(answer)) => answer.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operation_is_shared_by_callers_with_the_same_scope_and_by_no_others() {
    let (app, _folder) = app().await;
    let schema = schema(app.clone());
    let snapshot = app.store.snapshot().await.expect("a snapshot");
    let scope = report::factory(&Access::OPEN, &snapshot, "plant").await.expect("the factory");
    let other =
        Scope::<SeeFigures>::with_view(scope.factory().clone(), View::Team { own_workers: [].into() });
    drop(snapshot);

    let mut payloads = Vec::new();
    for scope in [&scope, &other, &scope, &other] {
        let execute = |request| execute(&schema, request);
        let (scope, request) = (Ok(scope.clone()), Request::new(OPERATION).data(Access::OPEN));
        payloads.push(start(
            app.live.metrics(),
            (scope, Requirement::default()),
            (text(), text(), None),
            request,
            execute,
        ));
    }
    for payloads in &mut payloads {
        assert_eq!(revision(payloads).await, r#"{"data":{"workstationMetrics":{"revision":1}}}"#);
    }
    assert_eq!((app.live.broadcast_count(), app.live.cohort_count()), (2, 2));
    assert!(join(&app.live, &Access::OPEN, text(), &Requirement::default()).is_some());
    drop((payloads.remove(2), payloads.remove(0)));
    assert_eq!(app.live.broadcast_count(), 1);
    assert!(
        join(&app.live, &Access::OPEN, text(), &Requirement::default()).is_none(),
        "only another view has subscribers"
    );
}

#[tokio::test]
async fn who_joins_a_running_subscription_needs_no_read() {
    let (app, _folder) = app().await;
    let schema = schema(app.clone());
    assert!(join(&app.live, &Access::OPEN, text(), &Requirement::default()).is_none());
    let mut request = Request::new(OPERATION);
    let shareable = Shareable::new(&mut request, text()).expect("a subscription that can be shared");
    let mut first =
        subscribe(&app, (Access::OPEN, shareable, Requirement::default()), text(), request, move |request| {
            execute(&schema, request)
        });
    revision(&mut first).await;
    app.store.close().await;
    let mut second =
        join(&app.live, &Access::OPEN, text(), &Requirement::default()).expect("the running subscription");
    assert_eq!(revision(&mut second).await, r#"{"data":{"workstationMetrics":{"revision":1}}}"#);
    assert_eq!(app.live.broadcast_count(), 1);
}

#[test]
fn the_factory_of_a_subscription_is_a_literal_or_a_variable() {
    let slug = |document: &str, variables: serde_json::Value| {
        let mut request = Request::new(document).variables(async_graphql::Variables::from_json(variables));
        Shareable::new(&mut request, text()).map(|shareable| shareable.factory_slug)
    };
    let with_variable = "subscription($f: ID!) { eventsIngested(factoryId: $f) { revision } }";
    assert_eq!(slug(OPERATION, serde_json::json!({})).as_deref(), Some("plant"));
    assert_eq!(slug(with_variable, serde_json::json!({ "f": "other" })).as_deref(), Some("other"));
    assert_eq!(slug(with_variable, serde_json::json!({ "f": 7 })).as_deref(), Some("7"));
    assert_eq!(slug(with_variable, serde_json::json!({})), None);
    assert_eq!(slug("subscription { eventsIngested { revision } }", serde_json::json!({})), None);
    assert_eq!(slug("{ workerMetrics(factoryId: \"plant\") { revision } }", serde_json::json!({})), None);
}
