//! The spool and a `VecDeque` are given the same orders, and must agree after each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;

use super::super::records::{Batch, ClosedReason, KnownEpoch, Lane, Outcome, Receipt};
use super::super::store::Store;
use super::super::{MIN_CAP_BYTES, SpoolError, WhenFull};
use super::{Moment, at, capped, event, folder, open};

#[derive(Clone, Debug)]
enum Order {
    Append {
        events: usize,
        more: usize,
    },
    Take {
        lane: Lane,
        events: usize,
        bytes: usize,
    },
    /// The oldest batch in flight is answered: one event in so many is refused.
    Settle {
        refuse_every: usize,
        at_most: usize,
    },
    /// The server stores the batch, and its answer is lost on the way.
    LoseAnswer,
    GiveBack,
    Bury,
    BeginLive,
    Reopen,
    Reconcile,
    Resend,
    AnswerReceipts,
    Expire,
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let lane = prop_oneof![Just(Lane::Live), Just(Lane::Backlog)];
    let order = prop_oneof![
        6 => (1_usize..60, prop_oneof![9 => 0_usize..800, 1 => 3_000_usize..9_000])
            .prop_map(|(events, more)| Order::Append { events, more }),
        5 => (lane, 1_usize..80, 500_usize..60_000)
            .prop_map(|(lane, events, bytes)| Order::Take { lane, events, bytes }),
        4 => (2_usize..12, 1_usize..100)
            .prop_map(|(refuse_every, at_most)| Order::Settle { refuse_every, at_most }),
        1 => Just(Order::LoseAnswer),
        1 => Just(Order::GiveBack),
        1 => Just(Order::Bury),
        1 => Just(Order::BeginLive),
        1 => Just(Order::Reopen),
        2 => Just(Order::Reconcile),
        1 => Just(Order::Resend),
        1 => Just(Order::AnswerReceipts),
        1 => Just(Order::Expire),
    ];
    proptest::collection::vec(order, 1..60)
}

/// What must be so.
#[derive(Default)]
struct Model {
    queue: VecDeque<(i64, String)>,
    in_flight: Vec<Batch>,
    live_from: i64,
    dead: BTreeMap<i64, String>,
    /// Every body ever accepted, and what became of those that left.
    accepted: Vec<String>,
    delivered: Vec<String>,
    lost: Vec<String>,
    given: i64,
    /// Sequences the server stored, refused, or was told are closed.
    stored: BTreeSet<i64>,
    refused: BTreeSet<i64>,
    closed: BTreeSet<i64>,
    ended: BTreeSet<i64>,
}

impl Model {
    fn is_in_flight(&self, position: i64) -> bool {
        self.in_flight.iter().any(|batch| (batch.first_position..=batch.last_position()).contains(&position))
    }

    fn leave(&mut self, position: i64) -> Option<String> {
        let index = self.queue.iter().position(|(queued, _)| *queued == position)?;
        self.queue.remove(index).map(|(_, body)| body)
    }

    /// What a lane holds next: consecutive, not in flight, within the limits.
    fn expected(&self, lane: Lane, events: usize, bytes: usize) -> Vec<(i64, String)> {
        let in_lane = |position: i64| (position >= self.live_from) == (lane == Lane::Live);
        let mut taken: Vec<(i64, String)> = Vec::new();
        let mut size = 0;
        for (position, body) in &self.queue {
            let is_free = in_lane(*position) && !self.is_in_flight(*position);
            match taken.last() {
                None if !is_free => continue,
                Some((last, _)) if *position != last + 1 || !is_free => break,
                _ => {}
            }
            size += body.len();
            if taken.len() == events || (size > bytes && !taken.is_empty()) {
                break;
            }
            taken.push((*position, body.clone()));
        }
        taken
    }

    /// What the oldest events were that the store has dropped; those in flight stay.
    fn drop_oldest(&mut self, dropped: i64) {
        for _ in 0..dropped {
            let oldest = self.queue.iter().map(|(position, _)| *position).find(|&at| !self.is_in_flight(at));
            let body =
                oldest.and_then(|oldest| self.leave(oldest)).expect("only what is queued can be dropped");
            self.ended.extend(oldest);
            self.lost.push(body);
        }
    }

    fn known(&self, epoch: &str) -> Vec<KnownEpoch> {
        let answered: BTreeSet<i64> = self.stored.union(&self.refused).chain(&self.closed).copied().collect();
        let Some(&highest) = answered.last() else { return Vec::new() };
        let single = |sequence: i64| (sequence, sequence);
        let holes = (1..=highest).filter(|sequence| !answered.contains(sequence)).map(single).collect();
        let not_stored =
            answered.iter().filter(|sequence| !self.stored.contains(sequence)).copied().map(single).collect();
        vec![KnownEpoch { epoch: epoch.to_owned(), highest, holes, not_stored }]
    }
}

