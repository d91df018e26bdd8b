//! Checks what was known when, and why it moved: once from what is written down, and once from what had come by then.

use std::collections::{BTreeMap, BTreeSet};

use domain::closing::{DEFAULT_GRACE_HOURS, Grace, is_closed, mark_at};
use domain::event::Event;
use domain::ledger::{Cause, buckets, closed_hours, decode, encode};
use domain::metric;
use domain::time::TimestampMs;
use domain::timeline::BucketTotals;
use domain::totals::Totals;

use crate::calendar::{window_of_day, written_ms};
use crate::check_figure;
use crate::example::Table;
use crate::factory::Factory;
use crate::sums::{check_minutes, in_window};

/// What a cause changed, as written down.
struct Entry {
    at_ms: TimestampMs,
    cause: Cause,
    by_entity: BTreeMap<String, BucketTotals>,
}

/// What each row says was known then.
pub(crate) fn check_as_of(table: &Table, factory: &Factory) {
    let ledger = ledger(factory);
    let now = factory.totals(factory.last_decision());
    for row in table.rows() {
        let at_ms = written_ms(table.text(row, "as of"));
        let window = window_of_day(table.text(row, "window")).expect("a window with two ends");
        let mark_ms = mark_at(&graces(), at_ms).expect("the factory is older");
        let is_refused = !is_closed(window.to_ms, mark_ms);
        assert_eq!(
            is_refused,
            table.text(row, "working") == "refused",
            "line {} of the page",
            table.line(row)
        );
        if is_refused {
            continue;
        }
        let entity = table.text(row, "entity");
        let later: Totals = ledger
            .iter()
            .filter(|entry| entry.at_ms > at_ms)
            .map(|entry| in_day(table, row, entry.by_entity.get(entity)))
            .sum();
        let then = in_day(table, row, now.get(entity)) - later;
        let (events, prefix) = committed_by(factory, at_ms);
        let recomputed = factory.totals_of(&events, prefix);
        let recomputed = in_day(table, row, recomputed.get(entity));
        assert_eq!(then, recomputed, "line {} of the page", table.line(row));
        check_minutes(table, row, &then);
        check_figure(table, row, "utilization", metric::utilization(&then));
    }
}

/// Why each row says that it moved. Rows about the same must be all that there is.
pub(crate) fn check_restatements(table: &Table, factory: &Factory) {
    let ledger = ledger(factory);
    let now = factory.totals(factory.last_decision());
    let asked = |row| ["restated since", "window", "entity"].map(|column| table.text(row, column));
    let mut row = 0;
    while row < table.rows().end {
        let [since, _, entity] = asked(row);
        let of_row = |entry: &&Entry| {
            entry.at_ms > written_ms(since) && touches(table, row, entry.by_entity.get(entity))
        };
        let entries: Vec<&Entry> = ledger.iter().filter(of_row).collect();
        let deltas: Vec<Totals> =
            entries.iter().map(|entry| in_day(table, row, entry.by_entity.get(entity))).collect();
        let latest = in_day(table, row, now.get(entity));
        let mut figures = latest - deltas.iter().copied().sum();
        let first = row;
        for (entry, delta) in entries.iter().zip(deltas) {
            let line = table.line(row);
            assert_eq!(asked(row), asked(first), "line {line} of the page: there are more causes");
            figures += delta;
            assert_eq!(entry.cause, cause(table, row), "line {line} of the page");
            check_minutes(table, row, &delta);
            check_figure(table, row, "utilization", metric::utilization(&figures));
            row += 1;
        }
        assert_eq!(figures, latest, "line {} of the page", table.line(first));
        assert!(row > first, "line {} of the page: nothing moved", table.line(row));
    }
}

fn cause(table: &Table, row: usize) -> Cause {
    let text = |column| table.cell(row, column).map(str::to_owned);
    let (device, source, decision) = (text("device"), text("source"), text("decision"));
    match table.text(row, "cause") {
        "LATE_EVENTS" => Cause::LateEvents { device, source },
        "DECISION" => Cause::Decision(decision.expect("a number").parse().expect("a number")),
        other => panic!("{other} is no cause"),
    }
}

