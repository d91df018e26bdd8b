//! Making a decision: it is kept, and what it is about is counted again, in one transaction.

mod affected;

use std::collections::BTreeMap;

use domain::{
    decision::{
        DecisionKind, ProposedCorrection, StandingRule, changed_meanwhile, judge_note, judge_standing,
        judge_withdrawal,
    },
    id::{EntityId, Revision},
    ledger::Cause,
    time::TimestampMs,
    validate::new_id_fault,
};
use entity::decision_entity;

use self::affected::Affected;
use super::{
    Writer, apply,
    batch::Verdict,
    cache::Cache,
    change::{self, Changes},
    insert,
    ledger::Ledger,
};
use crate::store::{
    commit_log,
    decided::{self, Decided},
    decisions::{
        self, Content, Correction, Decision, MAX_DECIDED_EVENTS, NewDecision, NotDecided, StandingContent,
    },
    engine::{retry::Retries, transaction::Transaction},
    entities::{self, EntityFilter},
    error::Result,
    factories::{self, Factory},
    intern::NameTable,
};

/// How many entities are counted again at a time.
const ENTITIES_AT_ONCE: usize = 64;

/// What a proposal came to.
type Outcome<T> = Result<std::result::Result<T, NotDecided>>;

impl Writer {
    /// Makes a decision, on disk when this returns; the same request again gives the decision that it made. `now_ms` is when.
    ///
    /// # Errors
    /// The database failed.
    pub async fn decide(&mut self, new: &NewDecision, now_ms: TimestampMs) -> Outcome<Decision> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_decide(new, now_ms).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_decide(&mut self, new: &NewDecision, now_ms: TimestampMs) -> Outcome<Decision> {
        let tx = self.store.begin_write().await?;
        let Some(factory) = factories::lock_one(&tx, new.factory_slug.as_str()).await? else {
            return Ok(Err(NotDecided::NoFactory));
        };
        if let Some(made) = decisions::by_request(&tx, factory.id, &new.request_id).await? {
            let is_same = made.made_by == new.made_by
                && made.note == new.note
                && decisions::is_same(&made.content, &new.content);
            return Ok(if is_same { Ok(made) } else { Err(NotDecided::RequestReused(made.number)) });
        }
        if let Err(fault) = judge_note(&new.note) {
            return Ok(Err(NotDecided::Invalid(fault)));
        }
        // A cache is taken out before the work and put back after the commit: an error drops it.
        let mut cache = Cache::of(&tx, &factory, self.caches.remove(&factory.slug)).await?;
        let mut making = Making {
            tx: &tx,
            factory: &factory,
            cache: &mut cache,
            now_ms,
            cause: Cause::Decision(factory.last_decision + 1),
            ledger: Ledger::new(&factory, now_ms),
        };
        let prepared = match making.prepare(new).await? {
            Ok(prepared) => prepared,
            Err(refused) => return Ok(Err(refused)),
        };
        let made = making.make(new, prepared).await?;
        tx.commit().await?;
        cache.revision = made.revision;
        self.put_back(vec![(factory.slug, cache)]);
        Ok(Ok(made))
    }
}

/// A decision in the making.
struct Making<'a> {
    tx: &'a Transaction,
    factory: &'a Factory,
    cache: &'a mut Cache,
    now_ms: TimestampMs,
    cause: Cause,
    /// What it changes of closed buckets.
    ledger: Ledger,
}

/// A decision that may be made.
struct Prepared {
    content: Content,
    /// What it says of entities, without its number.
    rows: Vec<decision_entity::Model>,
    rule: Option<StandingRule>,
    /// The decision that it takes back.
    withdrawn: Option<Decision>,
    affected: Affected,
}

