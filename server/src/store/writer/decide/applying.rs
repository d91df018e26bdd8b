//! Applying decisions and taking them back: what they are about is counted again, within one transaction.

use std::mem;

use domain::{
    id::{FactoryId, Revision},
    ledger::Cause,
    time::TimestampMs,
};

use super::{
    pending::Pass,
    slice::{self, About, Direction, Slice},
    slice_size::SliceSize,
};
use crate::store::{
    applied::{Active, Applied, Span},
    commit_log,
    decided::Decided,
    decisions::{self, Decision, Progress},
    engine::transaction::Transaction,
    error::Result,
    factories::{self, Factory},
    writer::{apply, cache::Cache, change, insert, ledger::Ledger},
};

/// A transaction that applies decisions of a factory.
pub(super) struct Applying<'a> {
    pub(super) tx: &'a Transaction,
    pub(super) factory: &'a Factory,
    pub(super) cache: &'a mut Cache,
    /// The factory's revision when it is done.
    pub(super) revision: Revision,
    /// How the factory's decisions stand.
    pub(super) decided: DecidedState,
    /// What changes in closed buckets.
    ledger: Ledger,
    /// How many stored events it may be about, and each slice of a longer pass.
    size: SliceSize,
}

/// How the decisions of a factory stand.
#[derive(Clone, Copy)]
pub(super) struct DecidedState {
    pub(super) last_decision: i32,
    /// How many are not applied in every bucket yet.
    pub(super) pending: i32,
    /// The one of them that is being applied.
    pub(super) active: Option<Active>,
}

impl<'a> Applying<'a> {
    /// Of a factory that is locked, at the time of a clock, in slices of a size.
    pub(super) fn new(
        tx: &'a Transaction,
        factory: &'a Factory,
        cache: &'a mut Cache,
        (now_ms, size): (TimestampMs, SliceSize),
    ) -> Self {
        let Factory { last_decision, pending_decisions, active, .. } = *factory;
        Self {
            tx,
            factory,
            cache,
            revision: factory.revision.next(),
            decided: DecidedState { last_decision, pending: pending_decisions, active },
            ledger: Ledger::new(factory, now_ms),
            size,
        }
    }

    /// Begins to apply a new decision, and ends with it if it is a single slice.
    pub(super) async fn begin(&mut self, about: About, number: i32) -> Result<()> {
        let mut pass = Pass { number, by: number, about, direction: Direction::Forwards, boundary: None };
        let slice = self.next_slice(&pass, self.size.at_once()).await?;
        if slice.is_last {
            decisions::set_counted(self.tx, self.factory.id, number, true).await?;
            let before = self.cache.applied.clone();
            pass.about.add_to(&mut self.cache.applied)?;
            return self.apply_at_once(&pass, &slice, before).await;
        }
        self.start_or_wait(&mut pass).await
    }

    /// Begins to take a decision back by the one of a number, and ends with it if it is a single slice.
    pub(super) async fn take_back(&mut self, withdrawn: Decision, about: About, by: i32) -> Result<()> {
        let number = withdrawn.number;
        let active = self.decided.active.filter(|active| active.number == number);
        if active.is_none() && withdrawn.progress == Progress::Waiting {
            // No sum follows it yet.
            self.decided.pending -= 1;
            return Ok(());
        }
        let boundary = active.map(|active| active.bucket);
        let mut pass = Pass { number, by, about, direction: Direction::Backwards, boundary };
        if active.is_some() {
            // What was applied so far is taken back from there.
            let slice = self.next_slice(&pass, self.size.next()).await?;
            return self.apply(&mut pass, slice).await;
        }
        let slice = self.next_slice(&pass, self.size.at_once()).await?;
        if slice.is_last {
            decisions::set_counted(self.tx, self.factory.id, number, false).await?;
            let before = self.cache.applied.clone();
            self.cache.applied.remove(number);
            return self.apply_at_once(&pass, &slice, before).await;
        }
        self.start_or_wait(&mut pass).await
    }

    /// Begins with a pass of several slices, unless another one is being applied.
    async fn start_or_wait(&mut self, pass: &mut Pass) -> Result<()> {
        self.decided.pending += 1;
        if self.decided.active.is_some() {
            return Ok(());
        }
        self.start(pass).await?;
        let first = self.next_slice(pass, self.size.next()).await?;
        self.apply(pass, first).await
    }

    /// The next slice of a pass, of so many events at most.
    pub(super) async fn next_slice(&self, pass: &Pass, max_events: u64) -> Result<Slice> {
        let from = (pass.direction, pass.boundary);
        slice::next(self.tx, self.factory.id, (self.cache, max_events), &pass.about, from).await
    }

