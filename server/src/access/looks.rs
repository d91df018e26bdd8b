//! What is asked about single workers, by whom: the first question of a kind and day is stored before it is answered, further
//! ones are counted and stored once a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{MS_PER_DAY, time::TimestampMs, window::day_holding};

use crate::store::{
    Result, Store,
    access::Holder,
    factories::Factory,
    personal_access::{AccessQuestion, Look, LookCount},
};

/// The most looks that are remembered as stored; past it all are forgotten, and the next of each is stored at once again: some 20 MB.
const MAX_REMEMBERED: usize = 200_000;

/// What was asked since it was last stored.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<HashMap<Look, Option<LookCount>>>);

impl Looks {
    /// Takes note that somebody asks something about workers: on return, each is stored that is the first of its day.
    ///
    /// # Errors
    /// The database failed, so that they may not be answered.
    pub(super) async fn note(
        &self,
        store: &Store,
        (holder, factory): (&Holder, &Factory),
        (question, now_ms): (AccessQuestion, TimestampMs),
        workers: impl Iterator<Item = &str>,
    ) -> Result<()> {
        let (day, _) = day_holding(factory.time_zone, now_ms);
        let day = i32::try_from(day).unwrap_or_default();
        let is_own = |worker: &str| holder.is_worker(factory.id, worker);
        let look = |worker: &str| Look {
            factory_id: factory.id,
            worker: worker.into(),
            day,
            reader: holder.principal_id,
            question,
        };
        let looks = workers.filter(|worker| !is_own(worker)).map(look);
        let once = LookCount { first_ms: now_ms, last_ms: now_ms, times: 1 };
        let new: Vec<(Look, LookCount)> = {
            let mut remembered = self.lock();
            looks
                .filter_map(|look| match remembered.get_mut(&look) {
                    Some(count) => {
                        let count = count.get_or_insert(LookCount { times: 0, ..once });
                        (count.last_ms, count.times) = (now_ms, count.times + 1);
                        None
                    }
                    None => Some((look, once)),
                })
                .collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        store.keep_looks(&new).await?;
        let full = {
            let mut remembered = self.lock();
            let is_full = remembered.len() + new.len() > MAX_REMEMBERED;
            let full = if is_full { std::mem::take(&mut *remembered) } else { HashMap::new() };
            for (look, _) in new {
                remembered.entry(look).or_default();
            }
            full
        };
        self.keep(store, full.into_iter()).await
    }

    /// Stores what was counted. What cannot be stored now is counted on.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn write_down(&self, store: &Store, now_ms: TimestampMs) -> Result<()> {
        let counted: Vec<(Look, Option<LookCount>)> = {
            let mut remembered = self.lock();
            // What was the last day anywhere is over.
            let yesterday = now_ms.0.div_euclid(MS_PER_DAY) - 2;
            let counted = remembered
                .iter_mut()
                .filter(|(_, count)| count.is_some())
                .map(|(look, count)| (look.clone(), count.take()));
            let counted = counted.collect();
            remembered.retain(|look, _| i64::from(look.day) > yesterday);
            counted
        };
        self.keep(store, counted.into_iter()).await
    }

    async fn keep(
        &self,
        store: &Store,
        counted: impl Iterator<Item = (Look, Option<LookCount>)>,
    ) -> Result<()> {
        let counted: Vec<(Look, LookCount)> =
            counted.filter_map(|(look, count)| Some((look, count?))).collect();
        if counted.is_empty() {
            return Ok(());
        }
        let kept = store.keep_looks(&counted).await;
        if kept.is_err() {
            let mut remembered = self.lock();
            for (look, count) in counted {
                let later = remembered.entry(look).or_default();
                let sum = later.map_or(0, |later| later.times) + count.times;
                let last_ms = later.map_or(count.last_ms, |later| later.last_ms);
                *later = Some(LookCount { last_ms, times: sum, ..count });
            }
        }
        kept
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Look, Option<LookCount>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
