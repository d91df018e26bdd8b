//! Making a decision: it is kept, and what it is about is counted again in the same transaction, or, where that is too much, slice
//! by slice in later ones.

mod pending;
pub(super) mod slice;

use std::mem;

use domain::{
    decision::{
        ProposedCorrection, Reach, StandingRule, changed_meanwhile, judge_note, judge_standing,
        judge_withdrawal,
    },
    id::{EntityId, FactoryId, Revision},
    time::TimestampMs,
    validate::new_id_fault,
};
use entity::decision_entity;

pub use self::pending::SliceApplied;
use self::{
    pending::Pass,
    slice::{About, Direction, Slice},
};
use super::{
    Writer, apply,
    batch::Verdict,
    cache::Cache,
    change::{self, Changes},
    insert,
};
use crate::store::{
    applied::{Active, Applied, Span},
    commit_log,
    decided::{self, Decided},
    decisions::{self, Content, Correction, Decision, NewDecision, NotDecided, Progress, StandingContent},
    engine::{retry::Retries, transaction::Transaction},
    entities::{self, EntityFilter},
    error::Result,
    factories::{self, Factory},
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
        let max_events = self.max_slice_events;
        let mut making = Making { tx: &tx, factory: &factory, cache: &mut cache, max_events, now_ms };
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
    max_events: u64,
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
        for row in rows.iter().filter(|row| row.retracted_type.is_some() && withdrawn.is_none()) {
            if slice::retracted_reports(self.tx, self.factory.id, row).await?.is_empty() {
                return Ok(Err(NotDecided::NoSuchEvent));
            }
        }
        let about = rule.map_or(About::Entities(rows), About::Events);
        if let Some(seen) = new.seen_decision {
            let others = decisions::reach_of_later(self.tx, self.factory.id, seen).await?;
            let others = others.iter().map(|(number, reach)| (*number, reach));
            if let Some(number) = changed_meanwhile(&reach_of(&about), seen, others) {
                return Ok(Err(NotDecided::ChangedMeanwhile(number)));
            }
        }
        Ok(Ok(Prepared { content, about, withdrawn }))
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

    /// Keeps a decision and counts again what it is about, or a first slice of that.
    async fn make(&mut self, new: &NewDecision, prepared: Prepared) -> Result<Decision> {
        let Prepared { content, mut about, withdrawn } = prepared;
        let (factory_id, number) = (self.factory.id, self.factory.last_decision + 1);
        let revision = self.factory.revision.next();
        let decision = Decision {
            number,
            content,
            made_at_ms: self.now_ms,
            made_by: new.made_by.clone(),
            note: new.note.clone(),
            request_id: new.request_id.clone(),
            withdrawn_by: None,
            progress: Progress::Applied,
            events: 0,
            revision,
        };
        let is_withdrawal = withdrawn.is_some();
        decisions::keep(self.tx, factory_id, &decision, is_withdrawal).await?;
        let mut decided = DecidedState::of(self.factory);
        decided.last_decision = number;
        self.cache.applied.set_last_decision(number);
        // What is read on the way is counted as it is decided now.
        decided.keep(self.tx, factory_id, revision).await?;
        if let Some(withdrawn) = withdrawn {
            decisions::withdraw(self.tx, factory_id, (withdrawn.number, number), revision).await?;
            let numbers = [withdrawn.number, number];
            self.take_back(&mut decided, withdrawn, (&about, &numbers), revision).await?;
        } else {
            about.set_number(number);
            if let About::Entities(rows) = &about {
                decisions::keep_rows(self.tx, rows).await?;
            }
            self.begin(&mut decided, (&about, number), revision).await?;
        }
        decided.keep(self.tx, factory_id, revision).await?;
        keep_revision(self.tx, factory_id, revision).await?;
        let made = decisions::by_number(self.tx, factory_id, number).await?;
        Ok(made.unwrap_or(decision))
    }

    /// Begins to apply a new decision, and ends with it if it is a single slice.
    async fn begin(
        &mut self,
        decided: &mut DecidedState,
        (about, number): (&About, i32),
        revision: Revision,
    ) -> Result<()> {
        let (tx, factory_id) = (self.tx, self.factory.id);
        let first = (Direction::Forwards, None);
        let slice = slice::next(tx, factory_id, (self.cache, self.max_events), about, first).await?;
        if slice.is_last {
            decisions::set_counted(tx, factory_id, number, true).await?;
            let before = self.cache.applied.clone();
            let after = &mut self.cache.applied;
            about.add_to(after)?;
            self.count_at_once(before, &slice, revision).await?;
            return decisions::add_events(tx, factory_id, &[number], slice.events, revision).await;
        }
        decided.pending += 1;
        if decided.active.is_some() {
            return Ok(());
        }
        let mut pass = Pass {
            number,
            numbers: vec![number],
            about: about.clone(),
            direction: Direction::Forwards,
            boundary: None,
        };
        pass.start(tx, factory_id, self.cache, decided).await?;
        pass.apply(tx, factory_id, (self.cache, decided), slice, revision).await
    }

    /// Begins to take a decision back, and ends with it if it is a single slice.
    async fn take_back(
        &mut self,
        decided: &mut DecidedState,
        withdrawn: Decision,
        (about, numbers): (&About, &[i32]),
        revision: Revision,
    ) -> Result<()> {
        let (tx, factory_id) = (self.tx, self.factory.id);
        let of = withdrawn.number;
        let active = decided.active.filter(|active| active.number == of);
        if active.is_none() && withdrawn.progress == Progress::Waiting {
            // No sum follows it yet.
            decided.pending -= 1;
            return Ok(());
        }
        let boundary = active.map(|active| active.bucket);
        let from = (Direction::Backwards, boundary);
        let slice = slice::next(tx, factory_id, (self.cache, self.max_events), about, from).await?;
        let mut pass = Pass {
            number: of,
            numbers: numbers.to_vec(),
            about: about.clone(),
            direction: Direction::Backwards,
            boundary,
        };
        if active.is_some() {
            // What was applied so far is taken back from there.
            return pass.apply(tx, factory_id, (self.cache, decided), slice, revision).await;
        }
        if slice.is_last {
            decisions::set_counted(tx, factory_id, of, false).await?;
            let before = self.cache.applied.clone();
            self.cache.applied.remove(of);
            self.count_at_once(before, &slice, revision).await?;
            return decisions::add_events(tx, factory_id, numbers, slice.events, revision).await;
        }
        decided.pending += 1;
        if decided.active.is_some() {
            return Ok(());
        }
        pass.start(tx, factory_id, self.cache, decided).await?;
        pass.apply(tx, factory_id, (self.cache, decided), slice, revision).await
    }

    /// Counts again what a decision is about, wherever other decisions that are being applied have come to.
    async fn count_at_once(&mut self, before: Applied, slice: &Slice, revision: Revision) -> Result<()> {
        let after = mem::take(&mut self.cache.applied);
        for (old, new) in before.regions().zip(after.regions()) {
            let sides = (old.decided, new.decided);
            count_again(self.tx, self.factory.id, self.cache, (slice, old.span), sides, revision).await?;
        }
        self.cache.applied = after;
        Ok(())
    }
}