    /// Begins with a pass: it is the one that is being applied from now on.
    pub(super) async fn start(&mut self, pass: &Pass) -> Result<()> {
        if pass.direction == Direction::Forwards {
            decisions::set_counted(self.tx, self.factory.id, pass.number, true).await?;
            pass.about.add_to(&mut self.cache.applied)?;
        }
        self.decided.active = Some(Active { number: pass.number, bucket: pass.direction.first_boundary() });
        self.cache.applied.set_active(self.decided.active);
        Ok(())
    }

    /// Applies a slice of a pass, and ends with it when that is the last one.
    pub(super) async fn apply(&mut self, pass: &mut Pass, slice: Slice) -> Result<()> {
        let mut applied = mem::take(&mut self.cache.applied);
        let (with, without) = applied.sides();
        let sides = match pass.direction {
            Direction::Forwards => (without, with),
            Direction::Backwards => (with, without),
        };
        let boundary = pass.direction.boundary_after(slice.span);
        pass.boundary = Some(boundary);
        self.decided.active = Some(Active { number: pass.number, bucket: boundary });
        if slice.is_last {
            self.decided.active = None;
            self.decided.pending -= 1;
            if pass.direction == Direction::Backwards {
                decisions::set_counted(self.tx, self.factory.id, pass.number, false).await?;
            }
        }
        // What is read on the way, for what was last seen, is counted as it is decided now.
        self.keep_decided().await?;
        self.count_again(pass, (&slice, slice.span), sides).await?;
        if slice.is_last && pass.direction == Direction::Backwards {
            applied.remove(pass.number);
        }
        applied.set_active(self.decided.active);
        self.cache.applied = applied;
        self.progressed(pass, &slice).await
    }

    /// Counts again what a decision is about, wherever another one that is being applied has come to.
    async fn apply_at_once(&mut self, pass: &Pass, slice: &Slice, before: Applied) -> Result<()> {
        let after = mem::take(&mut self.cache.applied);
        for (old, new) in before.regions().zip(after.regions()) {
            self.count_again(pass, (slice, old.span), (old.decided, new.decided)).await?;
        }
        self.cache.applied = after;
        self.progressed(pass, slice).await
    }

    async fn progressed(&self, pass: &Pass, slice: &Slice) -> Result<()> {
        let (factory_id, numbers) = (self.factory.id, (pass.number, pass.by));
        decisions::progressed(self.tx, factory_id, numbers, slice.events, self.revision).await
    }

    /// Counts again what of a slice lies in a span whose buckets were counted by some decisions and are counted by others now.
    async fn count_again(
        &mut self,
        pass: &Pass,
        (slice, span): (&Slice, Span),
        sides: (&Decided, &Decided),
    ) -> Result<()> {
        let factory_id = self.factory.id;
        let span = span.and(slice.span);
        let ranges = slice.within(span);
        if ranges.is_empty() {
            return Ok(());
        }
        // What is not shown any more, or shown though nobody reported it, is no gap in which nothing is stored.
        for entity_id in ranges.keys() {
            if let Some(entity) = self.cache.entities.get_mut(entity_id) {
                entity.hides_events = true;
            }
        }
        let open = slice.open.clone();
        let changes =
            change::find_decided(self.tx, factory_id, self.cache, span, sides, ranges, open).await?;
        insert(self.tx, factory_id, &changes).await?;
        let cause = Cause::Decision(pass.by);
        let effects = apply::effects(self.cache, &changes.by_entity, |entity_id, sums| {
            self.ledger.add(&cause, entity_id, sums);
        });
        apply::save(self.tx, factory_id, self.cache, effects, |_| self.revision).await?;
        Ok(())
    }

    /// Writes down how the factory's decisions stand.
    pub(super) async fn keep_decided(&self) -> Result<()> {
        let DecidedState { last_decision, pending, active } = self.decided;
        factories::set_decided(self.tx, self.factory.id, (last_decision, pending, active), self.revision)
            .await
    }

    /// Writes down all that is left, and raises the factory's revision.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.keep_decided().await?;
        let (tx, factory_id): (_, FactoryId) = (self.tx, self.factory.id);
        self.ledger.write(tx, factory_id, self.revision).await?;
        let at_ms = self.ledger.at_ms();
        if commit_log::is_kept(tx) {
            commit_log::append(tx, factory_id, (self.revision, at_ms), &[]).await
        } else {
            factories::set_committed(tx, factory_id, self.revision, at_ms).await
        }
    }
}
