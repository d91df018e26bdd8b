//! By which decisions each five-minute bucket is counted. They are the same ones everywhere, but while one of them is being
//! applied: the buckets below a boundary are counted by it then, and those from there on are not.

use domain::{
    bucket::{BUCKET_MS, bucket_of},
    decision::StandingRule,
    id::{EntityId, FactoryId, ModelVersionId, SourceId},
    time::TimestampMs,
    timeline::Correction,
};
use entity::{decision_entity, factory};
use sea_orm::{ConnectionTrait, EntityTrait as _, QuerySelect as _};

use super::{decided::Decided, error::Result, factories::Factory};

/// The bucket after the last that can hold anything.
pub(super) const END_BUCKET: i64 = 1 << 39;

/// The decision that is being applied, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// Its number.
    pub number: i32,
    /// The buckets below this one are counted by it.
    pub bucket: i64,
}

impl Active {
    /// Of the columns of a factory.
    pub(super) fn of_columns(number: Option<i32>, bucket: Option<i64>) -> Option<Self> {
        Some(Self { number: number?, bucket: bucket? })
    }
}

/// By which decisions the buckets of a factory are counted, as far as they are about some entities or about all.
#[derive(Clone, Debug, Default)]
pub(super) struct Applied {
    /// The number of the last decision that is known.
    last_decision: i32,
    /// All that any bucket is counted by.
    all: Decided,
    active: Option<Active>,
    /// All but the active one.
    others: Decided,
}

/// A span of time in which all buckets are counted by the same decisions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region<'a> {
    pub(super) span: Span,
    pub(super) decided: &'a Decided,
}

/// Whole buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The first.
    pub(super) first: i64,
    /// The one after the last.
    pub(super) end: i64,
}

impl Span {
    /// All buckets.
    pub(super) const ALL: Self = Self { first: i64::MIN, end: i64::MAX };

    pub(super) fn is_empty(self) -> bool {
        self.first >= self.end
    }

    /// What both have.
    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), end: self.end.min(other.end) }
    }

    /// Whether an instant lies in it.
    pub(super) fn holds(self, at_ms: TimestampMs) -> bool {
        (self.first..self.end).contains(&bucket_of(at_ms))
    }

    /// From when to when it is.
    pub(super) fn range(self) -> (TimestampMs, TimestampMs) {
        (starts_ms(self.first), starts_ms(self.end))
    }

    /// What of a range of time lies in it; none if nothing does.
    pub(super) fn cut(self, range: (TimestampMs, TimestampMs)) -> Option<(TimestampMs, TimestampMs)> {
        let (from_ms, to_ms) = self.range();
        let cut = (range.0.max(from_ms), range.1.min(to_ms));
        (cut.0 < cut.1).then_some(cut)
    }
}

/// When a bucket begins.
pub(super) fn starts_ms(bucket: i64) -> TimestampMs {
    TimestampMs(bucket.saturating_mul(BUCKET_MS))
}

impl Applied {
    /// Reads it, of all entities or of those that are named.
    pub(super) async fn read(
        conn: &impl ConnectionTrait,
        factory_id: FactoryId,
        entity_ids: Option<&[EntityId]>,
    ) -> Result<Self> {
        use factory::Column;
        let columns: Option<(i32, Option<i32>, Option<i64>)> = factory::Entity::find_by_id(factory_id.0)
            .select_only()
            .columns([Column::LastDecision, Column::ActiveDecision, Column::ActiveBucket])
            .into_tuple()
            .one(conn)
            .await?;
        // Most factories have no decision.
        let Some((last_decision @ 1.., number, bucket)) = columns else { return Ok(Self::default()) };
        let all = Decided::read(conn, factory_id, entity_ids).await?;
        Ok(Self::new(last_decision, all, Active::of_columns(number, bucket)))
    }

    /// Of what any bucket is counted by, with the number of the last decision and the one of them that is being applied.
    pub(super) fn new(last_decision: i32, all: Decided, active: Option<Active>) -> Self {
        let mut applied = Self { last_decision, all, ..Self::default() };
        applied.set_active(active);
        applied
    }

    /// Whether it is what a factory says.
    pub(super) fn is_of(&self, factory: &Factory) -> bool {
        self.last_decision == factory.last_decision && self.active == factory.active
    }

    /// The spans of time in which all buckets are counted alike, in their order.
    pub(super) fn regions(&self) -> impl Iterator<Item = Region<'_>> {
        let boundary = self.active.map(|active| active.bucket);
        let below = Span { end: boundary.unwrap_or(i64::MAX), ..Span::ALL };
        let below = Region { span: below, decided: &self.all };
        let others =
            boundary.map(|first| Region { span: Span { first, ..Span::ALL }, decided: &self.others });
        std::iter::once(below).chain(others)
    }

    /// What is decided of an event that starts then.
    pub(super) fn at(&self, started_at_ms: TimestampMs) -> &Decided {
        match self.active {
            Some(active) if active.bucket <= bucket_of(started_at_ms) => &self.others,
            _ => &self.all,
        }
    }

    /// The end of the last span of time before an instant, or up to it, in which events of a source and a model version serve that
    /// start in it and are not retracted; none if they serve nowhere before the instant.
    pub(super) fn serving_until(
        &self,
        source: Option<SourceId>,
        model_version: Option<ModelVersionId>,
        before_ms: TimestampMs,
    ) -> Option<TimestampMs> {
        let regions = self.regions().filter_map(|Region { span, decided }| {
            let (from_ms, to_ms) = span.range();
            let until_ms = decided.serving_until(source, model_version, before_ms.min(to_ms))?;
            (until_ms > from_ms).then_some(until_ms)
        });
        regions.last()
    }

    /// What the buckets below the boundary are counted by, and what the others are.
    pub(super) fn sides(&self) -> (&Decided, &Decided) {
        (&self.all, if self.active.is_some() { &self.others } else { &self.all })
    }

    /// All corrections by which any bucket is counted.
    pub(super) fn all_corrections(&self) -> impl Iterator<Item = (EntityId, &Correction)> {
        self.all.all_corrections()
    }

    /// Takes note of a decision.
    pub(super) fn set_last_decision(&mut self, number: i32) {
        self.last_decision = number;
    }

    /// Adds what a decision says.
    pub(super) fn add(
        &mut self,
        rule: Option<StandingRule>,
        rows: impl IntoIterator<Item = decision_entity::Model>,
    ) -> Result<()> {
        if let Some(rule) = rule {
            self.all.add_rule(rule);
        }
        for row in rows {
            self.all.add_row(row)?;
        }
        self.set_active(self.active);
        Ok(())
    }

    /// Forgets a decision.
    pub(super) fn remove(&mut self, number: i32) {
        self.all.remove(number);
        self.set_active(self.active.filter(|active| active.number != number));
    }

    /// Sets which decision is being applied, which is one of those that are known, and how far it is.
    pub(super) fn set_active(&mut self, active: Option<Active>) {
        self.active = active;
        self.others = Decided::default();
        if let Some(active) = active {
            self.others = self.all.clone();
            self.others.remove(active.number);
        }
    }
}
