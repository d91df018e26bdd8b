//! What moved the figures of a window since an instant, cause by cause.

use std::collections::{BTreeMap, HashMap};

use domain::{
    event::EntityType, id::EntityId, metric::FactoryTotals, time::TimestampMs, totals::Totals, window::Window,
};

use super::{super::error::ReportError, as_of, question::Question, team};
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    entities::{self, Entity, EntityFilter},
    factories::Factory,
    restatements::{self, Restatement, for_each_delta},
    rollups,
};

/// The most causes of one answer that are listed one by one: what a person reads. The older ones are one entry.
pub const MAX_LISTED: usize = 200;

/// The most causes that are looked through for one answer: some 100 ms.
pub const MAX_CAUSES: usize = 20_000;

/// What moved the figures of a window.
pub struct RestatementReport {
    /// The factory as it is at this revision.
    pub scope: Scope<SeeFigures>,
    /// Whose figures they are.
    pub question: Question,
    /// The window that was asked for.
    pub window: Window,
    /// Since when causes are told, Unix milliseconds.
    pub since_ms: TimestampMs,
    /// The figures at the instant since when causes are told.
    pub before: Figures,
    /// The oldest causes together, where there are more than are listed.
    pub earlier: Option<Earlier>,
    /// The causes in their order.
    pub restatements: Vec<Restated>,
    /// How many rows were read for it.
    pub rows_read: usize,
}

/// Causes that are not listed one by one.
pub struct Earlier {
    /// How many.
    pub count: usize,
    /// By how much they changed the sums.
    pub delta: Totals,
    /// The figures after the last of them.
    pub after: Figures,
}

/// A cause and what it changed.
pub struct Restated {
    /// Which.
    pub restatement: Restatement,
    /// By how much it changed the sums.
    pub delta: Totals,
    /// The figures after it.
    pub after: Figures,
}

/// The figures of those that are asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Their sums, with the units that count.
    pub totals: Totals,
    /// The plain mean of their utilizations, in percent.
    pub average_utilization: Option<f64>,
}

/// Reads what moved the figures of a window since an instant; none is since it was closed, as far back as that is kept.
///
/// # Errors
/// The window is not possible or has no two ends, something of it was open at the instant, there are too many causes, or the
/// database failed.
pub async fn since(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: Question,
    since_ms: Option<TimestampMs>,
    now_ms: TimestampMs,
) -> Result<RestatementReport, ReportError> {
    team::check(scope, &question)?;
    let factory = scope.factory();
    let window = question.window.resolve(factory.time_zone, now_ms)?;
    let since_ms = match since_ms {
        Some(since_ms) => since_ms,
        None => as_of::earliest(snapshot, scope, window, now_ms).await?,
    };
    let window = as_of::judge(snapshot, scope, (window, since_ms), now_ms).await?;
    let causes = restatements::since(snapshot, scope, since_ms, window).await?;
    if causes.len() > MAX_CAUSES {
        return Err(ReportError::TooManyCauses(causes.len()));
    }
    let filter = EntityFilter { area: question.area.as_deref(), ..question.filter() };
    let asked = entities::list(snapshot, scope, filter).await?;
    let places: HashMap<EntityId, usize> = asked.iter().map(|entity| entity.id).zip(0..).collect();
    let ids: Vec<EntityId> = asked.iter().map(|entity| entity.id).collect();
    let now = rollups::totals(snapshot, scope, Some(window), Some(&ids)).await?;
    let mut side = Side {
        factory,
        entity_type: question.entity_type,
        totals: asked.iter().map(|entity| now.get(&entity.id).copied().unwrap_or_default()).collect(),
        asked: &asked,
    };
    let mut deltas: BTreeMap<usize, BTreeMap<usize, Totals>> = BTreeMap::new();
    let rows_read = for_each_delta(snapshot, scope, &causes, window, |cause, entity_id, _, delta| {
        // Judged bucket by bucket: what cancels over several has moved all the same.
        if let Some(place) = places.get(&entity_id)
            && !side.part(asked[*place].entity_type, delta).is_zero()
        {
            *deltas.entry(cause).or_default().entry(*place).or_default() += delta;
        }
    })
    .await?;
    // Back to what was, and then on again from cause to cause.
    for (place, delta) in deltas.values().flatten() {
        side.totals[*place] += -*delta;
    }
    let before = side.figures();
    let unlisted = deltas.len().saturating_sub(MAX_LISTED);
    let mut figures = before;
    let mut earlier: Option<Earlier> = None;
    let mut restated = Vec::with_capacity(deltas.len() - unlisted);
    for (number, (cause, of_cause)) in deltas.iter().enumerate() {
        for (place, delta) in of_cause {
            side.totals[*place] += *delta;
        }
        if number + 1 < unlisted {
            continue;
        }
        let after = side.figures();
        let delta = after.totals - figures.totals;
        if number + 1 == unlisted {
            earlier = Some(Earlier { count: unlisted, delta, after });
        } else {
            restated.push(Restated { restatement: causes[*cause].clone(), delta, after });
        }
        figures = after;
    }
    let rows_read = rows_read + causes.len() + asked.len();
    Ok(RestatementReport {
        scope: scope.clone(),
        question,
        window,
        since_ms,
        before,
        earlier,
        restatements: restated,
        rows_read,
    })
}

/// The side of a factory that is asked about.
struct Side<'a> {
    factory: &'a Factory,
    entity_type: Option<EntityType>,
    asked: &'a [Entity],
    /// The sums of each, in the order of the list.
    totals: Vec<Totals>,
}

impl Side<'_> {
    /// What of somebody's sums is in the figures.
    fn part(&self, entity_type: EntityType, totals: Totals) -> Totals {
        let totals = Totals { events: 0, ..totals };
        match (self.entity_type, entity_type) {
            (Some(_), _) => totals,
            (None, EntityType::Worker) => self.factory.units_basis.apply(totals, Totals::default()),
            (None, EntityType::Workstation) => self.factory.units_basis.apply(Totals::default(), totals),
        }
    }

    fn figures(&self) -> Figures {
        let of = |entity_type: EntityType| {
            let with_type = self.asked.iter().zip(&self.totals);
            let of_type = with_type.filter(move |(entity, _)| entity.entity_type == entity_type);
            of_type.map(|(_, totals)| Totals { events: 0, ..*totals })
        };
        let (workers, workstations) = (of(EntityType::Worker), of(EntityType::Workstation));
        // The mean is that of the side which stands first.
        let (figures, totals) = match self.entity_type {
            Some(EntityType::Workstation) => {
                let figures = FactoryTotals::new(workstations, []);
                (figures, figures.workers)
            }
            Some(EntityType::Worker) => {
                let figures = FactoryTotals::new(workers, []);
                (figures, figures.workers)
            }
            None => {
                let figures = FactoryTotals::new(workers, workstations);
                (figures, self.factory.units_basis.apply(figures.workers, figures.workstations))
            }
        };
        Figures { totals, average_utilization: figures.average_utilization() }
    }
}
