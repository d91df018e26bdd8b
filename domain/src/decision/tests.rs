use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{MS_PER_DAY, limits::MAX_MESSAGE_CHARS, time::DurationMs, timeline::CorrectedState};

const NOW_MS: TimestampMs = TimestampMs(1_767_600_000_000); // 2026-01-05T08:00:00Z
const CAM_1: Option<SourceId> = Some(SourceId(1));
const V1: Option<ModelVersionId> = Some(ModelVersionId(1));

fn proposed() -> ProposedCorrection {
    ProposedCorrection {
        entities: 1,
        from_ms: NOW_MS - DurationMs(60_000),
        to_ms: NOW_MS,
        state: Some(CorrectedState::Working),
        units: Some(-3),
    }
}

fn rule(number: i32, standing: Standing) -> StandingRule {
    let (source, model_version) = (None, ModelVersions::All);
    StandingRule { number, standing, source, model_version, from_ms: None, to_ms: None }
}

#[track_caller]
fn refuses(correction: ProposedCorrection, fault: &DecisionFault, sentence: &str) {
    assert_eq!(correction.judge(NOW_MS).as_ref(), Err(fault), "{correction:?}");
    says(fault, sentence);
}

#[track_caller]
fn says(fault: &DecisionFault, sentence: &str) {
    assert_eq!(fault.to_string(), sentence);
    assert!(sentence.chars().count() <= MAX_MESSAGE_CHARS, "{} characters", sentence.chars().count());
}

#[test]
fn a_correction_is_taken_up_to_its_limits() {
    let to_ms = NOW_MS;
    for accepted in [
        proposed(),
        ProposedCorrection { entities: 1_000, units: None, ..proposed() },
        ProposedCorrection { from_ms: to_ms - DurationMs(31 * MS_PER_DAY), ..proposed() },
        ProposedCorrection { state: None, units: Some(1_000_000), ..proposed() },
        ProposedCorrection { units: Some(-1_000_000), ..proposed() },
        ProposedCorrection { state: Some(CorrectedState::NotObserved), units: Some(0), ..proposed() },
        ProposedCorrection { from_ms: to_ms, state: None, ..proposed() },
    ] {
        assert_eq!(accepted.judge(NOW_MS), Ok(()), "{accepted:?}");
    }
}

#[test]
fn a_correction_past_a_limit_is_refused_with_a_sentence() {
    let (from_ms, to_ms) = (proposed().from_ms, proposed().to_ms);
    let later_ms = NOW_MS + DurationMs(1);
    for entities in [0, 1_001] {
        let sentence = format!(
            "a correction must be of 1 to 1000 workers or workstations, but is of {entities}; split a larger group into \
             several decisions"
        );
        refuses(
            ProposedCorrection { entities, units: None, ..proposed() },
            &DecisionFault::Entities(entities),
            &sentence,
        );
    }
    refuses(
        ProposedCorrection { from_ms: to_ms, to_ms: from_ms, ..proposed() },
        &DecisionFault::Reversed { from_ms: to_ms, to_ms: from_ms },
        "`from` must not be after `to`, but 2026-01-05T08:00:00.000Z is after 2026-01-05T07:59:00.000Z; swap them",
    );
    let long_ago_ms = NOW_MS - DurationMs(31 * MS_PER_DAY + 1);
    refuses(
        ProposedCorrection { from_ms: long_ago_ms, ..proposed() },
        &DecisionFault::TooLong { from_ms: long_ago_ms, to_ms },
        "a correction must span at most 31 days, but 2025-12-05T07:59:59.999Z to 2026-01-05T08:00:00.000Z is longer; \
         split it into several decisions",
    );
    refuses(
        ProposedCorrection { to_ms: later_ms, ..proposed() },
        &DecisionFault::InFuture { to_ms: later_ms, now_ms: NOW_MS },
        "a correction must end no later than now, 2026-01-05T08:00:00.000Z, but `to` is 2026-01-05T08:00:00.001Z; end \
         it now and correct the rest later",
    );
    refuses(
        ProposedCorrection { from_ms: to_ms, ..proposed() },
        &DecisionFault::StateOfAnInstant(to_ms),
        "a correction from 2026-01-05T08:00:00.000Z to the same instant may change units, but covers no time; leave \
         `state` out, or choose a `to` after `from`",
    );
}

