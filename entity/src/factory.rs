//! One factory. Its row is locked first by whoever writes to the factory.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "factory")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The id that clients use.
    #[sea_orm(unique)]
    pub slug: String,
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// 0 workers, 1 workstations.
    pub units_basis: i16,
    /// In how many minutes a state report is followed by the next one of its series, where it does not say.
    pub state_hold_minutes: i16,
    /// For how many hours after its end a bucket stays open.
    pub finality_grace_hours: i16,
    /// How many workers the least are whose figures together are shown to who sees no single worker.
    pub smallest_team: i16,
    /// Up to when buckets were closed when that was set.
    pub closed_floor: i64,
    /// The instant of the last commit that changed something which a reader can see; it never falls.
    pub committed_at: i64,
    /// The number of the last decision; 0 when there is none.
    pub last_decision: i32,
    /// How many decisions the sums do not follow in every bucket yet.
    pub pending_decisions: i32,
    /// The one of them that is being applied, bucket by bucket.
    pub active_decision: Option<i32>,
    /// The buckets below this one are counted by it.
    pub active_bucket: Option<i64>,
    /// The revision of the last change of a decision, or of how far one is applied.
    pub decided_revision: i64,
    /// Grows with every committed change that a reader can see.
    pub revision: i64,
    /// How many contradictions of stored events are kept.
    pub kept_conflicts: i64,
    /// How many were dropped because there were more.
    pub dropped_conflicts: i64,
    /// How many events were not stored for reasons, of sources and devices that have no count of their own.
    pub other_issues: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
