//! What new state reports do to their series: each ends the one before it, and is ended by the one after it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::{EntityId, FactoryId},
    state::covered_ms,
    time::{DurationMs, TimestampMs},
};
use sea_orm::ConnectionTrait;

use super::{cache::Cache, row::NewRow};
use crate::store::{
    error::Result,
    report::{Report, SeriesKey},
    series::{self, Around},
};

/// What follows the reports of series that new reports come into.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// When the next report of its series comes, by series and instant: of every new report, and of the stored ones right before
    /// one. None when there is none yet.
    next: BTreeMap<(SeriesKey, TimestampMs), Option<TimestampMs>>,
    /// The stored instants right before a new one, and what came next before.
    ended: Vec<Ended>,
}

/// A stored instant of a series that something new comes right after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) series: SeriesKey,
    pub(super) at_ms: TimestampMs,
    /// Up to when its reports can have counted before, or can count now.
    pub(super) until_ms: TimestampMs,
}

impl Followed {
    /// Finds out what follows, before the new rows are inserted.
    pub(super) async fn find(
        tx: &impl ConnectionTrait,
        factory_id: FactoryId,
        cache: &Cache,
        new: &[&NewRow<'_>],
    ) -> Result<Self> {
        let new = new.iter().filter_map(|row| Some((row.series()?, row.event.started_at_ms)));
        let new: BTreeSet<(SeriesKey, TimestampMs)> = new.collect();
        let instants: Vec<(SeriesKey, TimestampMs)> = new.into_iter().collect();
        let known: Vec<Option<Around>> =
            instants.iter().map(|&(series, at_ms)| cache.around(series, at_ms)).collect();
        let unknown: Vec<(SeriesKey, TimestampMs)> = instants
            .iter()
            .zip(&known)
            .filter_map(|(instant, known)| known.is_none().then_some(*instant))
            .collect();
        let mut read = series::around(tx, factory_id, &unknown).await?.into_iter();
        let around: Vec<Around> =
            known.into_iter().filter_map(|known| known.or_else(|| read.next())).collect();
        Ok(Self::of(&instants, &around))
    }

    /// `instants` are those of the new reports, in their order; `around` has the stored ones around each.
    fn of(instants: &[(SeriesKey, TimestampMs)], around: &[Around]) -> Self {
        let mut followed = Self::default();
        for (index, (&(series, at_ms), stored)) in instants.iter().zip(around).enumerate() {
            let of_series = |other: Option<&(SeriesKey, TimestampMs)>| {
                other.filter(|(other, _)| *other == series).map(|(_, at_ms)| *at_ms)
            };
            let new_before_ms = index.checked_sub(1).and_then(|before| of_series(instants.get(before)));
            let new_after_ms = of_series(instants.get(index + 1));
            let next_ms = stored.after_ms.into_iter().chain(new_after_ms).min();
            followed.next.insert((series, at_ms), next_ms);
            let Some(before_ms) = stored.before_ms.filter(|before_ms| Some(*before_ms) > new_before_ms)
            else {
                continue;
            };
            followed.next.insert((series, before_ms), Some(at_ms));
            let until_ms = stored.after_ms.unwrap_or(at_ms).min(before_ms + DurationMs(domain::MS_PER_DAY));
            followed.ended.push(Ended { series, at_ms: before_ms, until_ms });
        }
        followed
    }

    /// The stored instants that something new comes right after.
    pub(super) fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// Those of an entity.
    pub(super) fn ended_of(&self, entity_id: EntityId) -> impl Iterator<Item = &Ended> {
        // They are in the order of their series.
        let first = self.ended.partition_point(|ended| ended.series.entity_id < entity_id);
        self.ended[first..].iter().take_while(move |ended| ended.series.entity_id == entity_id)
    }

    /// When the next report of the series of a new row comes, if it is a state report and that is known.
    pub(super) fn next_ms(&self, row: &NewRow<'_>) -> Option<TimestampMs> {
        self.next.get(&(row.series()?, row.event.started_at_ms)).copied().flatten()
    }

    /// The report that a new row is, with the time for which it counts.
    pub(super) fn new_report(&self, row: &NewRow<'_>) -> Result<Report> {
        let report = Report::of_row(row.row.clone())?;
        Ok(match self.duration_ms(&report) {
            Some(duration_ms) => report.lasting(duration_ms),
            None => report,
        })
    }

    /// For how long a report counts now; none when nothing new decides that.
    pub(super) fn duration_ms(&self, report: &Report) -> Option<DurationMs> {
        let at_ms = report.observation.started_at_ms;
        let next_ms = self.next.get(&(report.series()?, at_ms))?;
        Some(covered_ms(at_ms, report.hold_minutes(), *next_ms))
    }

    /// The instants of the new reports of an entity that nothing follows yet, by series.
    pub(super) fn open(&self, entity_id: EntityId) -> impl Iterator<Item = (SeriesKey, TimestampMs)> {
        let first = SeriesKey { entity_id, series: i32::MIN, model_version: i32::MIN };
        let of_entity = self.next.range((first, TimestampMs::MIN)..);
        of_entity
            .take_while(move |((series, _), _)| series.entity_id == entity_id)
            .filter(|(_, next_ms)| next_ms.is_none())
            .map(|(instant, _)| *instant)
    }
}
