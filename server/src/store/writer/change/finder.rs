//! What new or differently decided events make of one entity's events.

use std::collections::BTreeMap;

use domain::{
    event::{EntityType, EventForm},
    id::{EntityId, FactoryId},
    state,
    time::TimestampMs,
    timeline::{Observation, Standing},
};
use sea_orm::ConnectionTrait;

use super::{BeforeAndAfter, Change, ChangedSpan, Changes, Ranges};
use crate::store::{
    applied::Span,
    decided::Decided,
    error::Result,
    neighbours::{self, SpanEvents},
    reach::Reach,
    report::{Report, SeriesKey},
    series::OpenReport,
    writer::{cache::Cache, followed::Followed, row::NewRow},
};

/// An entity's stored events near its new ones as they were, and with the new ones as they are.
pub(super) struct Reports {
    pub(super) before: Vec<Report>,
    pub(super) after: Vec<Report>,
}

impl Reports {
    pub(super) fn observations(&mut self) -> impl Iterator<Item = &mut Observation> {
        self.before.iter_mut().chain(&mut self.after).map(AsMut::as_mut)
    }
}

/// Finds out what changes in a span whose buckets are all counted alike.
pub(super) struct Finder<'a, 'c, C> {
    pub(super) tx: &'c C,
    pub(super) factory_id: FactoryId,
    pub(super) cache: &'c Cache,
    /// Where it looks.
    pub(super) span: Span,
    /// What was decided before, and what is now.
    pub(super) before: &'c Decided,
    pub(super) after: &'c Decided,
    pub(super) followed: &'c Followed,
    /// The spans in which something else is decided.
    pub(super) decided: BTreeMap<EntityId, Ranges>,
    /// The latest instants of series, where they may say something else now.
    pub(super) open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>>,
    pub(super) changes: Changes<'a>,
}

