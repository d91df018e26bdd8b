//! What comes too often for a row each: it is counted, and written down once a minute.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use domain::{event::EntityType, id::FactoryId, time::TimestampMs, window::day_holding};
use tokio::time::MissedTickBehavior;

use super::{AccessControl, control::Shared, looks::Looks, refusals::Refusals, subjects::Subjects};
use crate::store::{
    Result, Store,
    access::{Access, AccessError, Author, Holder, SeePeople},
    audit_log::AuditAction,
    entities::{self, EntityFilter},
    factories::Factory,
    personal_access::{AccessQuestion, Subject},
};

/// How often what was counted is written down.
const WRITE_INTERVAL: Duration = Duration::from_mins(1);

/// What was counted since it was last written down.
#[derive(Default)]
pub(super) struct Written {
    pub(super) refusals: Refusals,
    pub(super) looks: Looks,
    pub(super) subjects: Subjects,
}

impl Written {
    /// Writes it down.
    ///
    /// # Errors
    /// The database failed, and what could not be written is counted on.
    pub(super) async fn write_down(&self, store: &Store, now_ms: TimestampMs) -> Result<()> {
        let refusals = self.refusals.write_down(store).await;
        let looks = self.looks.write_down(store, now_ms).await;
        self.subjects.forget_past(now_ms);
        refusals.and(looks)
    }

    /// Writes it down again and again, for as long as somebody else has the database.
    pub(super) async fn keep_writing(self: Arc<Self>, shared: Weak<Shared>) {
        let mut ticks = tokio::time::interval(WRITE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(shared) = shared.upgrade() else { return };
            if let Err(error) = self.write_down(&shared.store, shared.clock.now_ms()).await {
                tracing::debug!(%error, "what was refused and looked at cannot be written down now");
            }
        }
    }
}

impl AccessControl {
    /// Counts for the audit log that somebody asked for a field which they may not.
    pub(crate) fn note_denied(&self, author: &Author, factory_id: Option<FactoryId>, field: &str) {
        self.written.refusals.note(author, factory_id, AuditAction::Denied, field);
    }

    /// Takes note that somebody asks something about workers of a factory. They may be answered only when this has succeeded.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn note_look(
        &self,
        holder: &Holder,
        factory: &Factory,
        question: AccessQuestion,
        workers: impl Iterator<Item = &str>,
    ) -> Result<()> {
        let now_ms = self.shared.clock.now_ms();
        let looks = &self.written.looks;
        looks.note(&self.shared.store, (holder, factory), (question, now_ms), workers).await
    }

    /// As [`Self::note_look`], of a subscription: until when it need not be told again.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn note_subject(&self, access: &Access, subject: &Subject) -> Result<TimestampMs> {
        let Some(holder) = access.holder() else { return Ok(TimestampMs::MAX) };
        let (subjects, now_ms) = (&self.written.subjects, self.shared.clock.now_ms());
        if let Some(until_ms) = subjects.until(holder.principal_id, subject, now_ms) {
            return Ok(until_ms);
        }
        let snapshot = self.shared.store.snapshot_for_live().await?;
        let scope = match access.open::<SeePeople>(&snapshot, &subject.factory_slug).await {
            Ok(scope) => scope,
            Err(AccessError::Store(error)) => return Err(error),
            // They see nobody but themselves.
            Err(AccessError::NotFound | AccessError::Forbidden(_)) => return Ok(TimestampMs::MAX),
        };
        let filter = EntityFilter {
            entity_type: Some(EntityType::Worker),
            codes: subject.workers.as_deref(),
            area: subject.area.as_deref(),
            ..EntityFilter::default()
        };
        let workers = entities::list(&snapshot, &scope, filter).await?;
        drop(snapshot);
        let codes = workers.iter().map(|worker| worker.code.as_str());
        self.note_look(holder, scope.factory(), subject.question, codes).await?;
        let (_, today) = day_holding(scope.factory().time_zone, now_ms);
        subjects.keep(holder.principal_id, subject, today.to_ms);
        Ok(today.to_ms)
    }

    /// Writes down what was only counted until now, of what was refused and of what was asked about workers.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write_down(&self) -> Result<()> {
        self.written.write_down(&self.shared.store, self.shared.clock.now_ms()).await
    }
}
