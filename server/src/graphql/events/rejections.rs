//! Events that were not stored, counted by what is alike of them.

use async_graphql::{ID, SimpleObject};

use super::outcome::EventIssueCode;
use crate::{
    error::ApiError,
    graphql::scalar::{BigInt, DateTime},
    report::factory,
    store::{
        Snapshot,
        access::Access,
        issues::{self, IssueCount},
    },
};

/// The events of a factory that were not stored, since it was created.
#[derive(SimpleObject)]
pub(crate) struct RejectionReport {
    /// The factory.
    factory_id: ID,
    /// Those that came last first, at most 1 000.
    pub(super) rejections: Vec<RejectionCount>,
    /// How many are in none of them: of more codes, sources and devices than there are counts for.
    other_events: BigInt,
}

/// Events that were not stored for one reason, of one source and sent by one device.
#[derive(SimpleObject)]
pub(crate) struct RejectionCount {
    /// What was wrong with them; those in CONFLICT are kept, see `conflicts`.
    code: EventIssueCode,
    /// The camera or device that saw them, as sent; null when left out.
    source_id: Option<ID>,
    /// The device that sent them; null for a sender that does not number its events.
    device_id: Option<ID>,
    /// How many came. One that is sent again counts again.
    events: BigInt,
    /// When the first came.
    first_at: DateTime,
    /// When the latest came.
    last_at: DateTime,
    /// One of the latest batch, and what is wrong with it, for people.
    example: String,
}

/// What was counted of a factory.
pub(crate) async fn report(
    snapshot: &Snapshot,
    (access, slug): (&Access, &str),
) -> Result<RejectionReport, ApiError> {
    let scope = factory(access, snapshot, slug).await?;
    let factory = scope.factory();
    let counts = issues::list(snapshot, &scope).await?;
    Ok(RejectionReport {
        factory_id: ID(factory.slug.0.clone()),
        rejections: counts.into_iter().map(Into::into).collect(),
        other_events: BigInt(factory.other_issues),
    })
}

impl From<IssueCount> for RejectionCount {
    fn from(count: IssueCount) -> Self {
        Self {
            code: count.code.into(),
            source_id: count.source.map(ID),
            device_id: count.device.map(ID),
            events: BigInt(count.events),
            first_at: DateTime::from_ms(count.first_at_ms),
            last_at: DateTime::from_ms(count.last_at_ms),
            example: count.example,
        }
    }
}