/// How the decisions of a factory stand.
struct DecidedState {
    last_decision: i32,
    /// How many are not applied in every bucket yet.
    pending: i32,
    /// The one of them that is being applied.
    active: Option<Active>,
}

impl DecidedState {
    fn of(factory: &Factory) -> Self {
        let Factory { last_decision, pending_decisions, active, .. } = *factory;
        Self { last_decision, pending: pending_decisions, active }
    }

    async fn keep(&self, tx: &Transaction, factory_id: FactoryId, revision: Revision) -> Result<()> {
        let Self { last_decision, pending, active } = *self;
        factories::set_decided(tx, factory_id, (last_decision, pending, active), revision).await
    }
}

impl About {
    fn set_number(&mut self, number: i32) {
        match self {
            Self::Entities(rows) => rows.iter_mut().for_each(|row| row.number = number),
            Self::Events(rule) => rule.number = number,
        }
    }

    fn add_to(&self, applied: &mut Applied) -> Result<()> {
        match self {
            Self::Entities(rows) => applied.add(None, rows.iter().cloned()),
            Self::Events(rule) => applied.add(Some(*rule), []),
        }
    }
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

/// Counts again what of a slice lies in a span whose buckets were counted by some decisions and are counted by others now.
async fn count_again(
    tx: &Transaction,
    factory_id: FactoryId,
    cache: &mut Cache,
    (slice, span): (&Slice, Span),
    sides: (&Decided, &Decided),
    revision: Revision,
) -> Result<()> {
    let span = span.and(slice.span);
    let ranges = slice.within(span);
    // What is not shown any more, or shown though nobody reported it, is no gap in which nothing is stored.
    for entity_id in ranges.keys() {
        if let Some(entity) = cache.entities.get_mut(entity_id) {
            entity.hides_events = true;
        }
    }
    if ranges.is_empty() {
        return Ok(());
    }
    let open = slice.open.clone();
    let changes = change::find_decided(tx, factory_id, cache, span, sides, ranges, open).await?;
    save(tx, factory_id, cache, &changes, revision).await
}

async fn save(
    tx: &Transaction,
    factory_id: FactoryId,
    cache: &mut Cache,
    changes: &Changes<'_>,
    revision: Revision,
) -> Result<()> {
    insert(tx, factory_id, changes).await?;
    let effects = apply::effects(cache, &changes.by_entity);
    apply::save(tx, factory_id, cache, effects, |_| revision).await?;
    Ok(())
}

/// Raises the factory's revision.
async fn keep_revision(tx: &Transaction, factory_id: FactoryId, revision: Revision) -> Result<()> {
    if commit_log::is_kept(tx) {
        commit_log::append(tx, factory_id, revision, &[]).await
    } else {
        factories::set_revision(tx, factory_id, revision).await
    }
}
