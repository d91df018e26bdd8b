//! What many workers or workstations were doing, step by step.
//!
//! An answer has a limit whatever is asked: where there would be too many steps, or too much to read, steps are longer than
//! asked for, and the answer says how long. From five minutes on they are read from sums.

use domain::{
    bucket::{BUCKET_MS, Level},
    state_steps::{StepGrid, StepTimes},
    time::{DurationMs, TimestampMs},
    window::Window,
};

use super::{
    super::error::ReportError,
    limits::{MAX_EVENT_ROWS, MAX_RESOLUTION_SECONDS, MAX_STATES, MAX_STEPS, MAX_SUMS},
    question::Question,
    team,
};
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    entities::{self, Entity, EntityFilter},
    states,
};

const MS_PER_SECOND: i64 = 1_000;

/// How the states of many will be read.
pub struct StatePlan {
    scope: Scope<SeeFigures>,
    question: Question,
    entities: Vec<Entity>,
    /// Steps that are shorter than a bucket, which are read from events, and how many rows that are.
    by_events: Option<(StepGrid, usize)>,
    by_sums: BySums,
}

/// The states of many.
pub struct States {
    /// The factory as it is at this revision.
    pub scope: Scope<SeeFigures>,
    /// Whose they are.
    pub question: Question,
    /// The window that was cut.
    pub window: Window,
    /// How long steps are that are not cut.
    pub step_ms: DurationMs,
    /// Everything that was observed in the window, in the order of the ids, with a letter for each step.
    pub entities: Vec<(Entity, String)>,
}

/// Steps that are read from the sums of a level and those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BySums {
    grid: StepGrid,
    level: Level,
    /// How many sums that are at most.
    sum_count: usize,
}

/// Decides how the states of those asked about are read, in steps as long as asked for or longer.
///
/// # Errors
/// The window or the resolution is not possible, or too much would be read.
pub async fn plan(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    resolution_seconds: i32,
    now_ms: TimestampMs,
) -> Result<StatePlan, ReportError> {
    if !(1..=MAX_RESOLUTION_SECONDS).contains(&resolution_seconds) {
        return Err(ReportError::Resolution(resolution_seconds));
    }
    team::check(scope, question)?;
    let factory = scope.factory();
    let window = question.window.resolve(factory.time_zone, now_ms)?;
    let window = window.ok_or(ReportError::UnboundedWindow("timeline"))?;
    let filter = EntityFilter { area: question.area.as_deref(), ..question.filter() };
    let entities = entities::list(snapshot, scope, filter).await?;
    let step_ms = step_ms(resolution_seconds, window, entities.len());
    let by_sums = by_sums(step_ms, window, entities.len()).ok_or(ReportError::TooManySums(entities.len()))?;
    let mut by_events = None;
    if step_ms.0 < BUCKET_MS {
        let row_count = states::rows_of_events(snapshot, scope, &entities, window).await?;
        by_events = (row_count <= MAX_EVENT_ROWS).then_some((StepGrid::new(window, step_ms), row_count));
    }
    Ok(StatePlan { scope: scope.clone(), question: question.clone(), entities, by_events, by_sums })
}

impl StatePlan {
    /// How many rows are read at most, the sums included that are read where events turn out to be too many.
    pub fn row_count(&self) -> usize {
        self.by_sums.sum_count + self.by_events.map_or(0, |(_, row_count)| row_count)
    }

    /// Reads them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn read(self, snapshot: &Snapshot) -> Result<States, ReportError> {
        let Self { scope, question, entities, by_events, by_sums: BySums { grid, level, .. } } = self;
        if let Some((grid, _)) = by_events
            && let Some(times) =
                states::from_events(snapshot, &scope, &entities, grid, MAX_EVENT_ROWS).await?
        {
            return Ok(States::new((scope, question), entities, grid, times));
        }
        let times = states::from_sums(snapshot, &scope, &entities, grid, level).await?;
        Ok(States::new((scope, question), entities, grid, times))
    }
}

