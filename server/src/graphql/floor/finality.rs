//! Whether the figures of a report will stay as they are, found out where somebody asks for it.

use std::sync::Arc;

use async_graphql::{Context, Enum, SimpleObject, parser::types::OperationType};
use domain::window::Window;

use crate::{
    error::ApiError,
    graphql::{
        context::{app, charge_statements, snapshot},
        scalar::{BigInt, DateTime},
    },
    report::{Question, finality},
    store::access::{Scope, SeeFigures},
};

/// How many statements it takes where there are few devices.
const STATEMENTS: usize = 6;

/// Whether figures will stay as they are by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum FinalityState {
    /// They will; a decision or an event that comes later all the same is a restatement.
    Final,
    /// They may change; the reasons say why.
    Provisional,
}

/// Why the figures of a window may still change by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::finality::FinalityReason")]
pub(crate) enum FinalityReason {
    /// The window has not ended; all time never has.
    NotEnded,
    /// It has ended, and what comes late is awaited until `closesAt`.
    NotClosed,
    /// Something was decided that is not in the sums yet.
    DecisionsPending,
    /// A device that reports from it was not heard for 2 minutes.
    DeviceSilent,
    /// In a device that reports from it an event waits for more than a minute.
    DeviceBehind,
    /// Numbers of such a device have not come though higher ones have.
    DeviceHoles,
}

/// Whether the figures of a window will stay as they are by themselves. A live delivery says what was so when it was sent.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Finality {
    /// Whether they will.
    state: FinalityState,
    /// Why they may not; none when they are final.
    reasons: Vec<FinalityReason>,
    /// When the last of the window is closed; null when it is, and of all time.
    closes_at: Option<DateTime>,
    /// How many events of the window's devices are declared lost and will never come. Of those whose time the device knows, only
    /// those that reach into the window.
    lost_events: BigInt,
}

/// What finality is asked of.
#[derive(Clone, Debug)]
pub(crate) struct FinalityOf {
    scope: Scope<SeeFigures>,
    question: Arc<Question>,
    window: Option<Window>,
}

impl FinalityOf {
    /// That of a window, for those whom a question is about.
    pub(crate) fn new(scope: &Scope<SeeFigures>, question: Arc<Question>, window: Option<Window>) -> Self {
        Self { scope: scope.clone(), question, window }
    }

    /// Finds it out.
    pub(crate) async fn find(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        // A subscription outlives every snapshot, so each of its deliveries has one of its own.
        let is_live = ctx.query_env.operation.node.ty == OperationType::Subscription;
        let snapshot = if is_live {
            Arc::new(app(ctx).store.snapshot_for_live().await?)
        } else {
            // A subscription's request never ends, and neither would what it is counted for.
            charge_statements(ctx, STATEMENTS)?;
            snapshot(ctx).await?
        };
        let now_ms = app(ctx).clock.now_ms();
        let Self { scope, question, window } = self;
        let found = finality::of_window(&snapshot, scope, question, *window, now_ms).await?;
        let is_final = found.reasons.is_empty();
        Ok(Finality {
            state: if is_final { FinalityState::Final } else { FinalityState::Provisional },
            reasons: found.reasons.into_iter().map(Into::into).collect(),
            closes_at: found.closes_at_ms.map(DateTime::from_ms),
            lost_events: BigInt(found.lost_events.min(domain::limits::MAX_COUNT)),
        })
    }
}
