use domain::{
    id::{FactoryId, Revision},
    metric::{FactoryTotals, UnitsBasis},
    time::TimestampMs,
    window::WindowSpec,
};

use super::*;
use crate::{
    report::Question,
    store::{
        access::{Scope, View},
        factories::Factory,
    },
};

fn delivery(sequence: u64, part: Part) -> Arc<Delivery> {
    let factory = Factory {
        id: FactoryId(1),
        slug: "f".into(),
        name: "F".into(),
        time_zone: domain::zone::Zone::UTC,
        units_basis: UnitsBasis::Workers,
        state_hold_minutes: 60,
        finality_grace_hours: 24,
        smallest_team: 5,
        closed_floor_ms: TimestampMs(0),
        committed_at_ms: TimestampMs(0),
        last_decision: 0,
        pending_decisions: 0,
        active: None,
        decided_revision: Revision(0),
        revision: Revision(sequence as i64),
        kept_conflicts: 0,
        dropped_conflicts: 0,
        other_issues: 0,
    };
    let figures = FactoryTotals::default();
    let question = Arc::new(Question::about_factory(WindowSpec::AllTime, None));
    let scope = Scope::with_view(factory, View::All);
    let report = Report {
        scope,
        question,
        window: None,
        rows: Vec::new(),
        figures,
        is_team_too_small: false,
        ahead_since_ms: None,
        ledger_rows_read: 0,
    };
    Arc::new(Delivery { sequence, report: Arc::new(report), part })
}

fn change() -> Part {
    Part::Change(Arc::default())
}

/// The revision and whether it was the whole.
async fn next(follower: &mut Follower) -> (i64, bool) {
    let (report, part) = follower.next().await.expect("a delivery").expect("no error");
    (report.scope.factory().revision.0, part.is_whole())
}

#[tokio::test]
async fn who_missed_a_delivery_gets_the_whole_and_never_a_later_change_alone() {
    let (publisher, receiver) = watch::channel(None);
    let mut follower = Follower::new(receiver, TaskTracker::new());
    publisher.send_replace(Some(Ok(delivery(1, Part::Whole))));
    assert_eq!(next(&mut follower).await, (1, true));
    publisher.send_replace(Some(Ok(delivery(2, change()))));
    assert_eq!(next(&mut follower).await, (2, false));
    publisher.send_replace(Some(Ok(delivery(3, change()))));
    publisher.send_replace(Some(Ok(delivery(4, change()))));
    assert_eq!(next(&mut follower).await, (4, true));
    publisher.send_replace(Some(Ok(delivery(5, change()))));
    assert_eq!(next(&mut follower).await, (5, false));
}

#[tokio::test]
async fn who_joins_later_gets_the_whole_at_once() {
    let (publisher, _receiver) = watch::channel(Some(Ok(delivery(7, change()))));
    let mut follower = Follower::new(publisher.subscribe(), TaskTracker::new());
    assert_eq!(next(&mut follower).await, (7, true));
}

#[tokio::test]
async fn an_error_is_the_last_delivery() {
    let (publisher, receiver) = watch::channel(Some(Ok(delivery(1, Part::Whole))));
    let mut follower = Follower::new(receiver, TaskTracker::new());
    assert_eq!(next(&mut follower).await, (1, true));
    publisher.send_replace(Some(Err(ReportError::FactoryNotFound("f".into()))));
    drop(publisher);
    let error = follower.next().await.expect("a delivery").expect_err("an error");
    assert!(matches!(error, ReportError::FactoryNotFound(slug) if slug == "f"));
    assert!(follower.next().await.is_none());
}

#[test]
fn questions_that_ask_the_same_are_the_same() {
    let ask = |codes: &[&str]| {
        let codes = codes.iter().map(ToString::to_string).collect();
        let entity_type = domain::event::EntityType::Worker;
        Question::about_entities(entity_type, WindowSpec::AllTime, Some(codes), None)
    };
    let ask_for = |codes: &[&str]| ask(codes).expect("a question");
    assert_eq!(ask_for(&["W2", "W1", "W2"]), ask_for(&["W1", "W2"]));
    assert_ne!(ask_for(&["W1"]), ask_for(&[]));
    assert!(ask(&["W1"; 1_001]).is_err());
}
