//! Making a decision: it is kept, and what it is about is counted again in the same transaction, or, where that is too much, slice
//! by slice in later ones.

mod applying;
mod pending;
mod reported;
mod ruled;
mod slice;
mod slice_size;

use domain::{
    decision::{
        ProposedCorrection, Reach, StandingRule, changed_meanwhile, judge_note, judge_standing,
        judge_withdrawal,
    },
    id::{EntityId, FactoryId},
    time::TimestampMs,
    validate::new_id_fault,
};
use entity::decision_entity;
use serde_json::json;

pub use self::pending::SliceApplied;
pub(in crate::store) use self::ruled::matching_example;
pub(super) use self::slice_size::SliceSize;
use self::{applying::Applying, slice::About};
use super::{Writer, batch::Verdict, cache::Cache};
use crate::store::{
    audit_log::{self, AuditAction, Record},
    decided,
    decisions::{self, Content, Correction, Decision, NewDecision, NotDecided, Progress, StandingContent},
    engine::retry::Retries,
    entities::{self, EntityFilter},
    error::Result,
    factories,
    intern::NameTable,
};

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
            let is_same = *made.made_by == *new.author.name
                && made.note == new.note
                && decisions::is_same(&made.content, &new.content);
            return Ok(if is_same { Ok(made) } else { Err(NotDecided::RequestReused(made.number)) });
        }
        if let Err(fault) = judge_note(&new.note) {
            return Ok(Err(NotDecided::Invalid(fault)));
        }
        // A cache is taken out before the work and put back after the commit: an error drops it.
        let mut cache = Cache::of(&tx, &factory, self.caches.remove(&factory.slug)).await?;
        let applying = Applying::new(&tx, &factory, &mut cache, (now_ms, self.slice_size));
        let mut making = Making { applying, now_ms };
        let prepared = match making.prepare(new).await? {
            Ok(prepared) => prepared,
            Err(refused) => return Ok(Err(refused)),
        };
        let made = making.make(new, prepared).await?;
        audit_log::append(&tx, &new.author, done(factory.id, &made)).await?;
        tx.commit().await?;
        cache.revision = made.revision;
        self.put_back(vec![(factory.slug, cache)]);
        Ok(Ok(made))
    }
}

/// A decision in the making.
struct Making<'a> {
    applying: Applying<'a>,
    now_ms: TimestampMs,
}

/// A decision that may be made.
struct Prepared {
    content: Content,
    /// What it is about, without its number; of one that takes another back, what that one is about.
    about: About,
    /// The decision that it takes back.
    withdrawn: Option<Decision>,
}

