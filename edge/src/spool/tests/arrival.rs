//! What is no event, and what counters showed.

use super::super::{Arrival, MAX_MALFORMED, Malformed, WhenFull};
use super::{Store, at, capped, event, folder, open, roomy};
use crate::mapping::counter::{Dip, Reading};

fn keep(store: &mut Store, arrival: &Arrival) {
    store.in_transaction(|store| store.keep(arrival, at(0))).expect("room");
}

fn malformed(bodies: impl Iterator<Item = String>) -> Arrival {
    let malformed = bodies.map(|body| Malformed::new("mqtt://broker/a", body.as_bytes(), "no".to_owned()));
    Arrival { malformed: malformed.collect(), ..Arrival::default() }
}

#[test]
fn what_is_no_event_is_kept_once_and_the_newest_within_bounds() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    for _ in 0..3 {
        keep(&mut store, &malformed(std::iter::once("{ half".to_owned())));
    }
    let kept = store.malformed().expect("a table");
    assert_eq!((kept.len(), kept[0].times, kept[0].malformed.body.as_str()), (1, 3, "{ half"));
    keep(&mut store, &malformed((0..MAX_MALFORMED).map(|number| number.to_string())));
    let kept = store.malformed().expect("a table");
    assert_eq!((kept.len() as i64, kept[0].malformed.body.as_str()), (MAX_MALFORMED, "0"));
    store.check().expect("the books balance");

    let (_folder, path) = folder();
    let mut small = open(&path, capped(512 * 1024, WhenFull::Block));
    keep(&mut small, &malformed((0..100).map(|number| format!("{number}{}", "x".repeat(4_000)))));
    let kept = small.malformed().expect("a table");
    assert_eq!(kept.len(), 16, "an eighth of the cap");
    assert!(kept[15].malformed.body.starts_with("99"));
}

#[test]
fn what_is_an_event_after_it_was_mended_is_queued() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    keep(&mut store, &malformed(std::iter::once("{ half".to_owned())));
    let id = store.malformed().expect("a table")[0].id;
    let refused = store.in_transaction(|store| store.resend_malformed(id, at(1)));
    assert!(refused.expect_err("no event").to_string().contains("cannot be sent"));
    store.in_transaction(|store| store.replace_malformed(id, &event(7, 0))).expect("it is there");
    store.in_transaction(|store| store.resend_malformed(id, at(1))).expect("an event");
    assert_eq!(store.queue(), [(1, event(7, 0))]);
    assert_eq!(store.malformed().expect("a table"), []);
    store.check().expect("the books balance");
}

#[test]
fn a_counter_is_kept_with_its_events_and_not_without_them() {
    let (_folder, path) = folder();
    let reading = |at_ms, shown| Arrival {
        events: vec![event(at_ms, 0)],
        readings: vec![(
            0,
            Reading { key: "S1".to_owned(), at_ms, shown, dip: Dip { units: 0, percent: 5.0 } },
        )],
        ..Arrival::default()
    };
    let units = |store: &Store| -> Vec<i64> {
        let bodies = store.queue().into_iter().map(|(_, body)| serde_json::from_str(&body).expect("JSON"));
        bodies.map(|body: serde_json::Value| body["unitsProduced"].as_i64().expect("units")).collect()
    };
    let mut store = open(&path, roomy());
    keep(&mut store, &reading(1, 1000));
    // A transaction that fails after the counter was counted leaves nothing of it.
    let failed = store.in_transaction(|store| {
        store.keep(&reading(2, 1007), at(0))?;
        store.resend(99, at(0))
    });
    assert!(failed.is_err());
    drop(store);
    let mut store = open(&path, roomy());
    keep(&mut store, &reading(2, 1007));
    keep(&mut store, &reading(2, 1007));
    keep(&mut store, &reading(3, 4));
    assert_eq!(units(&store), [0, 7, 7, 4]);
}
