//! The law with decisions on a real database: after every transaction the sums are those of the stored events and of the
//! decisions that stand, and who withdraws everything has what was never decided.

use std::collections::HashMap;

use domain::{
    MS_PER_DAY, MS_PER_MINUTE,
    event::{EntityType, Event},
    id::EntityId,
    time::{DurationMs, TimestampMs},
    timeline::{CorrectedState, Segment, Standing},
    totals::Totals,
};
use proptest::{collection::vec, option, prelude::*, sample::Index, test_runner::TestCaseError};
use server::store::{
    Store,
    access::{Author, SeeFigures},
    audit,
    decisions::{Content, Correction, NewDecision, NotDecided, Retraction, StandingContent},
    entities::{self, Entity, EntityFilter},
    issues::Issues,
    rebuild, rollups,
    writer::{Batch, Writer},
};
use test_harness::rounds;

use crate::{
    harness::{T0_MS, empty_store, plant_scope, whole},
    store_law::event,
};

/// Something that happens to a factory.
#[derive(Clone, Debug)]
enum Step {
    Events(Vec<Event>),
    Correct {
        entities: Vec<usize>,
        from: i64,
        length: i64,
        state: Option<CorrectedState>,
        units: Option<i64>,
    },
    Rule {
        standing: Standing,
        source: Option<i32>,
        model: Option<Option<i32>>,
        span: Option<(i64, i64)>,
    },
    /// Of an event that came before.
    Retract(Index),
    /// Of a decision that was made before.
    Withdraw(Index),
    /// A slice of what was decided and is not applied yet.
    Slice,
    Rebuild,
}

/// Most of them on one day, and some long after it.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let days = prop_oneof![6 => Just(0_i64), 1 => Just(1), 1 => Just(3), 1 => Just(40), 1 => Just(90)];
    let later = |(event, days): (Event, i64)| Event {
        started_at_ms: event.started_at_ms + DurationMs(days * MS_PER_DAY),
        ..event
    };
    vec((event(), days).prop_map(later), 1..8)
}

fn step() -> impl Strategy<Value = Step> {
    let state = option::weighted(
        0.8,
        prop_oneof![
            Just(CorrectedState::Working),
            Just(CorrectedState::Idle),
            Just(CorrectedState::Absent),
            Just(CorrectedState::NotObserved)
        ],
    );
    let length = prop_oneof![Just(1), 60_000_i64..10_000_000, Just(300_000), Just(0)];
    let standing = prop_oneof![Just(Standing::Serving), Just(Standing::Shadow), Just(Standing::Quarantined)];
    let correct = (vec(0_usize..4, 1..3), 0_i64..300, length, state, option::of(-30_i64..30)).prop_map(
        |(entities, from, length, state, units)| Step::Correct { entities, from, length, state, units },
    );
    let rule =
        (standing, option::of(0..2), option::of(option::of(0..2)), option::of((0_i64..300, 1_i64..200)))
            .prop_map(|(standing, source, model, span)| Step::Rule { standing, source, model, span });
    prop_oneof![
        5 => events().prop_map(Step::Events),
        3 => correct,
        2 => rule,
        1 => any::<Index>().prop_map(Step::Retract),
        2 => any::<Index>().prop_map(Step::Withdraw),
        1 => Just(Step::Rebuild),
        3 => Just(Step::Slice),
    ]
}

fn batch(events: Vec<Event>) -> Batch {
    Batch {
        factory_slug: "plant".into(),
        events,
        received_at_ms: TimestampMs(T0_MS),
        credential_id: None,
        issues: Issues::default(),
        numbered: None,
    }
}

fn decision(number: usize, content: Content) -> NewDecision {
    NewDecision {
        factory_slug: "plant".into(),
        request_id: format!("request {number}"),
        author: Author::called("somebody", None, TimestampMs(0)),
        note: "a reason".to_owned(),
        seen_decision: None,
        content,
    }
}

/// What a step decides; none when it decides nothing.
fn content(step: &Step, events: &[Event], decided: &[i32]) -> Option<Content> {
    let at = |minute: i64| T0_MS + minute * MS_PER_MINUTE;
    Some(match step {
        Step::Events(_) | Step::Rebuild | Step::Slice => return None,
        Step::Correct { entities, from, length, state, units } => {
            let is_station = entities[0] == 0;
            let codes: Vec<String> = if is_station {
                vec!["E0".to_owned()]
            } else {
                entities.iter().filter(|entity| **entity > 0).map(|entity| format!("E{entity}")).collect()
            };
            let from_ms = at(*from);
            let to_ms = if state.is_some() { from_ms + (*length).max(1) } else { from_ms + length };
            Content::Correction(Correction {
                entity_type: if is_station { EntityType::Workstation } else { EntityType::Worker },
                units: if codes.iter().collect::<std::collections::HashSet<_>>().len() > 1 {
                    None
                } else {
                    *units
                },
                entity_codes: codes,
                area: None,
                from_ms,
                to_ms,
                state: *state,
            })
        }
        Step::Rule { standing, source, model, span } => Content::Standing(StandingContent {
            standing: *standing,
            source: source.map(|source| format!("camera {source}")),
            model_version: model.flatten().map(|model| format!("m{model}")),
            without_model_version: *model == Some(None),
            from_ms: span.map(|(from, _)| at(from)),
            to_ms: span.map(|(from, length)| at(from + length)),
        }),
        Step::Retract(index) => {
            let event = events.get(index.index(events.len().max(1)))?;
            Content::Retraction(Retraction {
                entity_type: event.entity_type,
                entity_code: event.entity_code.clone(),
                event_type: event.event_type,
                at_ms: event.started_at_ms.0,
                event_code: event.event_code.clone(),
                form: event.form(),
            })
        }
        Step::Withdraw(index) => Content::Withdrawal(*decided.get(index.index(decided.len().max(1)))?),
    })
}

