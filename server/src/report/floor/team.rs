//! What is shown to somebody who sees no single worker: figures of so many together that they tell of none.

use domain::{
    MS_PER_HOUR,
    access::Permission,
    event::EntityType,
    time::TimestampMs,
    totals::Totals,
    window::{Resolution, WindowSpec},
    zone::Zone,
};

use super::{super::error::ReportError, question::Question};
use crate::store::access::{Scope, SeeFigures};

/// Refuses a question that nobody is answered who sees no single worker.
///
/// # Errors
/// It is about single workers, or its window does not begin and end on whole hours.
pub(super) fn check(scope: &Scope<SeeFigures>, question: &Question) -> Result<(), ReportError> {
    if scope.sees_people() || is_own(scope, question) {
        return Ok(());
    }
    let factory = scope.factory();
    if question.entity_type == Some(EntityType::Worker) {
        let permission = Permission::SeePeople;
        return Err(ReportError::Forbidden { permission, slug: factory.slug.0.clone() });
    }
    let is_possible = match question.window {
        WindowSpec::AllTime | WindowSpec::Day(_) | WindowSpec::Period(_) => true,
        WindowSpec::LastMinutes(_) => false,
        WindowSpec::Range { from_ms, to_ms } => {
            [from_ms, to_ms].into_iter().all(|end_ms| is_whole_hour(factory.time_zone, end_ms))
        }
    };
    if is_possible { Ok(()) } else { Err(ReportError::NotWholeHours) }
}

/// As [`check`], for steps of this length.
///
/// # Errors
/// As those of [`check`], or the steps are shorter than hours.
pub(super) fn check_steps(
    scope: &Scope<SeeFigures>,
    question: &Question,
    resolution: Resolution,
) -> Result<(), ReportError> {
    check(scope, question)?;
    match resolution {
        Resolution::Hour | Resolution::Day => Ok(()),
        Resolution::FiveMinutes | Resolution::FifteenMinutes
            if scope.sees_people() || is_own(scope, question) =>
        {
            Ok(())
        }
        Resolution::FiveMinutes | Resolution::FifteenMinutes => Err(ReportError::NotWholeHours),
    }
}

/// Whether a question is about nobody but whoever asks.
fn is_own(scope: &Scope<SeeFigures>, question: &Question) -> bool {
    question.workers().is_some_and(|workers| scope.are_own(workers.iter().map(String::as_str)))
}

/// Whether so few workers were seen that whoever asks is not told what they did together.
pub(super) fn is_too_small<'a>(scope: &Scope<SeeFigures>, workers: impl Iterator<Item = &'a Totals>) -> bool {
    let seen = workers.filter(|totals| totals.is_listed() || totals.corrected_ms > 0).count();
    !scope.sees_people() && seen < usize::from(scope.factory().smallest_team)
}

/// Whether the factory's clocks show a whole hour.
fn is_whole_hour(zone: Zone, instant_ms: TimestampMs) -> bool {
    (instant_ms + zone.offset_ms(instant_ms)).0.rem_euclid(MS_PER_HOUR) == 0
}