/// One epoch is all there is here, so sequence numbers are positions.
fn obey(order: &Order, store: &mut Store, model: &mut Model, now_ms: i64) -> Result<(), TestCaseError> {
    let now = at(now_ms);
    match order {
        Order::Append { events, more } => append(store, model, *events, *more, now)?,
        Order::Take { lane, events, bytes } => {
            let expected = model.expected(*lane, *events, *bytes);
            let taken = store.in_transaction(|store| store.take(*lane, *events, *bytes, now)).unwrap();
            let bodies: Vec<_> = expected.iter().map(|(_, body)| body.clone()).collect();
            prop_assert_eq!(taken.as_ref().map(|batch| batch.bodies.clone()).unwrap_or_default(), bodies);
            prop_assert_eq!(
                taken.as_ref().map(|batch| batch.first_position),
                expected.first().map(|first| first.0)
            );
            model.in_flight.extend(taken);
        }
        Order::Settle { refuse_every, at_most } => settle(store, model, *refuse_every, *at_most, now),
        Order::LoseAnswer => {
            if let Some(batch) = model.in_flight.pop() {
                model.stored.extend(batch.first_sequence..=batch.last_position());
                store.give_back(batch.first_position, batch.last_position());
            }
        }
        Order::GiveBack => {
            if let Some(batch) = model.in_flight.pop() {
                store.give_back(batch.first_position, batch.last_position());
            }
        }
        Order::Bury => bury(store, model, now),
        Order::BeginLive => {
            store.in_transaction(Store::begin_live).unwrap();
            model.live_from = model.given + 1;
        }
        Order::Reopen => {
            let path = store.connection.path().map(std::path::PathBuf::from).expect("it is a file");
            *store = open(&path, store.limits);
            model.in_flight.clear();
            model.live_from = model.given + 1;
            // As every run does before it sends anything.
            reconcile(store, model)?;
        }
        Order::Reconcile => reconcile(store, model)?,
        Order::Resend => resend(store, model, now)?,
        Order::AnswerReceipts => {
            let receipts = store.receipts(100).unwrap();
            model
                .closed
                .extend(receipts.iter().flat_map(|receipt| receipt.first_sequence..=receipt.last_sequence));
            store.in_transaction(|store| store.receipts_answered(&receipts)).unwrap();
        }
        Order::Expire => {
            let lost = store.in_transaction(|store| store.expire(now)).unwrap();
            model.drop_oldest(lost);
        }
    }
    Ok(())
}

fn append(
    store: &mut Store,
    model: &mut Model,
    events: usize,
    more: usize,
    now: Moment,
) -> Result<(), TestCaseError> {
    let from = model.accepted.len() as i64;
    let bodies: Vec<_> = (0..events as i64).map(|index| event(from + index, more)).collect();
    let lost_before = store.counts().unwrap().lost;
    match store.append_now(&bodies, now) {
        Ok(()) => {
            model.drop_oldest(store.counts().unwrap().lost - lost_before);
            for body in bodies {
                model.given += 1;
                model.queue.push_back((model.given, body.clone()));
                model.accepted.push(body);
            }
        }
        Err(SpoolError::Full { .. }) => {}
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    }
    Ok(())
}

fn settle(store: &mut Store, model: &mut Model, refuse_every: usize, at_most: usize, now: Moment) {
    if model.in_flight.is_empty() {
        return;
    }
    let (batch, rest) = model.in_flight.remove(0).split(at_most);
    let refuses = |index: usize| (index + 1).is_multiple_of(refuse_every);
    let outcome = |index| {
        if refuses(index) {
            Outcome::Refused { code: "CONFLICT".to_owned(), message: "It differs.".to_owned() }
        } else {
            Outcome::Delivered
        }
    };
    let outcomes: Vec<_> = (0..batch.bodies.len()).map(outcome).collect();
    store.in_transaction(|store| store.settle(batch.first_position, &outcomes, now)).unwrap();
    for (index, position) in (batch.first_position..=batch.last_position()).enumerate() {
        let body = model.leave(position).expect("what is in flight is queued");
        model.ended.insert(position);
        if refuses(index) {
            model.refused.insert(position);
            model.dead.insert(position, body);
        } else {
            model.stored.insert(position);
            model.delivered.push(body);
        }
    }
    if !rest.bodies.is_empty() {
        model.in_flight.insert(0, rest);
    }
}