#[test]
fn what_a_correction_says_is_within_its_limits_or_refused_with_a_sentence() {
    for units in [-1_000_001, 1_000_001, i64::MIN, i64::MAX] {
        let sentence = format!(
            "the units of a correction must be a whole number from -1000000 to 1000000, but are {units}; split them into \
             several decisions"
        );
        refuses(
            ProposedCorrection { units: Some(units), ..proposed() },
            &DecisionFault::Units(units),
            &sentence,
        );
    }
    for units in [0, 5] {
        refuses(
            ProposedCorrection { entities: 2, units: Some(units), ..proposed() },
            &DecisionFault::UnitsOfSeveral(2),
            "`units` may be corrected of one worker or workstation only, but this correction is of 2; make one decision \
             for each, or leave `units` out",
        );
    }
    for units in [None, Some(0)] {
        refuses(
            ProposedCorrection { state: None, units, ..proposed() },
            &DecisionFault::SaysNothing,
            "a correction must say a `state`, `units` other than 0, or both; this one would change nothing",
        );
    }
}

#[test]
fn a_span_of_all_time_is_refused_and_upsets_nothing() {
    let all_time = ProposedCorrection { from_ms: TimestampMs::MIN, to_ms: NOW_MS, ..proposed() };
    assert!(matches!(all_time.judge(NOW_MS), Err(DecisionFault::TooLong { .. })));
}

#[test]
fn a_note_says_something_in_up_to_500_characters() {
    for note in ["x", &"ä".repeat(500)] {
        assert_eq!(judge_note(note), Ok(()));
    }
    for empty in ["", " \n"] {
        assert_eq!(judge_note(empty), Err(DecisionFault::NoteEmpty));
    }
    assert_eq!(judge_note(&"ä".repeat(501)), Err(DecisionFault::NoteTooLong(501)));
    says(
        &DecisionFault::NoteEmpty,
        "a decision must have a note of 1 to 500 characters, but it is empty; say why it is made",
    );
    says(
        &DecisionFault::NoteTooLong(501),
        "the note of a decision must have 1 to 500 characters, but has 501; shorten it",
    );
}

#[test]
fn a_rule_is_about_a_span_of_time_whose_ends_may_be_open() {
    let between = |from: Option<i64>, to: Option<i64>| {
        let (from_ms, to_ms) = (from.map(TimestampMs), to.map(TimestampMs));
        judge_standing(&StandingRule { from_ms, to_ms, ..rule(1, Standing::Shadow) })
    };
    for (from, to) in [(None, None), (Some(5), None), (None, Some(5)), (Some(5), Some(6))] {
        assert_eq!(between(from, to), Ok(()));
    }
    for to in [5, 4] {
        let fault = DecisionFault::StandingOfNoTime { from_ms: TimestampMs(5), to_ms: TimestampMs(to) };
        assert_eq!(between(Some(5), Some(to)), Err(fault));
    }
    says(
        &DecisionFault::StandingOfNoTime { from_ms: NOW_MS, to_ms: NOW_MS },
        "`from` must be before `to`, but 2026-01-05T08:00:00.000Z is not before 2026-01-05T08:00:00.000Z; swap them, or \
         leave one out for an open end",
    );
}

#[test]
fn everything_but_a_withdrawal_is_withdrawn_once() {
    for kind in [DecisionKind::Correction, DecisionKind::Standing, DecisionKind::Retraction] {
        assert_eq!(judge_withdrawal(4, kind, None), Ok(()));
        let again = DecisionFault::AlreadyWithdrawn { number: 4, by: 9 };
        assert_eq!(judge_withdrawal(4, kind, Some(9)).as_ref(), Err(&again));
        says(&again, "decision 4 was withdrawn by decision 9 already; there is nothing left to do");
    }
    let of_a_withdrawal = DecisionFault::WithdrawalOfWithdrawal(9);
    assert_eq!(judge_withdrawal(9, DecisionKind::Withdrawal, None).as_ref(), Err(&of_a_withdrawal));
    says(
        &of_a_withdrawal,
        "decision 9 is a withdrawal, which cannot be withdrawn; make the decision that it took back once more",
    );
}