async fn assert_whole(store: &Store) -> Result<(), TestCaseError> {
    let differences = audit(store).await.expect("an audit");
    prop_assert!(differences.is_empty(), "{differences:?}");
    Ok(())
}

/// Everything that a reader sees of the factory's entities.
async fn shown(store: &Store) -> (HashMap<String, Totals>, Vec<Entity>) {
    let snapshot = store.snapshot().await.expect("a snapshot");
    let scope = plant_scope::<SeeFigures>(&snapshot).await;
    let mut found = entities::list(&snapshot, &scope, EntityFilter::default()).await.expect("entities");
    let sums: HashMap<EntityId, Totals> = rollups::totals(&snapshot, &scope, None, None).await.expect("sums");
    let by_code = found
        .iter()
        .map(|entity| (entity.code.clone(), sums.get(&entity.id).copied().unwrap_or_default()))
        .collect();
    for entity in &mut found {
        entity.revision = domain::id::Revision(0);
        // They may say more than need be.
        entity.hides_events = false;
        entity.longest_duration_ms = DurationMs::ZERO;
        entity.frontier_ms = TimestampMs::MIN;
        entity.id = EntityId(0);
        // Names are numbered in the order in which they come; a rule may name one before any event does.
        entity.current =
            entity.current.map(|segment| Segment { model_version: None, source: None, ..segment });
    }
    found.retain(|entity| entity.last_seen_at_ms > TimestampMs::MIN);
    (by_code, found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(12) as u32, ..ProptestConfig::default() })]

    #[test]
    fn sums_follow_events_decisions_and_withdrawals_and_withdrawing_all_is_never_having_decided(
        steps in vec(step(), 1..20),
        slice_events in prop_oneof![Just(1_u64), Just(3), Just(20), Just(20_000)],
    ) {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
            let (_directory, store) = empty_store("plant").await;
            // Two, so that what one has in its cache is from before the other's decision.
            let mut writers = [(); 2].map(|()| Writer::new(store.clone()).with_slices(slice_events));
            let now_ms = TimestampMs(T0_MS + 100 * MS_PER_DAY);
            let (mut events, mut decided) = (Vec::new(), Vec::new());
            for (number, step) in steps.iter().enumerate() {
                writers.reverse();
                match step {
                    Step::Events(sent) => {
                        events.extend(sent.iter().cloned());
                        writers[0].store(&whole(&[batch(sent.clone())])).await.expect("a commit");
                    }
                    Step::Rebuild => rebuild(&store).await.expect("a rebuild"),
                    Step::Slice => {
                        writers[0].apply_slice(&"plant".into()).await.expect("a commit");
                    }
                    _ => {}
                }
                if let Some(content) = content(step, &events, &decided) {
                    let new = decision(number, content);
                    match writers[0].decide(&new, now_ms).await.expect("a commit") {
                        Ok(made) => {
                            if !matches!(made.content, Content::Withdrawal(_)) {
                                decided.push(made.number);
                            }
                            let again = writers[1].decide(&new, now_ms).await.expect("a commit");
                            prop_assert_eq!(again, Ok(made));
                        }
                        Err(NotDecided::Invalid(_) | NotDecided::NoSuchEvent) => {}
                        Err(refused) => prop_assert!(false, "{refused:?}"),
                    }
                }
                assert_whole(&store).await?;
            }
            for (index, number) in decided.into_iter().enumerate() {
                let withdrawal = decision(1_000 + index, Content::Withdrawal(number));
                match writers[index % 2].decide(&withdrawal, now_ms).await.expect("a commit") {
                    Ok(_) | Err(NotDecided::Invalid(_)) => {}
                    Err(refused) => prop_assert!(false, "{refused:?}"),
                }
            }
            assert_whole(&store).await?;
            while writers[0].apply_slice(&"plant".into()).await.expect("a commit").is_some() {
                writers.reverse();
                assert_whole(&store).await?;
            }
            let (_other_directory, never_decided) = empty_store("plant").await;
            let mut writer = Writer::new(never_decided.clone());
            for step in &steps {
                if let Step::Events(sent) = step {
                    writer.store(&whole(&[batch(sent.clone())])).await.expect("a commit");
                }
            }
            let ((sums, mut entities), (expected_sums, expected_entities)) =
                (shown(&store).await, shown(&never_decided).await);
            for (code, totals) in &sums {
                prop_assert_eq!(*totals, expected_sums.get(code).copied().unwrap_or_default(), "{}", code);
            }
            entities.sort_by(|one, other| one.code.cmp(&other.code));
            let mut expected_entities = expected_entities;
            expected_entities.sort_by(|one, other| one.code.cmp(&other.code));
            prop_assert_eq!(entities, expected_entities);
            Ok(())
        })?;
    }
}
