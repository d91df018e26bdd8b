use super::*;
use crate::{id::ModelVersionId, timeline::Standing};

fn entities(ids: &[i32], from: i64, to: i64) -> Reach {
    let entities = ids.iter().copied().map(EntityId).collect();
    Reach::Entities { entities, from_ms: TimestampMs(from), to_ms: TimestampMs(to) }
}

#[test]
fn what_was_decided_meanwhile_is_the_last_that_is_about_the_same() {
    let mine = entities(&[1, 2], 10, 20);
    let (same, other) = (entities(&[2, 3], 19, 30), entities(&[3], 10, 20));
    let decisions = [(5, &same), (6, &same), (7, &other)];
    assert_eq!(changed_meanwhile(&mine, 4, decisions), Some(6));
    assert_eq!(changed_meanwhile(&mine, 5, decisions), Some(6));
    assert_eq!(changed_meanwhile(&mine, 6, decisions), None);
    for apart in [entities(&[1], 20, 30), entities(&[1], 0, 10), entities(&[1], 20, 20)] {
        assert!(!mine.overlaps(&apart) && !apart.overlaps(&mine), "{apart:?}");
    }
    for instant in [entities(&[1], 10, 10), entities(&[1], 19, 19)] {
        assert!(mine.overlaps(&instant) && instant.overlaps(&mine) && instant.overlaps(&instant));
    }
    assert!(!entities(&[1], 10, 10).overlaps(&entities(&[1], 11, 11)));
}

#[test]
fn rules_are_about_the_same_where_an_event_could_be_of_both() {
    let one = ModelVersions::One(ModelVersionId(1));
    let reach = |source: Option<i32>, model_version, from: Option<i64>, to: Option<i64>| {
        let (from_ms, to_ms) = (from.map(TimestampMs), to.map(TimestampMs));
        let source = source.map(SourceId);
        Reach::from(&StandingRule {
            source,
            model_version,
            from_ms,
            to_ms,
            number: 1,
            standing: Standing::Shadow,
        })
    };
    let mine = reach(Some(1), one, Some(10), Some(20));
    for shared in [
        reach(None, ModelVersions::All, None, None),
        reach(Some(1), ModelVersions::All, Some(19), None),
        reach(None, one, None, Some(11)),
    ] {
        assert!(mine.overlaps(&shared) && shared.overlaps(&mine), "{shared:?}");
    }
    for apart in [
        reach(Some(2), one, None, None),
        reach(Some(1), ModelVersions::Without, None, None),
        reach(None, ModelVersions::One(ModelVersionId(2)), None, None),
        reach(Some(1), one, Some(20), None),
        reach(Some(1), one, None, Some(10)),
        entities(&[1], 10, 20),
    ] {
        assert!(!mine.overlaps(&apart) && !apart.overlaps(&mine), "{apart:?}");
    }
}
