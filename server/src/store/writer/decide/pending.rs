//! Decisions that are too much for one transaction: each is applied or taken back slice by slice, one after the other.

use std::time::Instant;

use domain::id::{FactoryId, FactorySlug, Revision};

use super::{
    applying::{Applying, DecidedState},
    slice::{About, Direction},
};
use crate::store::{
    decided::standing_rule,
    decisions::{self, Content},
    engine::{retry::Retries, transaction::Transaction},
    error::{Result, StoreError},
    factories,
    writer::{Writer, cache::Cache},
};

/// A slice that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceApplied {
    /// Of which factory's decisions.
    pub factory_id: FactoryId,
    /// The factory's revision with it.
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
            let began = Instant::now();
            let outcome = self.try_apply_slice(slug).await;
            match &outcome {
                Ok(Some(slice)) if slice.is_more => self.slice_size.took(began.elapsed()),
                // What was left at the end may have been little.
                Ok(_) => {}
                Err(_) => self.slice_size.failed(),
            }
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
        let with = (self.clock.now_ms(), self.slice_size);
        let mut applying = Applying::new(&tx, &factory, &mut cache, with);
        let mut pass = Pass::next(&tx, factory.id, applying.decided).await?;
        if pass.boundary.is_none() {
            applying.start(&pass).await?;
        }
        let slice = applying.next_slice(&pass, self.slice_size.next()).await?;
        applying.apply(&mut pass, slice).await?;
        applying.finish().await?;
        let (revision, is_more) = (applying.revision, applying.decided.pending > 0);
        tx.commit().await?;
        cache.revision = revision;
        self.put_back(vec![(factory.slug, cache)]);
        Ok(Some(SliceApplied { factory_id: factory.id, revision, is_more }))
    }
}

/// A decision that is being applied, or taken back.
pub(super) struct Pass {
    /// Its number.
    pub(super) number: i32,
    /// The number of the one that says so: itself, or the one that takes it back.
    pub(super) by: i32,
    /// What it is about.
    pub(super) about: About,
    pub(super) direction: Direction,
    /// How far it is; none before its first slice.
    pub(super) boundary: Option<i64>,
}

impl Pass {
    /// The one that has begun, or the first of those that wait.
    async fn next(tx: &Transaction, factory_id: FactoryId, decided: DecidedState) -> Result<Self> {
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
        let direction = match decision.withdrawn_by {
            Some(_) => Direction::Backwards,
            None => Direction::Forwards,
        };
        let by = decision.withdrawn_by.unwrap_or(number);
        Ok(Self { number, by, about, direction, boundary: decided.active.map(|active| active.bucket) })
    }
}