impl Making<'_> {
    /// Judges a proposal and finds out what it is about.
    async fn prepare(&mut self, new: &NewDecision) -> Outcome<Prepared> {
        let number = self.factory.last_decision + 1;
        let mut withdrawn = None;
        let mut rule = None;
        let (content, rows) = match &new.content {
            Content::Correction(correction) => match self.corrected(correction).await? {
                Ok((correction, rows)) => (Content::Correction(correction), rows),
                Err(refused) => return Ok(Err(refused)),
            },
            Content::Standing(standing) => {
                let of = match self.ruled(number, standing).await? {
                    Ok(of) => of,
                    Err(refused) => return Ok(Err(refused)),
                };
                if let Err(fault) = judge_standing(&of) {
                    return Ok(Err(NotDecided::Invalid(fault)));
                }
                rule = Some(of);
                (new.content.clone(), Vec::new())
            }
            Content::Retraction(retraction) => {
                let entity = self.cache.entity(retraction.entity_type, &retraction.entity_code);
                let Some(entity_id) = entity.map(|entity| entity.id) else {
                    return Ok(Err(NotDecided::NoSuchEvent));
                };
                (new.content.clone(), vec![decisions::retraction_row(self.factory.id, entity_id, retraction)])
            }
            Content::Withdrawal(of) => {
                let Some(decision) = decisions::by_number(self.tx, self.factory.id, *of).await? else {
                    return Ok(Err(NotDecided::NoSuchDecision(*of)));
                };
                if let Err(fault) = judge_withdrawal(*of, decision.kind(), decision.withdrawn_by) {
                    return Ok(Err(NotDecided::Invalid(fault)));
                }
                if let Content::Standing(standing) = &decision.content {
                    rule = decided::standing_rule(self.tx, self.factory.id, *of, standing).await?;
                }
                withdrawn = Some(decision);
                (new.content.clone(), decisions::rows_of(self.tx, self.factory.id, *of).await?)
            }
        };
        let affected =
            match affected::find(self.tx, self.factory.id, self.cache, &rows, rule.as_ref()).await? {
                Ok(affected) => affected,
                Err(refused) => return Ok(Err(refused)),
            };
        if affected.events > MAX_DECIDED_EVENTS {
            return Ok(Err(NotDecided::TooManyEvents(affected.events)));
        }
        if let Some(seen) = new.seen_decision {
            let others = decisions::reach_of_later(self.tx, self.factory.id, seen).await?;
            let others = others.iter().map(|(number, reach)| (*number, reach));
            if let Some(number) = changed_meanwhile(&affected.reach, seen, others) {
                return Ok(Err(NotDecided::ChangedMeanwhile(number)));
            }
        }
        Ok(Ok(Prepared { content, rows, rule, withdrawn, affected }))
    }

    /// The rule that a standing is. What it names is registered where it is new: events may name it later.
    async fn ruled(&mut self, number: i32, standing: &StandingContent) -> Outcome<StandingRule> {
        let factory_id = self.factory.id;
        let models = standing.model_version.as_deref().into_iter();
        self.cache.model_versions.resolve(self.tx, NameTable::ModelVersion, factory_id, models).await?;
        let sources = standing.source.as_deref().into_iter();
        self.cache.sources.resolve(self.tx, NameTable::Source, factory_id, sources).await?;
        if let Some(rule) = decided::standing_rule(self.tx, factory_id, number, standing).await? {
            return Ok(Ok(rule));
        }
        let mut names = standing.source.iter().chain(&standing.model_version);
        let faulty = names.find(|name| new_id_fault(name).is_some());
        Ok(Err(faulty.map_or(NotDecided::TooManyNames, |name| NotDecided::InvalidId(name.clone()))))
    }

    /// The entities of a correction, registered where they are new, and what it says of each.
    async fn corrected(&mut self, sent: &Correction) -> Outcome<(Correction, Vec<decision_entity::Model>)> {
        let mut correction = sent.clone();
        if let Some(area) = &sent.area {
            let filter = EntityFilter {
                entity_type: Some(sent.entity_type),
                area: Some(area.as_str()),
                ..EntityFilter::default()
            };
            let in_area = entities::list(self.tx, self.factory.id, filter).await?;
            correction.entity_codes = in_area.into_iter().map(|entity| entity.code).collect();
            if correction.entity_codes.is_empty() {
                return Ok(Err(NotDecided::EmptyArea));
            }
        }
        correction.entity_codes.sort();
        correction.entity_codes.dedup();
        let proposed = ProposedCorrection {
            entities: correction.entity_codes.len(),
            from_ms: TimestampMs(correction.from_ms),
            to_ms: TimestampMs(correction.to_ms),
            state: correction.state,
            units: correction.units,
        };
        if let Err(fault) = proposed.judge(self.now_ms) {
            return Ok(Err(NotDecided::Invalid(fault)));
        }
        let mut rows = Vec::with_capacity(correction.entity_codes.len());
        for code in &correction.entity_codes {
            let is_new = self.cache.entity(correction.entity_type, code).is_none();
            if is_new && new_id_fault(code).is_some() {
                return Ok(Err(NotDecided::InvalidId(code.clone())));
            }
            let entity_id = match self.cache.entity_id(correction.entity_type, code) {
                Ok(entity_id) => entity_id,
                Err(Verdict::EntityLimitReached) => return Ok(Err(NotDecided::EntityLimitReached)),
                Err(_) => return Ok(Err(NotDecided::InvalidId(code.clone()))),
            };
            rows.push(decisions::correction_row(self.factory.id, entity_id, &correction));
        }
        Ok(Ok((correction, rows)))
    }

    /// Keeps a decision and counts again what it is about.
    async fn make(&mut self, new: &NewDecision, prepared: Prepared) -> Result<Decision> {
        let Prepared { content, rows, rule, withdrawn, affected } = prepared;
        let number = self.factory.last_decision + 1;
        let revision = self.factory.revision.next();
        let kind_of_change = withdrawn.as_ref().map_or(content.kind(), Decision::kind);
        let mut after = self.cache.decided.clone();
        after.last_decision = number;
        if let Some(withdrawn) = &withdrawn {
            after.remove(withdrawn.number);
            decisions::withdraw(self.tx, self.factory.id, withdrawn.number, number).await?;
        } else {
            if let Some(rule) = rule {
                after.add_rule(rule);
            }
            let rows = rows.into_iter().map(|row| decision_entity::Model { number, ..row });
            for row in rows.clone() {
                after.add_row(row)?;
            }
            decisions::keep_rows(self.tx, &rows.collect::<Vec<_>>()).await?;
        }
        let decision = Decision {
            number,
            content,
            made_at_ms: self.now_ms,
            made_by: new.made_by.clone(),
            note: new.note.clone(),
            request_id: new.request_id.clone(),
            withdrawn_by: None,
            events: affected.events,
            revision,
        };
        decisions::keep(self.tx, self.factory.id, &decision).await?;
        factories::set_last_decision(self.tx, self.factory.id, number).await?;
        let before = std::mem::replace(&mut self.cache.decided, after.clone());
        let moves_last_seen = !matches!(kind_of_change, DecisionKind::Correction);
        self.count_again((&before, &after), affected, (revision, moves_last_seen)).await?;
        self.ledger.write(self.tx, self.factory.id, revision).await?;
        let at_ms = self.ledger.at_ms();
        if commit_log::is_kept(self.tx) {
            commit_log::append(self.tx, self.factory.id, (revision, at_ms), &[]).await?;
        } else {
            factories::set_committed(self.tx, self.factory.id, revision, at_ms).await?;
        }
        Ok(decision)
    }

    async fn count_again(
        &mut self,
        (before, after): (&Decided, &Decided),
        affected: Affected,
        (revision, moves_last_seen): (Revision, bool),
    ) -> Result<()> {
        let factory_id = self.factory.id;
        // What is not shown any more, or shown though nobody reported it, is no gap in which nothing is stored.
        for entity_id in affected.ranges.keys() {
            if let Some(entity) = self.cache.entities.get_mut(entity_id) {
                entity.hides_events = true;
            }
        }
        let mut ranges: Vec<(EntityId, change::Ranges)> = affected.ranges.into_iter().collect();
        // Workers with all that they tell of workstations, so that a workstation is not counted again for each.
        let told_together = affected.is_told_together;
        let at_once = if told_together { ranges.len().max(1) } else { ENTITIES_AT_ONCE };
        while !ranges.is_empty() {
            let rest = ranges.split_off(ranges.len().min(at_once));
            let some: BTreeMap<EntityId, change::Ranges> = ranges.into_iter().collect();
            ranges = rest;
            let open = affected.open.iter().filter(|(entity_id, _)| some.contains_key(entity_id));
            let open = open.map(|(entity_id, open)| (*entity_id, open.clone())).collect();
            let mut changes =
                change::find_decided(self.tx, factory_id, self.cache, (before, after), some, open).await?;
            // A correction says what somebody did, and not when they were seen.
            for change in changes.by_entity.values_mut() {
                change.see_again = moves_last_seen;
            }
            self.save(&changes, revision).await?;
        }
        Ok(())
    }

    async fn save(&mut self, changes: &Changes<'_>, revision: Revision) -> Result<()> {
        let factory_id = self.factory.id;
        insert(self.tx, factory_id, changes).await?;
        let effects = apply::effects(self.cache, &changes.by_entity, |entity_id, sums| {
            self.ledger.add(&self.cause, entity_id, sums);
        });
        apply::save(self.tx, factory_id, self.cache, effects, |_| revision).await?;
        Ok(())
    }
}
