//! What many workers or workstations were doing, step by step.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};

use super::finality::{Finality, FinalityOf};
use crate::{
    error::ApiError,
    graphql::{factories::EntityType, scalar::BigInt, window::Window},
    report::states::States,
};

/// What many workers or workstations were doing, step by step. Steps are counted from 1970 in UTC; the first and the last are
/// cut at the window.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct TimelineReport {
    /// The factory.
    factory_id: ID,
    /// The window that was cut.
    window: Window,
    /// How long steps are that are not cut: as asked for, or longer where there would be more than 2 000 steps of one, more
    /// than 500 000 of all, or too much to read. From 300 on it is a multiple of 300, 3 600 or 86 400.
    resolution_seconds: i32,
    /// The revision that this is the state of.
    revision: BigInt,
    /// Those that were observed in the window, in the order of their ids.
    timelines: Vec<EntityTimeline>,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl TimelineReport {
    /// Whether they will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

/// What one worker or workstation was doing, step by step.
#[derive(SimpleObject)]
pub(crate) struct EntityTimeline {
    /// Worker or workstation.
    entity_type: EntityType,
    /// As sent.
    entity_id: ID,
    /// A letter for each step up to the last in which anything was observed: W working, I idle, A absent, whichever has the
    /// most counted time in the step, of equal times the first of these; - nothing observed.
    states: String,
}

impl From<States> for TimelineReport {
    fn from(states: States) -> Self {
        let timelines = states.entities.into_iter().map(|(entity, letters)| EntityTimeline {
            entity_type: entity.entity_type.into(),
            entity_id: ID(entity.code),
            states: letters,
        });
        Self {
            of: FinalityOf::new(&states.scope, Arc::new(states.question), Some(states.window)),
            factory_id: ID(states.scope.factory().slug.0.clone()),
            window: states.window.into(),
            resolution_seconds: i32::try_from(states.step_ms.0 / 1_000).unwrap_or(i32::MAX),
            revision: BigInt(states.scope.factory().revision.0),
            timelines: timelines.collect(),
        }
    }
}
