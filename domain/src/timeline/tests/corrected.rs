//! Timelines and their ends where people corrected what was reported.

use super::*;

/// Corrections that crowd into the same two hours: nested, crossing, equal, of an instant.
fn corrections() -> impl Strategy<Value = Vec<Correction>> {
    let state = prop_oneof![
        Just(CorrectedState::Working),
        Just(CorrectedState::Idle),
        Just(CorrectedState::Absent),
        Just(CorrectedState::NotObserved),
    ];
    let length = prop_oneof![1 => Just(0), 6 => 1_i64..40];
    vec((0_i64..240, length, option::of(state), -20_i64..20), 0..8).prop_map(|corrections| {
        let correction = |(number, (start, length, state, units)): (i32, (i64, i64, _, i64))| Correction {
            number,
            from_ms: T0_MS + DurationMs(start * STEP_MS),
            to_ms: T0_MS + DurationMs((start + length) * STEP_MS),
            state,
            units,
        };
        (1..).zip(corrections).map(correction).collect()
    })
}

fn counted<'a>(events: &'a [Observation], corrections: &'a [Correction]) -> Counted<'a> {
    Counted { reports: events.iter().collect(), corrections: corrections.iter().collect() }
}

fn spans(corrections: &[Correction]) -> Vec<(TimestampMs, TimestampMs)> {
    merged(corrections.iter().map(|correction| (correction.from_ms, correction.to_ms)))
}

proptest! {
    #[test]
    fn the_latest_segment_after_corrections_is_that_of_a_recomputation_or_said_to_be_unknown(
        events in events(),
        corrections in corrections(),
        cut in any::<Index>(),
    ) {
        let (some, others) = corrections.split_at(cut.index(corrections.len() + 1));
        let changed = spans(others);
        prop_assume!(!changed.is_empty());
        let latest_of = |corrections| counted_segments(&counted(&events, corrections)).pop();
        for (before, after) in [(some, &corrections[..]), (&corrections[..], some)] {
            let mut tail = Tail::of(latest_of(before));
            if let Latest::Known(latest) = tail.change(&changed, &counted(&events, after)) {
                prop_assert_eq!(Some(latest), latest_of(after));
            }
        }
    }

    #[test]
    fn a_correction_is_a_segment_of_its_own_and_what_it_does_not_cover_is_as_reported(
        events in events(),
        corrections in corrections(),
    ) {
        let with = counted_segments(&counted(&events, &corrections));
        for pair in with.windows(2) {
            prop_assert!(pair[0].to_ms <= pair[1].from_ms && !pair[0].continues_as(&pair[1]));
        }
        let length = |segments: &[Segment]| segments.iter().map(|one| (one.to_ms - one.from_ms).0).sum::<i64>();
        let whole: Totals = delta(&Counted::default(), &counted(&events, &corrections)).into_values().sum();
        prop_assert_eq!(length(&with), whole.observed_ms());
        let stated: Vec<Correction> =
            corrections.into_iter().filter(|correction| correction.state.is_some()).collect();
        let corrected = spans(&stated);
        let covered: i64 = corrected.iter().map(|range| (range.1 - range.0).0).sum();
        prop_assert_eq!(whole.corrected_ms, covered);
        // Outside of them nothing changes, instant by instant.
        let is_outside = |at_ms: TimestampMs| !corrected.iter().any(|range| range.0 <= at_ms && at_ms < range.1);
        let said = |segments: &[Segment], at_ms: TimestampMs| {
            let segment = segments.iter().find(|one| one.from_ms <= at_ms && at_ms < one.to_ms)?;
            Some((segment.event_type, segment.confidence, segment.decision))
        };
        let without = segments(&events);
        for step in 0..480 {
            let at_ms = T0_MS + DurationMs(step * STEP_MS);
            if is_outside(at_ms) {
                prop_assert_eq!(said(&with, at_ms), said(&without, at_ms));
            } else {
                let by_reports = said(&with, at_ms)
                    .filter(|(_, confidence, decision)| confidence.is_some() || decision.is_none());
                prop_assert_eq!(by_reports, None);
            }
        }
    }
}