#[test]
fn a_decision_is_live_from_its_number_to_the_one_that_takes_it_back() {
    let live = |withdrawn_by| (0..=6).filter(|prefix| is_live(2, withdrawn_by, *prefix)).collect::<Vec<_>>();
    assert_eq!(live(None), [2, 3, 4, 5, 6]);
    assert_eq!(live(Some(5)), [2, 3, 4]);
    assert_eq!(live(Some(3)), [2]);
}

#[test]
fn of_the_rules_about_an_event_the_most_specific_holds_whatever_their_numbers() {
    let all = rule(9, Standing::Quarantined);
    let of_version = StandingRule { model_version: ModelVersions::One(ModelVersionId(1)), ..all };
    let of_source = StandingRule { source: CAM_1, ..all };
    let of_both = StandingRule { source: CAM_1, ..of_version };
    let ranked = [of_both, of_source, of_version, all];
    for (index, first) in ranked.iter().enumerate() {
        for later in &ranked[index + 1..] {
            let serving = StandingRule { number: 1, standing: Standing::Serving, ..*first };
            for rules in [[serving, *later], [*later, serving]] {
                let standing = Rules::new(rules).standing(CAM_1, V1, NOW_MS);
                assert_eq!(standing, Standing::Serving, "{serving:?} before {later:?}");
            }
        }
        let later = StandingRule { number: 10, standing: Standing::Shadow, ..*first };
        for rules in [[later, *first], [*first, later]] {
            assert_eq!(Rules::new(rules).standing(CAM_1, V1, NOW_MS), Standing::Shadow);
        }
    }
    let without = StandingRule { model_version: ModelVersions::Without, number: 1, ..all };
    let rules = Rules::new([without, rule(2, Standing::Serving)]);
    assert_eq!(rules.standing(None, None, NOW_MS), Standing::Quarantined);
    assert_eq!(rules.standing(None, V1, NOW_MS), Standing::Serving);
}

#[test]
fn a_rule_is_about_the_events_that_start_in_its_span() {
    let from_to = |from_ms, to_ms| StandingRule { from_ms, to_ms, ..rule(1, Standing::Shadow) };
    let (before_ms, end_ms) = (NOW_MS - DurationMs(1), NOW_MS + DurationMs(10));
    let covered = |rule: StandingRule| [before_ms, NOW_MS, end_ms].map(|start| rule.covers(CAM_1, V1, start));
    assert_eq!(covered(from_to(Some(NOW_MS), Some(end_ms))), [false, true, false]);
    assert_eq!(covered(from_to(Some(NOW_MS), None)), [false, true, true]);
    assert_eq!(covered(from_to(None, Some(end_ms))), [true, true, false]);
    assert_eq!(covered(from_to(None, None)), [true, true, true]);
}

#[test]
fn a_fact_is_told_by_the_readings_of_all_models_and_sources() {
    let report = Observation {
        event_code: "job-17".to_owned(),
        model_version: V1,
        source: CAM_1,
        ..Observation::interval(EventType::Idle, NOW_MS, DurationMs(60_000))
    };
    let fact = Fact {
        form: EventForm::Interval,
        event_type: EventType::Idle,
        started_at_ms: NOW_MS,
        event_code: "job-17".to_owned(),
    };
    let reading = Observation { model_version: None, source: None, units: 5, ..report.clone() };
    assert!(fact.is_told_by(&report) && fact.is_told_by(&reading));
    for other in [
        Observation { form: EventForm::State, ..report.clone() },
        Observation { event_type: EventType::Working, ..report.clone() },
        Observation { started_at_ms: NOW_MS + DurationMs(1), ..report.clone() },
        Observation { event_code: String::new(), ..report.clone() },
    ] {
        assert!(!fact.is_told_by(&other), "{other:?}");
    }
}

fn any_standing() -> impl Strategy<Value = Standing> {
    prop_oneof![Just(Standing::Serving), Just(Standing::Shadow), Just(Standing::Quarantined)]
}

