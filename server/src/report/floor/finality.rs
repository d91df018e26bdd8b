//! Whether the figures of a window will stay as they are, and why not.

use domain::{
    closing::{closes_at, is_closed, mark_at},
    device::Condition,
    finality::{Facts, FinalityReason},
    id::EntityId,
    sequence::SequenceSet,
    time::{DurationMs, TimestampMs},
    window::{Window, day_holding},
};

use super::{super::error::ReportError, question::Question};
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    closings,
    devices::{self, ClosedReason, DeviceRecord},
    entities::{self, EntityFilter},
    origins,
};

/// How many devices are read at a time: each may have hundreds of kilobytes, of which few are needed.
const DEVICES_AT_A_TIME: usize = 100;

/// Whether the figures of a window are final.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finality {
    /// Why they are not; they are where there is no reason.
    pub reasons: Vec<FinalityReason>,
    /// When the last bucket will be closed, Unix milliseconds; none where it is, or never will be.
    pub closes_at_ms: Option<TimestampMs>,
    /// How many events will never come.
    pub lost_events: i64,
}

/// Finds out whether the figures of a window are final.
///
/// # Errors
/// The database failed.
pub async fn of_window(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    window: Option<Window>,
    now_ms: TimestampMs,
) -> Result<Finality, ReportError> {
    let graces = closings::all(snapshot, scope).await?;
    let mark_ms = mark_at(&graces, scope.factory().instant(now_ms));
    let mut facts = Facts {
        now_ms,
        ends_ms: window.map(|window| window.to_ms),
        mark_ms,
        has_pending_decisions: scope.factory().pending_decisions > 0,
        devices: Vec::new(),
    };
    let lost_events = add_devices(snapshot, scope, question, window, &mut facts.devices).await?;
    let open = facts.ends_ms.filter(|ends_ms| !mark_ms.is_some_and(|mark_ms| is_closed(*ends_ms, mark_ms)));
    Ok(Finality {
        reasons: facts.reasons(),
        closes_at_ms: open.and_then(|ends_ms| closes_at(&graces, ends_ms)),
        lost_events,
    })
}

/// Adds how the devices are doing that a window concerns; answers with how many of their events are lost.
async fn add_devices(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    window: Option<Window>,
    conditions: &mut Vec<Condition>,
) -> Result<i64, ReportError> {
    let days = window.map_or((i64::MIN, i64::MAX), |window| {
        let day = |instant_ms| day_holding(scope.factory().time_zone, instant_ms).0;
        (day(window.from_ms) - 1, day(window.to_ms - DurationMs(1)))
    });
    let ids = if question.is_selective() || question.entity_type.is_some() {
        let filter = EntityFilter { area: question.area.as_deref(), ..question.filter() };
        let asked = entities::list(snapshot, scope, filter).await?;
        Some(asked.into_iter().map(|entity| entity.id).collect::<Vec<EntityId>>())
    } else {
        None
    };
    let codes = origins::devices(snapshot, scope, days, ids.as_deref()).await?;
    let mut lost_events = 0_i64;
    for some in codes.chunks(DEVICES_AT_A_TIME) {
        for device in devices::list(snapshot, scope, some).await? {
            lost_events = lost_events.saturating_add(lost(&device, window));
            conditions.push(device.condition());
        }
    }
    Ok(lost_events)
}

/// How many events a device has declared lost that may start in a window; of those whose time it does not know, all.
fn lost(device: &DeviceRecord, window: Option<Window>) -> i64 {
    let reaches_in = |from_ms: Option<TimestampMs>, to_ms: Option<TimestampMs>| {
        window.is_none_or(|window| {
            from_ms.is_none_or(|from_ms| from_ms < window.to_ms)
                && to_ms.is_none_or(|to_ms| to_ms >= window.from_ms)
        })
    };
    let of_epochs = device.epochs.values().map(|epoch| {
        let lost = epoch.closed.iter().filter(|closed| closed.reason == ClosedReason::Lost);
        let lost: SequenceSet =
            lost.filter(|lost| reaches_in(lost.from_ms, lost.to_ms)).map(|lost| lost.range).collect();
        lost.difference(&epoch.stored()).count()
    });
    of_epochs.fold(0, i64::saturating_add)
}