impl States {
    fn new(
        (scope, question): (Scope<SeeFigures>, Question),
        entities: Vec<Entity>,
        grid: StepGrid,
        mut times: states::EntityTimes,
    ) -> Self {
        let letters = |entity: Entity| {
            let letters = times.remove(&entity.id).as_ref().map(StepTimes::letters);
            letters.filter(|letters| !letters.is_empty()).map(|letters| (entity, letters))
        };
        let entities = entities.into_iter().filter_map(letters).collect();
        Self { scope, question, window: grid.window(), step_ms: grid.step_ms(), entities }
    }
}

/// Steps as long as asked for, or as long as the numbers of steps allow.
fn step_ms(resolution_seconds: i32, window: Window, entity_count: usize) -> DurationMs {
    let most_steps = (MAX_STATES / entity_count.max(1)).clamp(1, MAX_STEPS) as i64;
    // Steps are counted from the epoch, so a window may begin and end within one.
    let least_ms = ((window.to_ms - window.from_ms).0 as u64).div_ceil((most_steps - 1).max(1) as u64);
    let least_seconds = least_ms.div_ceil(MS_PER_SECOND as u64) as i64;
    DurationMs(least_seconds.max(resolution_seconds.into()) * MS_PER_SECOND)
}

/// Steps of whole buckets: of the coarsest level that steps of this length have, or of the next one of which there are not
/// too many. None if even days are too many.
fn by_sums(step_ms: DurationMs, window: Window, entity_count: usize) -> Option<BySums> {
    let levels = [Level::FiveMinutes, Level::Hour, Level::Day];
    let is_fine = |level: &Level| level.length_ms().is_some_and(|length_ms| length_ms <= step_ms.0);
    let first = levels.iter().rposition(is_fine).unwrap_or_default();
    levels.into_iter().skip(first).find_map(|level| {
        let length_ms = level.length_ms()? as u64;
        let step_ms = (step_ms.0 as u64).max(1).next_multiple_of(length_ms) as i64;
        let sum_count = states::sums_in(window, level).saturating_mul(entity_count);
        (sum_count <= MAX_SUMS).then(|| BySums {
            grid: StepGrid::new(window, DurationMs(step_ms)),
            level,
            sum_count,
        })
    })
}

#[cfg(test)]
mod tests {
    use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};

    use super::*;

    fn days(days: i64) -> Window {
        Window { from_ms: TimestampMs(0), to_ms: TimestampMs(days * MS_PER_DAY) }
    }

    fn steps(resolution_seconds: i32, window: Window, entity_count: usize) -> Option<(i64, Level)> {
        let chosen = by_sums(step_ms(resolution_seconds, window, entity_count), window, entity_count)?;
        assert!(chosen.grid.count() * entity_count <= MAX_STATES, "{chosen:?}");
        assert!(chosen.sum_count <= MAX_SUMS, "{chosen:?}");
        Some((chosen.grid.step_ms().0 / MS_PER_MINUTE, chosen.level))
    }

    #[test]
    fn steps_are_as_long_as_asked_for_or_as_what_is_read_allows() {
        assert_eq!(steps(120, days(1), 500), Some((5, Level::FiveMinutes)));
        assert_eq!(steps(301, days(1), 500), Some((10, Level::FiveMinutes)));
        assert_eq!(steps(120, days(1), 2_000), Some((60, Level::Hour)));
        assert_eq!(steps(3_600, days(1), 1), Some((60, Level::Hour)));
        assert_eq!(steps(4_000, days(30), 500), Some((120, Level::Hour)));
        assert_eq!(steps(1, days(365), 100), Some((24 * 60, Level::Day)));
        assert_eq!(steps(86_400, days(365), 2_000), None);
    }

    #[test]
    fn there_are_never_more_steps_than_a_chart_has_pixels() {
        let hour = Window { from_ms: TimestampMs(0), to_ms: TimestampMs(MS_PER_HOUR) };
        assert_eq!(step_ms(1, hour, 1), DurationMs(2_000));
        assert_eq!(step_ms(5, hour, 1), DurationMs(5_000));
        // 500 steps of each.
        assert_eq!(step_ms(1, hour, 1_000), DurationMs(8_000));
        assert_eq!(StepGrid::new(days(1), step_ms(1, days(1), 1)).count(), 1_964);
    }
}