/// What the server would have written down: commit by commit, in each cause by cause.
fn ledger(factory: &Factory) -> Vec<Entry> {
    let late = |event: &Event, device: &Option<String>| Cause::LateEvents {
        device: device.clone(),
        source: event.source.clone(),
    };
    let events =
        factory.arrivals().filter_map(|(event, came)| Some((came.at_ms?, late(event, &came.device))));
    let decisions = factory.made().filter_map(|(number, at_ms)| Some((at_ms?, Cause::Decision(number))));
    let steps: BTreeSet<(TimestampMs, Cause)> = events.chain(decisions).collect();
    let mut before = BTreeMap::new();
    let mut entries = Vec::new();
    for (at_ms, cause) in &steps {
        let by_now = |at: TimestampMs, of: &Cause| (at, of) <= (*at_ms, cause);
        let came = factory.arrivals().filter(|(event, came)| {
            came.at_ms.is_none_or(|came_ms| by_now(came_ms, &late(event, &came.device)))
        });
        let came: Vec<&Event> = came.map(|(event, _)| event).collect();
        let made = factory.made().filter(|(number, made_ms)| {
            made_ms.is_none_or(|made_ms| by_now(made_ms, &Cause::Decision(*number)))
        });
        let after = factory.totals_of(&came, made.count() as i32);
        let mark_ms = mark_at(&graces(), *at_ms).expect("the factory is older");
        let by_entity = after.keys().chain(before.keys()).map(|entity: &String| {
            (entity.clone(), written_down(before.get(entity), after.get(entity), mark_ms))
        });
        let by_entity = by_entity.collect();
        entries.push(Entry { at_ms: *at_ms, cause: cause.clone(), by_entity });
        before = after;
    }
    entries
}

/// The difference of closed buckets, as it comes back from the bytes that it is written down in.
fn written_down(
    before: Option<&BucketTotals>,
    after: Option<&BucketTotals>,
    mark_ms: TimestampMs,
) -> BucketTotals {
    let mut sums = BucketTotals::new();
    for (bucket, totals) in after.into_iter().flatten() {
        *sums.entry(*bucket).or_default() += *totals;
    }
    for (bucket, totals) in before.into_iter().flatten() {
        *sums.entry(*bucket).or_default() += -*totals;
    }
    let hours = closed_hours(&sums, mark_ms);
    let hours = hours.into_iter().map(|(hour, deltas)| (hour, decode(&encode(&deltas)).expect("deltas")));
    hours.flat_map(|(hour, deltas)| buckets(hour, &deltas).collect::<Vec<_>>()).collect()
}

/// The events and the last decision that were committed by an instant.
fn committed_by(factory: &Factory, at_ms: TimestampMs) -> (Vec<&Event>, i32) {
    let is_in =
        |committed_ms: Option<TimestampMs>| committed_ms.is_none_or(|committed_ms| committed_ms <= at_ms);
    let came = factory.arrivals().filter(|(_, came)| is_in(came.at_ms)).map(|(event, _)| event);
    (came.collect(), factory.made().filter(|(_, made_ms)| is_in(*made_ms)).count() as i32)
}

/// The grace of the examples, set long before them.
pub(crate) fn graces() -> [Grace; 1] {
    [Grace { at_ms: written_ms("1 Jan 00:00"), hours: DEFAULT_GRACE_HOURS }]
}

/// The sums in a row's window, without the number of events, which is not written down.
fn in_day(table: &Table, row: usize, sums: Option<&BucketTotals>) -> Totals {
    let totals = sums.map(|sums| in_window(table, row, sums)).unwrap_or_default();
    Totals { events: 0, ..totals }
}

/// Whether something changed in a bucket of a row's window, also where the differences of several cancel each other.
fn touches(table: &Table, row: usize, sums: Option<&BucketTotals>) -> bool {
    let of_bucket = |(bucket, totals): (&i64, &Totals)| BucketTotals::from([(*bucket, *totals)]);
    sums.into_iter().flatten().any(|one| !in_day(table, row, Some(&of_bucket(one))).is_zero())
}