fn bury(store: &mut Store, model: &mut Model, now: Moment) {
    if let Some(batch) = model.in_flight.pop() {
        let (poison, rest) = batch.split(1);
        let position = poison.first_position;
        store.in_transaction(|store| store.bury(position, "POISON", "No.", now)).unwrap();
        let body = model.leave(position).expect("what is in flight is queued");
        model.ended.insert(position);
        model.dead.insert(position, body);
        if !rest.bodies.is_empty() {
            model.in_flight.push(rest);
        }
    }
}

fn reconcile(store: &mut Store, model: &mut Model) -> Result<(), TestCaseError> {
    let epoch = store.counts().unwrap().epoch;
    let known = model.known(&epoch);
    let done = store.in_transaction(|store| store.reconcile(&known)).unwrap();
    prop_assert!(!done.went_back);
    prop_assert_eq!(done.lost, 0, "nothing was forgotten");
    let queued: Vec<_> = model.queue.iter().map(|(position, _)| *position).collect();
    for position in queued {
        if model.stored.contains(&position) && !model.is_in_flight(position) {
            let body = model.leave(position).expect("it was just seen");
            model.ended.insert(position);
            model.delivered.push(body);
        }
    }
    Ok(())
}

fn resend(store: &mut Store, model: &mut Model, now: Moment) -> Result<(), TestCaseError> {
    let Some((id, body)) = model.dead.pop_first() else { return Ok(()) };
    match store.in_transaction(|store| store.resend(id, now)) {
        Ok(()) => {
            model.given += 1;
            model.queue.push_back((model.given, body));
        }
        Err(SpoolError::Full { .. }) => {
            model.dead.insert(id, body);
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    }
    Ok(())
}

fn agree(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let counts = store.counts().unwrap();
    prop_assert_eq!(store.queue(), model.queue.iter().cloned().collect::<Vec<_>>());
    prop_assert_eq!(counts.queued, model.queue.len() as i64);
    prop_assert_eq!(counts.accepted, model.accepted.len() as i64);
    prop_assert_eq!(counts.delivered, model.delivered.len() as i64);
    prop_assert_eq!(counts.lost, model.lost.len() as i64);
    prop_assert_eq!(counts.dead_lettered, model.dead.len() as i64);
    let letters = store.dead_letters(0, usize::MAX >> 1).unwrap();
    let letters: BTreeMap<_, _> = letters.into_iter().map(|letter| (letter.id, letter.body)).collect();
    prop_assert_eq!(&letters, &model.dead);
    prop_assert_eq!(store.check(), Ok(()));
    // A number that ended without the server's answer is in a receipt, or was.
    let receipts: Vec<Receipt> = store.receipts(usize::MAX >> 1).unwrap();
    let told: BTreeSet<i64> = receipts
        .iter()
        .flat_map(|receipt| receipt.first_sequence..=receipt.last_sequence)
        .chain(model.closed.iter().copied())
        .collect();
    let untold: BTreeSet<i64> = model
        .ended
        .iter()
        .filter(|at| !model.stored.contains(at) && !model.refused.contains(at))
        .copied()
        .collect();
    prop_assert!(untold.is_subset(&told), "{untold:?} ended, {told:?} was told");
    let lost: i64 = receipts
        .iter()
        .filter(|receipt| receipt.reason == ClosedReason::Lost)
        .map(|receipt| receipt.last_sequence - receipt.first_sequence + 1)
        .sum();
    prop_assert!(lost <= counts.lost);
    Ok(())
}

fn run(orders: &[Order], when_full: WhenFull, max_age_ms: i64) -> Result<(), TestCaseError> {
    let (_folder, path) = folder();
    let mut limits = capped(MIN_CAP_BYTES as i64, when_full);
    limits.max_age_ms = max_age_ms;
    let mut store = open(&path, limits);
    let mut model = Model { live_from: 1, ..Model::default() };
    reconcile(&mut store, &mut model)?;
    for (order, now_ms) in orders.iter().zip((0..).step_by(1_000)) {
        obey(order, &mut store, &mut model, now_ms)?;
        agree(&store, &model)?;
    }
    // In the end every accepted event is in exactly one place.
    let mut everywhere: Vec<&String> = model.queue.iter().map(|(_, body)| body).collect();
    everywhere.extend(model.dead.values().chain(&model.delivered).chain(&model.lost));
    everywhere.sort();
    let mut accepted: Vec<_> = model.accepted.iter().collect();
    accepted.sort();
    prop_assert_eq!(everywhere, accepted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(test_harness::rounds(24) as u32))]

    #[test]
    fn a_spool_that_blocks_is_a_queue(orders in orders()) {
        run(&orders, WhenFull::Block, i64::MAX)?;
    }

    #[test]
    fn a_spool_that_drops_the_oldest_is_a_queue_with_receipts(orders in orders()) {
        run(&orders, WhenFull::DropOldest, 20_000)?;
    }
}
