//! Why a question about a factory has no answer.

use domain::{
    access::{Permission, Role},
    event::EntityType,
    time::TimestampMs,
    validate::excerpt,
    window::WindowError,
};

use super::floor::{
    limits::{MAX_IDS, MAX_POINTS, MAX_RESOLUTION_SECONDS, MAX_SUMS},
    restatements::MAX_CAUSES,
};
use crate::store::{StoreError, source_events::LIMITS};

/// Why a question about a factory has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no factory with this slug.
    #[error("there is no factory \"{}\"", excerpt(.0))]
    FactoryNotFound(String),
    /// Whoever asks may do other things in the factory.
    #[error("{}", forbidden(*permission, slug))]
    Forbidden {
        /// What they may not do.
        permission: Permission,
        /// The factory.
        slug: String,
    },
    /// There is no such worker or workstation.
    #[error("there is no {} \"{}\"; its first event or updateEntities registers it", noun(*entity_type), excerpt(code))]
    EntityNotFound {
        /// Worker or workstation.
        entity_type: EntityType,
        /// The id as sent.
        code: String,
    },
    /// The window or its steps are not possible.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The window is not one of those that somebody may ask for who sees no single worker.
    #[error(
        "who may not see what single workers did asks for windows and steps of whole hours: a period, a day, or a range from a whole \
         hour to another, in steps of HOUR or DAY"
    )]
    NotWholeHours,
    /// All time has no steps and no timeline.
    #[error("a {0} needs a window with two ends; all time has none")]
    UnboundedWindow(&'static str),
    /// The question names too many workers or workstations.
    #[error("{0} ids are too many: name at most {MAX_IDS}, or leave the list out to ask for all")]
    TooManyIds(usize),
    /// The answer would be too long.
    #[error(
        "{step_count} steps of {entity_count} entities are {} points, but at most {MAX_POINTS} are answered; \
         choose a coarser resolution, a shorter window, or fewer entities by entityIds or area",
        step_count * entity_count
    )]
    TooManyPoints {
        /// The steps of the window.
        step_count: usize,
        /// The workers or workstations asked about.
        entity_count: usize,
    },
    /// More events start within five minutes than are looked through.
    #[error(
        "more than {} events start within five minutes, too many to look through; ask for an earlier or later window",
        LIMITS.events
    )]
    TooManyEvents,
    /// Too many sources see the same at once.
    #[error(
        "too many sources see the same workers and workstations at once to compare them all; ask for a shorter window"
    )]
    TooManyComparisons,
    /// Steps cannot be of this length.
    #[error("a resolution of {0} seconds is not possible: it is from 1 to {MAX_RESOLUTION_SECONDS}")]
    Resolution(i32),
    /// The states of so many would be read from too much, however long their steps.
    #[error(
        "the timelines of {0} entities in this window take more than {MAX_SUMS} sums, which is more than are read at once; \
         choose a shorter window, or fewer entities by entityIds or area"
    )]
    TooManySums(usize),
    /// What was known at an instant that is still to come.
    #[error(
        "{} is still to come, it is {} now; ask as of an instant that has passed",
        written(*at_ms),
        written(*now_ms)
    )]
    AsOfInFuture {
        /// The instant.
        at_ms: TimestampMs,
        /// Now.
        now_ms: TimestampMs,
    },
    /// Something of a window was open at an instant, or nobody remembers it.
    #[error("{}", too_early(*at_ms, *from_ms))]
    AsOfTooEarly {
        /// The instant.
        at_ms: TimestampMs,
        /// From which instant on it can be told; none for all time.
        from_ms: Option<TimestampMs>,
    },
    /// Too much moved.
    #[error(
        "{0} causes have moved this window since then, but at most {MAX_CAUSES} are looked through; ask for a shorter window, or          since a later instant"
    )]
    TooManyCauses(usize),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why somebody may not do something, and what it would take.
pub(crate) fn forbidden(permission: Permission, slug: &str) -> String {
    let roles: Vec<&str> = permission.roles().map(Role::name).collect();
    format!(
        "you may not {} in the factory \"{}\": that takes the role {} there; who administers it can grant it",
        permission.words(),
        excerpt(slug),
        roles.join(" or ")
    )
}

fn written(instant_ms: TimestampMs) -> String {
    domain::instant::to_rfc3339(instant_ms.0)
}

fn too_early(at_ms: TimestampMs, from_ms: Option<TimestampMs>) -> String {
    let at = written(at_ms);
    match from_ms {
        None => "all time is never closed, so it cannot be told what it was; ask for a window with two ends"
            .to_owned(),
        Some(from_ms) if at_ms < from_ms => format!(
            "as of {at} this window cannot be told: it was not closed then, or that is longer ago than 400 days; it can be asked as \
             of {} and later, and any time without asOf",
            written(from_ms)
        ),
        Some(_) => format!("as of {at} this window cannot be told any more; ask without asOf"),
    }
}

fn noun(entity_type: EntityType) -> &'static str {
    match entity_type {
        EntityType::Worker => "worker",
        EntityType::Workstation => "workstation",
    }
}
