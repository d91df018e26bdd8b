//! Several reports of one fact: what several versions of a model say of the same moment is stored, and counts once.
//!
//! Reports that agree in all of their identity but the model version are *readings* of one fact. Of those that serve, the one
//! with the highest confidence counts (not stated is lowest), then the one whose model version comes last in the order of the
//! bytes. Of state reports that is so of the units alone, because each series covers time for itself; of the reports of one
//! series at one instant, the one that would win it covers what follows.

use std::cmp::Ordering;

use crate::{
    event::EventForm,
    time::DurationMs,
    timeline::{Observation, Standing},
};

/// Takes away from stored reports of one entity what does not count of them: all of those that do not serve, and what another
/// reading says instead. They stay in the list, because every stored event is counted as one. All stored reports must be
/// there that start when one of these does; `names` of those that are equal in all else must tell them apart.
pub fn resolve<Report: AsRef<Observation> + AsMut<Observation>>(reports: &mut [Report]) {
    for report in reports.iter_mut().map(AsMut::as_mut).filter(|report| report.standing != Standing::Serving)
    {
        (report.duration_ms, report.units) = (DurationMs::ZERO, 0);
    }
    if reports.is_sorted_by(|one, next| one.as_ref().started_at_ms < next.as_ref().started_at_ms) {
        return;
    }
    reports.sort_by(|one, other| {
        let (one, other) = (one.as_ref(), other.as_ref());
        by_fact(one, other).then_with(|| one.reading_rank().cmp(&other.reading_rank()))
    });
    for fact in reports.chunk_by_mut(|one, other| by_fact(one.as_ref(), other.as_ref()).is_eq()) {
        let Some((_, others)) = fact.split_last_mut() else { continue };
        for reading in others.iter_mut().map(AsMut::as_mut) {
            reading.units = 0;
            if reading.form == EventForm::Interval {
                reading.duration_ms = DurationMs::ZERO;
            }
        }
    }
    reports.sort_by(|one, other| {
        let (one, other) = (one.as_ref(), other.as_ref());
        by_moment(one, other).then_with(|| one.rank().cmp(&other.rank()))
    });
    for moment in reports.chunk_by_mut(|one, other| by_moment(one.as_ref(), other.as_ref()).is_eq()) {
        if moment[0].as_ref().form == EventForm::Interval {
            continue;
        }
        let covering = moment.iter().rposition(|report| report.as_ref().standing == Standing::Serving);
        for (_, report) in moment.iter_mut().enumerate().filter(|(index, _)| covering != Some(*index)) {
            report.as_mut().duration_ms = DurationMs::ZERO;
        }
    }
}

/// Orders by the fact: equal are those that may differ in the model version alone.
fn by_fact(one: &Observation, other: &Observation) -> Ordering {
    let fact = |report: &Observation| {
        let source = report.source.filter(|_| report.form == EventForm::State);
        (report.started_at_ms, report.form, report.event_type, source)
    };
    fact(one).cmp(&fact(other)).then_with(|| one.event_code.cmp(&other.event_code))
}

/// Orders by series and instant; a report of an interval is of no series.
fn by_moment(one: &Observation, other: &Observation) -> Ordering {
    let moment = |report: &Observation| {
        let series = (report.form == EventForm::State).then_some((report.source, report.model_version));
        (report.form, series, report.started_at_ms)
    };
    moment(one).cmp(&moment(other))
}

impl Observation {
    /// What decides which reading of a fact counts; the greatest does.
    fn reading_rank(&self) -> (bool, Option<u16>, u32) {
        (self.standing == Standing::Serving, self.confidence, self.names.model_version)
    }
}

/// Whether the names of these reports, which are in the order of their starts, can decide something, so that their places
/// have to be found out: some are equal in all that decides before.
pub fn names_decide<'a>(reports: impl IntoIterator<Item = &'a Observation>) -> bool {
    let mut of_start: Vec<&Observation> = Vec::new();
    for report in reports {
        if of_start.first().is_some_and(|first| first.started_at_ms != report.started_at_ms) {
            of_start.clear();
        }
        let decides = |other: &&Observation| {
            other.event_type == report.event_type
                && other.confidence == report.confidence
                && other.event_code == report.event_code
                && (other.model_version, other.source) != (report.model_version, report.source)
        };
        if of_start.iter().any(decides) {
            return true;
        }
        of_start.push(report);
    }
    false
}
