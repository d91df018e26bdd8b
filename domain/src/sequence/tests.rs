//! Every operation against a set of numbers kept one by one.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Small enough that ranges meet, long enough that holes stay.
const HIGHEST: i64 = 60;

fn range() -> impl Strategy<Value = SequenceRange> {
    (FIRST_SEQUENCE..=HIGHEST, 0_i64..8)
        .prop_map(|(first, more)| SequenceRange::new(first, first + more).expect("in order"))
}

fn numbers(range: SequenceRange) -> impl Iterator<Item = i64> {
    range.first()..=range.last()
}

impl SequenceRange {
    fn contains(self, number: i64) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

fn listed(set: &SequenceSet) -> BTreeSet<i64> {
    let in_order = set.ranges().windows(2).all(|pair| pair[0].last() + 1 < pair[1].first());
    assert!(in_order, "{set} has ranges that join or are out of order");
    set.ranges().iter().copied().flat_map(numbers).collect()
}

/// What is done to a set.
#[derive(Clone, Copy, Debug)]
enum Step {
    Insert(SequenceRange),
    Remove(SequenceRange),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![3 => range().prop_map(Step::Insert), 1 => range().prop_map(Step::Remove)];
    prop::collection::vec(step, 0..30)
}

fn run(steps: &[Step]) -> (SequenceSet, BTreeSet<i64>) {
    let (mut set, mut model) = (SequenceSet::default(), BTreeSet::new());
    for step in steps {
        match *step {
            Step::Insert(added) => {
                set.insert(added);
                model.extend(numbers(added));
            }
            Step::Remove(removed) => {
                set.remove(removed);
                model.retain(|number| !removed.contains(*number));
            }
        }
    }
    (set, model)
}

proptest! {
    #[test]
    fn a_set_holds_what_a_list_of_its_numbers_holds(steps in steps()) {
        let (set, model) = run(&steps);
        prop_assert_eq!(&listed(&set), &model);
        prop_assert_eq!(set.count(), model.len() as i64);
        prop_assert_eq!(set.highest(), model.last().copied());
        prop_assert_eq!(set.is_empty(), model.is_empty());
    }

    #[test]
    fn holes_are_the_numbers_below_the_highest_that_are_not_there(steps in steps()) {
        let (set, model) = run(&steps);
        let highest = model.last().copied().unwrap_or(0);
        let missing: BTreeSet<i64> = (FIRST_SEQUENCE..highest).filter(|number| !model.contains(number)).collect();
        prop_assert_eq!(listed(&set.holes()), missing);
    }

    #[test]
    fn union_and_difference_are_those_of_the_numbers(a in steps(), b in steps()) {
        let ((a, in_a), (b, in_b)) = (run(&a), run(&b));
        prop_assert_eq!(listed(&a.clone().union(&b)), &in_a | &in_b);
        prop_assert_eq!(listed(&a.difference(&b)), &in_a - &in_b);
    }

    #[test]
    fn a_set_survives_being_written_down(steps in steps()) {
        let (set, _) = run(&steps);
        prop_assert_eq!(set.to_string().parse(), Ok(set));
    }

    #[test]
    fn what_is_kept_of_too_many_ranges_was_there_and_the_rest_is_counted(steps in steps(), most in 0_usize..5) {
        let (set, model) = run(&steps);
        let mut fewer = set.clone();
        let forgotten = fewer.forget_shortest(most);
        prop_assert!(fewer.ranges().len() <= most);
        prop_assert!(listed(&fewer).is_subset(&model));
        prop_assert_eq!(fewer.count() + forgotten, set.count());
        let shortest_kept = fewer.ranges().iter().map(|range| range.count()).min().unwrap_or(i64::MAX);
        let longest_gone = set.ranges().iter().filter(|range| !fewer.ranges().contains(range)).map(|range| range.count());
        prop_assert!(longest_gone.max().unwrap_or(0) <= shortest_kept);
    }

    #[test]
    fn what_is_filled_loses_no_number_and_gains_none_outside(steps in steps(), most in 1_usize..5) {
        let (set, model) = run(&steps);
        let mut filled = set.clone();
        filled.fill_lowest(most);
        prop_assert!(filled.ranges().len() <= most.max(1));
        prop_assert!(model.is_subset(&listed(&filled)));
        prop_assert_eq!(filled.highest(), set.highest());
        prop_assert_eq!(filled.ranges().first().map(|range| range.first()), set.ranges().first().map(|range| range.first()));
    }
}

#[test]
fn a_text_that_is_no_set_is_refused() {
    for text in ["x", "1", "2-1", "0-4", "1-", "-1-2", "1-2;3-4"] {
        assert_eq!(text.parse::<SequenceSet>(), Err(NotASet), "{text}");
    }
    assert_eq!("".parse(), Ok(SequenceSet::default()));
}

#[test]
fn the_largest_numbers_are_numbers_like_others() {
    let whole = SequenceRange::new(FIRST_SEQUENCE, i64::MAX).expect("in order");
    let mut set: SequenceSet = [SequenceRange::one(i64::MAX), SequenceRange::one(7)].into_iter().collect();
    assert_eq!(set.holes().count(), i64::MAX - 2);
    set.insert(whole);
    assert_eq!(set.ranges(), [whole]);
    set.remove(SequenceRange::one(i64::MAX));
    assert_eq!(set.highest(), Some(i64::MAX - 1));
}
