//! State reports: what is so from an instant on, without a length.
//!
//! The reports of an entity with one source and one model version, each left out being a value of its own, are a *series*. A
//! report covers the time until the next strictly later one of its series, if that comes no later than its hold allows; else,
//! and while there is none, it covers nothing. A report that is not followed yet is *open*. What the workers at a workstation are
//! reported to do is what the workstation does, too: [`derived`].

use crate::{
    MS_PER_MINUTE,
    event::{EventForm, EventType},
    time::{DurationMs, TimestampMs},
    timeline::{Observation, Segment, Spans, Standing},
};

/// In how many minutes the next report of a series comes at the latest, where neither the report nor the factory says.
pub const DEFAULT_HOLD_MINUTES: u16 = 60;

/// For how long a state report counts that is followed by another one of its series; none is not yet followed.
pub fn covered_ms(at_ms: TimestampMs, hold_minutes: u16, next_ms: Option<TimestampMs>) -> DurationMs {
    let hold_ms = DurationMs(i64::from(hold_minutes) * MS_PER_MINUTE);
    match next_ms {
        Some(next_ms) if next_ms - at_ms <= hold_ms => next_ms - at_ms,
        _ => DurationMs::ZERO,
    }
}

/// Whether a worker's report says something of the workstation that it names: a state report of working or idle.
pub fn tells_of_workstation(form: EventForm, event_type: EventType) -> bool {
    form == EventForm::State && event_type != EventType::Absent
}

/// Of the reports that nothing has ended yet, the one that is so now: the latest, then the greatest by rank.
pub fn latest_open<'a>(open: impl IntoIterator<Item = &'a Observation>) -> Option<&'a Observation> {
    open.into_iter().max_by(|one, other| {
        one.started_at_ms.cmp(&other.started_at_ms).then_with(|| one.rank().cmp(&other.rank()))
    })
}

/// What a workstation does because of the workers at it: at every instant one report, the greatest by type, then by rank, of
/// those that cover it. It counts among the workstation's own reports, but adds neither units nor events. `reports` are all
/// that count of workers who were reported at the workstation, see [`tells_of_workstation`].
pub fn derived<'a>(reports: impl IntoIterator<Item = &'a Observation>) -> Vec<Observation> {
    let mut derived: Vec<(&Observation, Observation)> = Vec::new();
    for span in Spans::by_type(reports) {
        let Some(winner) = span.winner else { continue };
        match derived.last_mut() {
            Some((last, observation))
                if std::ptr::eq(*last, winner) && observation.ended_at_ms() == span.from_ms =>
            {
                observation.duration_ms = span.to_ms - observation.started_at_ms;
            }
            _ => {
                let observation = Observation {
                    started_at_ms: span.from_ms,
                    duration_ms: span.to_ms - span.from_ms,
                    units: 0,
                    derived_from_ms: Some(winner.started_at_ms),
                    ..winner.clone()
                };
                derived.push((winner, observation));
            }
        }
    }
    derived.into_iter().map(|(_, observation)| observation).collect()
}

/// What an entity is shown to be doing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current<'a> {
    /// What an open report says, which has no end yet.
    Open(&'a Observation),
    /// The end of its timeline.
    Latest(Segment),
}

/// What an entity is shown to be doing now, by the end of its timeline and the open reports that serve: of these the one that
/// was made last, then the one that would win, unless the timeline goes on after it. A workstation's are those of the workers
/// at it, too, with when they were made as what they are derived from.
pub fn current<'a>(
    latest: Option<Segment>,
    open: impl IntoIterator<Item = &'a Observation>,
) -> Option<Current<'a>> {
    let last_ms = latest.map_or(TimestampMs::MIN, |latest| latest.to_ms);
    match latest_open(open) {
        Some(open) if open.started_at_ms >= last_ms => Some(Current::Open(open)),
        _ => latest.map(Current::Latest),
    }
}

/// When an entity was last seen: the latest end of all its reports that serve, each with the time that it covers by itself,
/// whether or not another reading counts in its place. None when there are none.
pub fn last_seen_at_ms<'a>(reports: impl IntoIterator<Item = &'a Observation>) -> Option<TimestampMs> {
    let serving = reports.into_iter().filter(|report| report.standing == Standing::Serving);
    serving.map(Observation::ended_at_ms).max()
}

#[cfg(test)]
mod tests;