impl Making<'_> {
    /// Judges a proposal and finds out what it is about.
    async fn prepare(&mut self, new: &NewDecision) -> Outcome<Prepared> {
        let number = self.applying.factory.last_decision + 1;
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
                let entity = self.applying.cache.entity(retraction.entity_type, &retraction.entity_code);
                let Some(entity_id) = entity.map(|entity| entity.id) else {
                    return Ok(Err(NotDecided::NoSuchEvent));
                };
                (
                    new.content.clone(),
                    vec![decisions::retraction_row(self.applying.factory.id, entity_id, retraction)],
                )
            }
            Content::Withdrawal(of) => {
                let Some(decision) =
                    decisions::by_number(self.applying.tx, self.applying.factory.id, *of).await?
                else {
                    return Ok(Err(NotDecided::NoSuchDecision(*of)));
                };
                if let Err(fault) = judge_withdrawal(*of, decision.kind(), decision.withdrawn_by) {
                    return Ok(Err(NotDecided::Invalid(fault)));
                }
                if let Content::Standing(standing) = &decision.content {
                    rule = decided::standing_rule(self.applying.tx, self.applying.factory.id, *of, standing)
                        .await?;
                }
                withdrawn = Some(decision);
                (
                    new.content.clone(),
                    decisions::rows_of(self.applying.tx, self.applying.factory.id, *of).await?,
                )
            }
        };
        for row in rows.iter().filter(|row| row.retracted_type.is_some() && withdrawn.is_none()) {
            if slice::retracted_reports(self.applying.tx, self.applying.factory.id, row).await?.is_empty() {
                return Ok(Err(NotDecided::NoSuchEvent));
            }
        }
        let about = rule.map_or(About::Entities(rows), About::Events);
        if let Some(seen) = new.seen_decision {
            let others = decisions::reach_of_later(self.applying.tx, self.applying.factory.id, seen).await?;
            let others = others.iter().map(|(number, reach)| (*number, reach));
            if let Some(number) = changed_meanwhile(&reach_of(&about), seen, others) {
                return Ok(Err(NotDecided::ChangedMeanwhile(number)));
            }
        }
        Ok(Ok(Prepared { content, about, withdrawn }))
    }

    /// The rule that a standing is. What it names is registered where it is new: events may name it later.
    async fn ruled(&mut self, number: i32, standing: &StandingContent) -> Outcome<StandingRule> {
        let factory_id = self.applying.factory.id;
        let models = standing.model_version.as_deref().into_iter();
        self.applying
            .cache
            .model_versions
            .resolve(self.applying.tx, NameTable::ModelVersion, factory_id, models)
            .await?;
        let sources = standing.source.as_deref().into_iter();
        self.applying.cache.sources.resolve(self.applying.tx, NameTable::Source, factory_id, sources).await?;
        if let Some(rule) = decided::standing_rule(self.applying.tx, factory_id, number, standing).await? {
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
            let in_area = entities::of_factory(self.applying.tx, self.applying.factory.id, filter).await?;
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
            let is_new = self.applying.cache.entity(correction.entity_type, code).is_none();
            if is_new && new_id_fault(code).is_some() {
                return Ok(Err(NotDecided::InvalidId(code.clone())));
            }
            let entity_id = match self.applying.cache.entity_id(correction.entity_type, code) {
                Ok(entity_id) => entity_id,
                Err(Verdict::EntityLimitReached) => return Ok(Err(NotDecided::EntityLimitReached)),
                Err(_) => return Ok(Err(NotDecided::InvalidId(code.clone()))),
            };
            rows.push(decisions::correction_row(self.applying.factory.id, entity_id, &correction));
        }
        Ok(Ok((correction, rows)))
    }

    /// Keeps a decision and counts again what it is about, or a first slice of that.
    async fn make(&mut self, new: &NewDecision, prepared: Prepared) -> Result<Decision> {
        let Prepared { content, mut about, withdrawn } = prepared;
        let applying = &mut self.applying;
        let (tx, factory_id) = (applying.tx, applying.factory.id);
        let number = applying.factory.last_decision + 1;
        let decision = Decision {
            number,
            content,
            made_at_ms: self.now_ms,
            made_by: new.author.name.to_string(),
            note: new.note.clone(),
            request_id: new.request_id.clone(),
            withdrawn_by: None,
            progress: Progress::Applied,
            events: 0,
            revision: applying.revision,
        };
        let is_withdrawal = withdrawn.is_some();
        decisions::keep(tx, factory_id, &decision, is_withdrawal).await?;
        applying.decided.last_decision = number;
        applying.cache.applied.set_last_decision(number);
        // What is read on the way is counted as it is decided now.
        applying.keep_decided().await?;
        if let Some(withdrawn) = withdrawn {
            decisions::withdraw(tx, factory_id, (withdrawn.number, number), applying.revision).await?;
            applying.take_back(withdrawn, about, number).await?;
        } else {
            about.set_number(number);
            if let About::Entities(rows) = &about {
                decisions::keep_rows(tx, rows).await?;
            }
            applying.begin(about, number).await?;
        }
        applying.finish().await?;
        let made = decisions::by_number(tx, factory_id, number).await?;
        Ok(made.unwrap_or(decision))
    }
}

/// What is written down of a decision; the rest stands in `decision`.
fn done(factory_id: FactoryId, made: &Decision) -> Record {
    let details = json!({ "kind": made.kind().name(), "note": made.note });
    let target = format!("decision {}", made.number);
    let done = Record::done(Some(factory_id), AuditAction::Decide, target, details);
    Record { revision: made.revision.0, ..done }
}

/// What a decision has in common with others.
fn reach_of(about: &About) -> Reach {
    match about {
        About::Events(rule) => Reach::from(rule),
        About::Entities(rows) => Reach::Entities {
            entities: rows.iter().map(|row| EntityId(row.entity_id)).collect(),
            from_ms: rows.iter().map(|row| TimestampMs(row.from_at)).min().unwrap_or(TimestampMs::MAX),
            to_ms: rows.iter().map(|row| TimestampMs(row.to_at)).max().unwrap_or(TimestampMs::MIN),
        },
    }
}