impl<C: ConnectionTrait> Finder<'_, '_, C> {
    /// Puts new events to the stored ones, which they may end.
    pub(super) fn with_new(&mut self, stored: Vec<Report>, new: &[&NewRow<'_>]) -> Result<Reports> {
        let mut before = stored;
        let mut after = Vec::with_capacity(before.len() + new.len());
        for report in &mut before {
            report.judge(self.before);
            let mut now = report.clone();
            now.judge(self.after);
            match self.followed.duration_ms(report) {
                Some(duration_ms) if duration_ms != report.observation.duration_ms => {
                    let ended = now.lasting(duration_ms);
                    self.changes.ended.push(ended.row.clone());
                    after.push(ended);
                }
                _ => after.push(now),
            }
        }
        for row in new {
            let mut report = self.followed.new_report(row)?;
            report.judge(self.after);
            after.push(report);
        }
        Ok(Reports { before, after })
    }

    pub(super) fn serves_here(&self, report: &Report) -> bool {
        report.observation.standing == Standing::Serving && self.span.holds(report.observation.started_at_ms)
    }

    /// How far those of stored events reach that start in the span.
    pub(super) fn reach_of(&self, reports: &[Report]) -> Reach {
        Reach::of(reports.iter().filter(|report| self.span.holds(report.observation.started_at_ms)))
    }

    pub(super) fn last_served_ms(&self, reports: &Reports) -> BeforeAndAfter<Option<TimestampMs>> {
        BeforeAndAfter {
            before: neighbours::last_served_ms(&reports.before, self.span),
            after: neighbours::last_served_ms(&reports.after, self.span),
        }
    }

    pub(super) fn add_change(
        &mut self,
        entity_id: EntityId,
        (before, after): (Vec<Observation>, Vec<Observation>),
        (reach, last_served_ms): (Reach, BeforeAndAfter<Option<TimestampMs>>),
        known: Option<Ranges>,
    ) {
        let reports = before.iter().chain(&after).map(|report| (report.started_at_ms, report.ended_at_ms()));
        let decided = self.decided.get(&entity_id).into_iter().flatten().copied();
        let hull = reports.chain(decided).reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let with_corrections = |reports, decided: &Decided| {
            let corrections = hull.map(|hull| decided.corrections(entity_id, hull)).unwrap_or_default();
            SpanEvents { span: self.span, reports, corrections }
        };
        let before = with_corrections(before, self.before);
        let after = with_corrections(after, self.after);
        self.changes.by_entity.insert(
            entity_id,
            Change { spans: vec![ChangedSpan { before, after, known }], reach, last_served_ms },
        );
    }

    /// Whether new events of an entity, in the order of their key, are intervals each of which is a fact of its own and counts
    /// as it is.
    pub(super) fn is_plain(&self, entity_id: EntityId, new: &[&NewRow<'_>]) -> bool {
        let is_untouched = |row: &&&NewRow<'_>| {
            self.after.is_empty()
                || self
                    .after
                    .corrections(entity_id, (row.event.started_at_ms, row.event.ended_at_ms()))
                    .is_empty()
                    && Report::of_row(row.row.clone()).is_ok_and(|report| {
                        self.after.standing(entity_id, &report.observation) == Standing::Serving
                    })
        };
        !self.decided.contains_key(&entity_id)
            && are_facts(new)
            && new.iter().filter(is_untouched).count() == new.len()
    }

    /// New events that touch nothing stored, and not each other's facts.
    pub(super) fn add_plain(&mut self, entity_id: EntityId, new: &[&NewRow<'_>]) -> Result<()> {
        let nothing = |reports| SpanEvents { span: self.span, reports, corrections: Vec::new() };
        let mut changed = ChangedSpan {
            before: nothing(Vec::new()),
            after: nothing(Vec::with_capacity(new.len())),
            known: None,
        };
        let mut change = Change::default();
        for row in new {
            let report = self.followed.new_report(row)?;
            if self.span.holds(report.observation.started_at_ms) {
                change.reach.add_stored(&report.observation);
            }
            changed.after.reports.push(report.observation);
        }
        change.spans.push(changed);
        self.changes.by_entity.insert(entity_id, change);
        Ok(())
    }

    /// Keeps what the latest reports of an entity's series say, where that is new.
    pub(super) fn keep_open(&mut self, entity_id: EntityId, reports: &[Report]) {
        for (series, at_ms) in self.open.remove(&entity_id).unwrap_or_default() {
            let of_series = |report: &&Report| {
                report.series() == Some(series) && report.observation.started_at_ms == at_ms
            };
            if !self.span.holds(at_ms) || !reports.iter().any(|report| of_series(&report)) {
                continue;
            }
            let serves = |report: &&Report| report.observation.standing == Standing::Serving;
            let candidates: Vec<&Report> = reports.iter().filter(of_series).filter(serves).collect();
            let latest = state::latest_open(candidates.iter().map(|report| &report.observation));
            let latest = candidates.iter().find(|report| Some(&report.observation) == latest);
            let workstation = latest
                .and_then(|latest| latest.tells_of())
                .and_then(|code| self.cache.entity(EntityType::Workstation, code));
            self.changes.open.push(OpenReport {
                key: series,
                at_ms,
                observation: latest.map(|latest| latest.observation.clone()),
                workstation_id: workstation.map(|workstation| workstation.id),
            });
        }
    }
}

pub(super) fn observations(reports: Vec<Report>) -> Vec<Observation> {
    reports.into_iter().map(|report| report.observation).collect()
}

/// Whether new events of an entity, in the order of their key, are intervals each of which is a fact of its own.
fn are_facts(new: &[&NewRow<'_>]) -> bool {
    let fact = |row: &NewRow<'_>| (row.event.started_at_ms, row.event.event_type);
    new.iter().all(|row| row.event.form() == EventForm::Interval)
        && new.windows(2).all(|pair| {
            fact(pair[0]) != fact(pair[1]) || pair[0].event.event_code != pair[1].event.event_code
        })
}