fn any_rules() -> impl Strategy<Value = Vec<StandingRule>> {
    let versions = prop_oneof![
        Just(ModelVersions::All),
        Just(ModelVersions::Without),
        (0..2).prop_map(|id| ModelVersions::One(ModelVersionId(id))),
    ];
    let rule = (any_standing(), option::of(0..2), versions, option::of(0_i64..8), option::of(0_i64..8));
    vec(rule, 0..8).prop_map(|rules| {
        let numbered = (1..).zip(rules);
        let rule = |(number, (standing, source, model_version, from, to)): (
            _,
            (_, Option<i32>, _, Option<i64>, Option<i64>),
        )| {
            let (from_ms, to_ms) = (from.map(TimestampMs), to.map(TimestampMs));
            StandingRule { number, standing, source: source.map(SourceId), model_version, from_ms, to_ms }
        };
        numbered.map(rule).collect()
    })
}

proptest! {
    #[test]
    fn the_standing_is_that_of_the_first_kind_of_rule_that_there_is_and_of_its_last_rule(
        rules in any_rules().prop_shuffle(),
        source in option::of(0..2),
        model_version in option::of(0..2),
        start in 0_i64..8,
    ) {
        let is_about = |rule: &&StandingRule| {
            let is_later = rule.from_ms.is_some_and(|from_ms| start < from_ms.0);
            let is_over = rule.to_ms.is_some_and(|to_ms| to_ms.0 <= start);
            let of_another_source = rule.source.is_some() && rule.source != source.map(SourceId);
            let of_another_version = match rule.model_version {
                ModelVersions::All => false,
                ModelVersions::Without => model_version.is_some(),
                ModelVersions::One(ModelVersionId(id)) => model_version != Some(id),
            };
            !(is_later || is_over || of_another_source || of_another_version)
        };
        let mut expected = Standing::Serving;
        for (names_source, names_version) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut of_kind: BTreeMap<i32, Standing> = BTreeMap::new();
            for rule in rules.iter().filter(is_about) {
                if (rule.source.is_some(), rule.model_version != ModelVersions::All) == (names_source, names_version) {
                    of_kind.insert(rule.number, rule.standing);
                }
            }
            if let Some((_, standing)) = of_kind.last_key_value() {
                expected = *standing;
                break;
            }
        }
        let found = Rules::new(rules.iter().copied());
        prop_assert_eq!(found.is_empty(), rules.is_empty());
        let standing = found.standing(source.map(SourceId), model_version.map(ModelVersionId), TimestampMs(start));
        prop_assert_eq!(standing, expected);
    }

    #[test]
    fn events_serve_right_before_the_end_of_the_last_span_in_which_they_do_and_not_after_it(
        rules in any_rules(),
        source in option::of(0..2),
        model_version in option::of(0..2),
        before in -1_i64..10,
    ) {
        let (source, model_version) = (source.map(SourceId), model_version.map(ModelVersionId));
        let rules = Rules::new(rules);
        // Rules begin and end from 0 to 7, so that what is before or after them is all alike.
        let is_serving = |start: &i64| {
            rules.standing(source, model_version, TimestampMs(*start)) == Standing::Serving
        };
        let last = (-3..before).rev().find(is_serving);
        let until = rules.serving_until(source, model_version, TimestampMs(before));
        prop_assert_eq!(until, last.map(|start| TimestampMs(start + 1)));
    }

    #[test]
    fn what_is_live_at_a_prefix_is_what_is_left_when_its_decisions_are_made_one_by_one(
        withdrawals in vec(option::of(any::<prop::sample::Index>()), 0..12),
        prefix in 0..14,
    ) {
        // Every decision either withdraws one that is live, or is one that can be.
        let mut live: BTreeSet<i32> = BTreeSet::new();
        let mut live_at_prefix = live.clone();
        let mut withdrawn_by: BTreeMap<i32, i32> = BTreeMap::new();
        let mut made = Vec::new();
        for (number, withdraws) in (1..).zip(withdrawals) {
            let candidates: Vec<i32> = live.iter().copied().collect();
            if let Some(index) = withdraws.filter(|_| !candidates.is_empty()) {
                let named = *index.get(&candidates);
                live.remove(&named);
                withdrawn_by.insert(named, number);
            } else {
                live.insert(number);
                made.push(number);
            }
            if number <= prefix {
                live_at_prefix = live.clone();
            }
        }
        made.retain(|number| is_live(*number, withdrawn_by.get(number).copied(), prefix));
        prop_assert_eq!(made, live_at_prefix.into_iter().collect::<Vec<_>>());
    }
}
