//! The one law, as properties of whole factories: what the product computes is what the law says, whatever was told, whatever
//! was decided, and in whichever order.

mod oracle;
mod product;
mod world;

use std::collections::BTreeMap;

use domain::time::{DurationMs, TimestampMs};
use domain::timeline::{BucketTotals, Correction, Counted, Observation, counted_segments, delta, merged};
use domain::totals::Totals;
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::oracle::{Law, Stretch};
use crate::product::{Entity, Names, entities};
use crate::world::{ENTITIES, MINUTE_MS, T0_MS, World, world};

type Sums = BTreeMap<usize, BucketTotals>;

/// The sums of every entity, from nothing.
fn totals(world: &World, prefix: i32) -> Sums {
    let recompute = |(id, entity): (usize, Entity)| (id, delta(&Counted::default(), &entity.counted()));
    entities(world, prefix, Names::Always).into_iter().map(recompute).collect()
}

fn add(sums: &mut BucketTotals, change: &BucketTotals) {
    for (bucket, totals) in change {
        *sums.entry(*bucket).or_default() += *totals;
    }
    sums.retain(|_, totals| !totals.is_zero());
}

fn timeline(entity: &Entity) -> Vec<Stretch> {
    let segments = counted_segments(&entity.counted()).into_iter();
    let stretch = segments.map(|segment| {
        let model = segment.model_version.map(|id| id.0 as usize);
        let source = segment.source.map(|id| id.0 as usize);
        let (from_ms, to_ms) = (segment.from_ms.0, segment.to_ms.0);
        (from_ms, to_ms, segment.event_type, segment.confidence, model, source, segment.decision)
    });
    stretch.collect()
}

/// What of two sets a change needs: what only one of them has, and what overlaps that.
fn needed(before: &Entity, after: &Entity) -> (Entity, Entity) {
    let report_span = |report: &Observation| (report.started_at_ms, report.ended_at_ms());
    let correction_span = |correction: &Correction| (correction.from_ms, correction.to_ms);
    let mut changed = Vec::new();
    for (one, other) in [(before, after), (after, before)] {
        let reports = one.reports.iter().filter(|report| !other.reports.contains(report));
        changed.extend(reports.map(report_span));
        let corrections = one.corrections.iter().filter(|correction| !other.corrections.contains(correction));
        changed.extend(corrections.map(correction_span));
    }
    let changed = merged(changed);
    let overlaps = |(from_ms, to_ms): (TimestampMs, TimestampMs)| {
        changed.iter().any(|range| range.0 < to_ms && from_ms < range.1)
    };
    let part = |one: &Entity, other: &Entity| {
        let mut part = one.clone();
        part.reports.retain(|report| !other.reports.contains(report) || overlaps(report_span(report)));
        part.corrections.retain(|correction| {
            !other.corrections.contains(correction) || overlaps(correction_span(correction))
        });
        part
    };
    (part(before, after), part(after, before))
}

