//! Decisions that are too much for one transaction: each is applied or taken back slice by slice, one after the other.

use std::mem;

use domain::id::{FactoryId, FactorySlug, Revision};

use super::{
    DecidedState, count_again, keep_revision,
    slice::{self, About, Direction, Slice},
};
use crate::store::{
    applied::{Active, END_BUCKET},
    decided::standing_rule,
    decisions::{self, Content},
    engine::{retry::Retries, transaction::Transaction},
    error::{Result, StoreError},
    factories,
    writer::{Writer, cache::Cache},
};

/// What became of a factory's decisions that are not applied yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceApplied {
    /// The factory.
    pub factory_id: FactoryId,
    /// Its revision with the slice that was applied.
    pub revision: Revision,
    /// Whether more is to be applied.
    pub is_more: bool,
}

impl Writer {
    /// Applies the next slice of the decisions of a factory that are not applied yet, on disk when this returns; none when there
    /// is nothing to apply.
    ///
    /// # Errors
    /// The database failed.
    pub async fn apply_slice(&mut self, slug: &FactorySlug) -> Result<Option<SliceApplied>> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_apply_slice(slug).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_apply_slice(&mut self, slug: &FactorySlug) -> Result<Option<SliceApplied>> {
        let tx = self.store.begin_write().await?;
        let Some(factory) = factories::lock_one(&tx, slug.as_str()).await? else { return Ok(None) };
        if factory.pending_decisions == 0 {
            return Ok(None);
        }
        let mut cache = Cache::of(&tx, &factory, self.caches.remove(&factory.slug)).await?;
        let mut decided = DecidedState::of(&factory);
        let (factory_id, revision) = (factory.id, factory.revision.next());
        let mut pass = Pass::next(&tx, factory_id, &decided).await?;
        if decided.active.is_none() {
            pass.start(&tx, factory_id, &mut cache, &mut decided).await?;
        }
        let from = (pass.direction, pass.boundary);
        let slice = slice::next(&tx, factory_id, (&cache, self.max_slice_events), &pass.about, from).await?;
        pass.apply(&tx, factory_id, (&mut cache, &mut decided), slice, revision).await?;
        decided.keep(&tx, factory_id, revision).await?;
        keep_revision(&tx, factory_id, revision).await?;
        tx.commit().await?;
        cache.revision = revision;
        self.put_back(vec![(factory.slug, cache)]);
        Ok(Some(SliceApplied { factory_id, revision, is_more: decided.pending > 0 }))
    }
}

/// A decision that is being applied, or taken back.
pub(super) struct Pass {
    /// Its number.
    pub(super) number: i32,
    /// Its number, and that of the one that takes it back.
    pub(super) numbers: Vec<i32>,
    /// What it is about.
    pub(super) about: About,
    pub(super) direction: Direction,
    /// How far it is; none before its first slice.
    pub(super) boundary: Option<i64>,
}

impl Pass {
    /// The one that has begun, or the first of those that wait.
    async fn next(tx: &Transaction, factory_id: FactoryId, decided: &DecidedState) -> Result<Self> {
        let number = match decided.active {
            Some(active) => Some(active.number),
            None => decisions::first_waiting(tx, factory_id).await?,
        };
        let missing = || StoreError::Corrupt("a decision to be applied that is not there".to_owned());
        let number = number.ok_or_else(missing)?;
        let decision = decisions::by_number(tx, factory_id, number).await?.ok_or_else(missing)?;
        let about = match &decision.content {
            Content::Standing(standing) => {
                let rule = standing_rule(tx, factory_id, number, standing).await?;
                About::Events(rule.ok_or_else(missing)?)
            }
            _ => About::Entities(decisions::rows_of(tx, factory_id, number).await?),
        };
        let is_withdrawn = decision.withdrawn_by.is_some();
        let direction = if is_withdrawn { Direction::Backwards } else { Direction::Forwards };
        let numbers = [Some(number), decision.withdrawn_by].into_iter().flatten().collect();
        Ok(Self { number, numbers, about, direction, boundary: decided.active.map(|active| active.bucket) })
    }

    /// Begins it.
    pub(super) async fn start(
        &self,
        tx: &Transaction,
        factory_id: FactoryId,
        cache: &mut Cache,
        decided: &mut DecidedState,
    ) -> Result<()> {
        let bucket = match self.direction {
            Direction::Forwards => 0,
            Direction::Backwards => END_BUCKET,
        };
        if self.direction == Direction::Forwards {
            decisions::set_counted(tx, factory_id, self.number, true).await?;
            self.about.add_to(&mut cache.applied)?;
        }
        decided.active = Some(Active { number: self.number, bucket });
        cache.applied.set_active(decided.active);
        Ok(())
    }

    /// Applies a slice of it, and ends with it when that is the last one.
    pub(super) async fn apply(
        &mut self,
        tx: &Transaction,
        factory_id: FactoryId,
        (cache, decided): (&mut Cache, &mut DecidedState),
        slice: Slice,
        revision: Revision,
    ) -> Result<()> {
        let mut applied = mem::take(&mut cache.applied);
        let (with, without) = applied.sides();
        let sides = match self.direction {
            Direction::Forwards => (without, with),
            Direction::Backwards => (with, without),
        };
        // Those who read what is stored meanwhile, for what was last seen, are to find it as it is now.
        let boundary = self.direction.boundary_after(slice.span);
        decided.active = Some(Active { number: self.number, bucket: boundary });
        if slice.is_last {
            decided.active = None;
            decided.pending -= 1;
            if self.direction == Direction::Backwards {
                decisions::set_counted(tx, factory_id, self.number, false).await?;
            }
        }
        decided.keep(tx, factory_id, revision).await?;
        count_again(tx, factory_id, cache, (&slice, slice.span), sides, revision).await?;
        self.boundary = Some(boundary);
        if slice.is_last && self.direction == Direction::Backwards {
            applied.remove(self.number);
        }
        applied.set_active(decided.active);
        cache.applied = applied;
        decisions::add_events(tx, factory_id, &self.numbers, slice.events, revision).await
    }
}
