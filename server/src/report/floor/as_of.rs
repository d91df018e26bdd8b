//! Whether it can be told what was answered at an instant.

use domain::{
    closing::{Grace, KEPT_FOR_MS, closes_at, is_closed, mark_at},
    time::TimestampMs,
    window::Window,
};

use super::super::error::ReportError;
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    as_of::Later,
    closings,
};

/// What was changed later in a window, of which everything was closed at an instant.
///
/// # Errors
/// As those of [`judge`].
pub(super) async fn later(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    (window, at_ms): (Option<Window>, TimestampMs),
    now_ms: TimestampMs,
) -> Result<Later, ReportError> {
    let window = judge(snapshot, scope, (window, at_ms), now_ms).await?;
    Ok(Later::read(snapshot, scope, at_ms, window).await?)
}

/// Judges whether it can be told what was answered about a window at an instant; answers with the window.
///
/// # Errors
/// The instant is still to come, something of the window was open then, it is too long ago, or the database failed.
pub(super) async fn judge(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    (window, at_ms): (Option<Window>, TimestampMs),
    now_ms: TimestampMs,
) -> Result<Window, ReportError> {
    let now_ms = scope.factory().instant(now_ms);
    if at_ms > now_ms {
        return Err(ReportError::AsOfInFuture { at_ms, now_ms });
    }
    let window = window.ok_or(ReportError::AsOfTooEarly { at_ms, from_ms: None })?;
    let graces = closings::all(snapshot, scope).await?;
    let was_closed = mark_at(&graces, at_ms).is_some_and(|mark_ms| is_closed(window.to_ms, mark_ms));
    if !was_closed || at_ms < now_ms - KEPT_FOR_MS {
        return Err(ReportError::AsOfTooEarly { at_ms, from_ms: from_ms(&graces, window, now_ms) });
    }
    Ok(window)
}

/// The first instant as of which it can be told what was answered about a window: when it was closed, or, if that is too long ago,
/// the earliest of which anything is kept.
///
/// # Errors
/// Something of the window is still open, or the database failed.
pub(super) async fn earliest(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    window: Option<Window>,
    now_ms: TimestampMs,
) -> Result<TimestampMs, ReportError> {
    let now_ms = scope.factory().instant(now_ms);
    let window = window.ok_or(ReportError::AsOfTooEarly { at_ms: now_ms, from_ms: None })?;
    let graces = closings::all(snapshot, scope).await?;
    let from_ms = from_ms(&graces, window, now_ms);
    from_ms.filter(|from_ms| *from_ms <= now_ms).ok_or(ReportError::AsOfTooEarly { at_ms: now_ms, from_ms })
}

fn from_ms(graces: &[Grace], window: Window, now_ms: TimestampMs) -> Option<TimestampMs> {
    closes_at(graces, window.to_ms).map(|closes_ms| closes_ms.max(now_ms - KEPT_FOR_MS))
}