proptest! {
    #[test]
    fn the_sums_are_what_the_law_says_stretch_by_stretch(world in world(), prefix in any::<Index>()) {
        let prefix = prefix.index(world.decided.len() + 1) as i32;
        let law = Law::at(&world, prefix);
        for (entity, sums) in totals(&world, prefix) {
            prop_assert_eq!(sums, law.totals(entity), "entity {}", entity);
        }
    }

    #[test]
    fn the_timelines_are_what_the_law_says_stretch_by_stretch(world in world()) {
        let law = Law::at(&world, world.last_decision());
        for (id, entity) in entities(&world, world.last_decision(), Names::Always) {
            prop_assert_eq!(timeline(&entity), law.timeline(id), "entity {}", id);
        }
    }

    #[test]
    fn the_sums_are_the_same_in_whichever_order_reports_and_decisions_come(
        world in world(),
        shuffled in vec(any::<Index>(), 30),
        steps in vec((any::<bool>(), 1_usize..4), 0..12),
    ) {
        let mut told = world.told.clone();
        for (place, index) in shuffled.iter().enumerate().take(told.len()) {
            told.swap(place, index.index(world.told.len()));
        }
        let stored = World { told, decided: world.decided.clone() };
        let mut sums: Sums = ENTITIES.map(|entity| (entity, BucketTotals::new())).into();
        let mut before: BTreeMap<usize, Entity> = ENTITIES.map(|entity| (entity, Entity::default())).into();
        let (mut reports, mut decisions) = (0, 0);
        let everything = (true, stored.told.len());
        for (is_report, count) in steps.into_iter().chain([everything, (false, stored.decided.len())]) {
            if is_report {
                reports = (reports + count).min(stored.told.len());
            } else {
                decisions = (decisions + count).min(stored.decided.len());
            }
            let after = known(&stored, reports, decisions);
            for (id, entity) in &after {
                let (old, new) = needed(&before[id], entity);
                add(sums.entry(*id).or_default(), &delta(&old.counted(), &new.counted()));
            }
            before = after;
        }
        prop_assert_eq!(sums, totals(&world, world.last_decision()));
    }

    #[test]
    fn a_change_is_the_difference_of_two_recomputations(
        world in world(),
        (from, to) in (any::<Index>(), any::<Index>()),
    ) {
        let prefix = |index: Index| index.index(world.decided.len() + 1) as i32;
        let (old, new) = (prefix(from), prefix(to));
        let (before, after) = (totals(&world, old), totals(&world, new));
        let entities_at = |prefix| entities(&world, prefix, Names::Always);
        for ((id, old), (_, new)) in entities_at(old).into_iter().zip(entities_at(new)) {
            let difference = delta(&old.counted(), &new.counted());
            let mut sums = before[&id].clone();
            add(&mut sums, &difference);
            prop_assert_eq!(&sums, &after[&id]);
            let (old, new) = needed(&old, &new);
            prop_assert_eq!(delta(&old.counted(), &new.counted()), difference, "from what overlaps alone");
        }
    }

    #[test]
    fn to_withdraw_everything_is_as_if_nothing_had_been_decided(world in world()) {
        let withdrawn = world.all_withdrawn();
        prop_assert_eq!(totals(&withdrawn, withdrawn.last_decision()), totals(&world, 0));
    }

    #[test]
    fn names_are_needed_only_where_they_are_said_to_decide(world in world()) {
        let prefix = world.last_decision();
        let always = entities(&world, prefix, Names::Always);
        for (id, entity) in entities(&world, prefix, Names::WhereTheyDecide) {
            let sums = |entity: &Entity| delta(&Counted::default(), &entity.counted());
            prop_assert_eq!(sums(&entity), sums(&always[&id]));
            prop_assert_eq!(timeline(&entity), timeline(&always[&id]));
        }
    }

    #[test]
    fn corrected_units_add_up_and_are_cancelled_in_every_bucket_by_as_many_below_zero(
        units in prop_oneof![-1_000_000_i64..=1_000_000, -9_i64..10],
        from in 0_i64..600_000,
        length in prop_oneof![1 => Just(0_i64), 1 => Just(1), 6 => 1_i64..31 * 24 * 60 * MINUTE_MS, 4 => 1_i64..3_600_000],
    ) {
        let from_ms = TimestampMs(T0_MS + from);
        let to_ms = from_ms + DurationMs(length);
        let added = Correction { number: 1, from_ms, to_ms, state: None, units };
        let taken = Correction { number: 2, units: -units, ..added };
        let sums = |corrections: &[Correction]| {
            let corrections = corrections.iter().collect();
            delta(&Counted::default(), &Counted { reports: Vec::new(), corrections })
        };
        let whole: Totals = sums(&[added]).into_values().sum();
        prop_assert_eq!(whole, Totals { units, ..Totals::default() });
        let mirrored: BucketTotals =
            sums(&[taken]).into_iter().map(|(bucket, totals)| (bucket, -totals)).collect();
        prop_assert_eq!(mirrored, sums(&[added]));
        prop_assert_eq!(sums(&[added, taken]), BucketTotals::new());
        // As a report's units over the same span, where one can say as many.
        if units >= 0 && length <= domain::MS_PER_DAY {
            let report = Observation {
                units,
                ..Observation::interval(domain::event::EventType::Absent, from_ms, DurationMs(length))
            };
            let reported = delta(&Counted::default(), &Counted::reports([&report])).into_iter();
            let reported = reported.map(|(bucket, totals)| (bucket, totals.units)).filter(|(_, units)| *units != 0);
            let corrected = sums(&[added]).into_iter().map(|(bucket, totals)| (bucket, totals.units));
            prop_assert_eq!(reported.collect::<Vec<_>>(), corrected.collect::<Vec<_>>());
        }
    }
}

/// What counts when so many reports have come and so many decisions were made.
fn known(world: &World, reports: usize, decisions: usize) -> BTreeMap<usize, Entity> {
    let told = world.told[..reports].to_vec();
    entities(&World { told, decided: world.decided.clone() }, decisions as i32, Names::Always)
}
