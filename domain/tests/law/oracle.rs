//! The law itself, read out stretch by stretch between neighbouring instants at which anything begins or ends: no sweep, no
//! change that is added to what was there, and nothing of the product but its names.

use std::collections::{BTreeMap, BTreeSet};

use domain::bucket::BUCKET_MS;
use domain::event::EventType;
use domain::timeline::{BucketTotals, CorrectedState, Standing};

use crate::world::{Decided, Length, MINUTE_MS, Models, NAMES, STATION, Told, World};

/// What decides who wins, from first to last; names are compared as text.
type Rank =
    (Option<u16>, EventType, i64, &'static str, bool, bool, Option<&'static str>, Option<&'static str>);

/// A stretch of a timeline: from, to, type, confidence, model and source as indices, and the decision.
pub(crate) type Stretch = (i64, i64, EventType, Option<u16>, Option<usize>, Option<usize>, Option<i32>);

pub(crate) struct Law<'a> {
    world: &'a World,
    /// The decisions that are live, with their numbers.
    live: Vec<(i32, &'a Decided)>,
}

/// A report that covers an instant of an entity.
struct Voice<'a> {
    told: &'a Told,
    is_derived: bool,
}

impl<'a> Law<'a> {
    pub(crate) fn at(world: &'a World, prefix: i32) -> Self {
        let made: Vec<(i32, &Decided)> = (1..=prefix).zip(&world.decided).collect();
        let is_withdrawn = |number| {
            made.iter().any(|(_, other)| matches!(other, Decided::Withdrawal(named) if *named == number))
        };
        Self { world, live: made.iter().copied().filter(|(number, _)| !is_withdrawn(*number)).collect() }
    }

    fn serves(&self, told: &Told) -> bool {
        let is_retracted = |decided: &Decided| match decided {
            Decided::Retraction(named) => *named == told.named(),
            _ => false,
        };
        if self.live.iter().any(|(_, decided)| is_retracted(decided)) {
            return false;
        }
        for (wants_source, wants_model) in [(true, true), (true, false), (false, true), (false, false)] {
            for (_, decided) in self.live.iter().rev() {
                let Decided::Standing { standing, source, models, from_ms, to_ms } = decided else {
                    continue;
                };
                let names_model = !matches!(models, Models::All);
                let is_about = match models {
                    Models::All => true,
                    Models::Without => told.model.is_none(),
                    Models::One(model) => told.model == Some(*model),
                } && (source.is_none() || *source == told.source)
                    && from_ms.unwrap_or(i64::MIN) <= told.start_ms
                    && told.start_ms < to_ms.unwrap_or(i64::MAX);
                if is_about && (source.is_some(), names_model) == (wants_source, wants_model) {
                    return *standing == Standing::Serving;
                }
            }
        }
        true
    }

    /// When a report ends, if it is not ended by losing to another.
    fn end_ms(&self, told: &Told) -> i64 {
        match told.length {
            Length::Interval { ms } => told.start_ms + ms,
            Length::State { hold_minutes } => {
                let series = self.world.told.iter().filter(|other| {
                    other.is_state()
                        && (other.entity, other.model, other.source) == (told.entity, told.model, told.source)
                });
                let next =
                    series.map(|other| other.start_ms).filter(|start_ms| *start_ms > told.start_ms).min();
                let in_time =
                    next.filter(|next_ms| *next_ms <= told.start_ms + i64::from(hold_minutes) * MINUTE_MS);
                in_time.unwrap_or(told.start_ms)
            }
        }
    }

    fn rank(voice: &Voice) -> Rank {
        let told = voice.told;
        let name = |index: Option<usize>| index.map(|index| NAMES[index]);
        let (model, source) = (name(told.model), name(told.source));
        let start_ms = told.start_ms;
        (
            told.confidence,
            told.event_type,
            start_ms,
            told.code,
            !told.is_state(),
            !voice.is_derived,
            model,
            source,
        )
    }

    /// Whether it is the reading of its fact that counts.
    fn is_chosen_reading(&self, told: &Told) -> bool {
        let source = |report: &Told| report.source.filter(|_| report.is_state());
        let readings = self.world.told.iter().filter(|other| {
            other.named() == told.named() && source(other) == source(told) && self.serves(other)
        });
        let chosen = readings.max_by_key(|other| (other.confidence, other.model.map(|model| NAMES[model])));
        chosen.is_some_and(|chosen| std::ptr::eq(chosen, told))
    }

    /// Whether it speaks for its series of what follows its timestamp.
    fn speaks_for_its_series(&self, told: &Told) -> bool {
        let moment = |report: &Told| (report.entity, report.start_ms, report.model, report.source);
        let of_moment = self
            .world
            .told
            .iter()
            .filter(|other| other.is_state() && moment(other) == moment(told) && self.serves(other));
        let best = of_moment.max_by_key(|other| Self::rank(&Voice { told: other, is_derived: false }));
        best.is_some_and(|best| std::ptr::eq(best, told))
    }

    fn covers(&self, told: &Told, at_ms: i64) -> bool {
        let counts =
            if told.is_state() { self.speaks_for_its_series(told) } else { self.is_chosen_reading(told) };
        counts && self.serves(told) && told.start_ms <= at_ms && at_ms < self.end_ms(told)
    }

    fn voices(&self, entity: usize, at_ms: i64) -> Vec<Voice<'a>> {
        let told = &self.world.told;
        let own = told.iter().filter(|told| told.entity == entity && self.covers(told, at_ms));
        let mut voices: Vec<Voice> = own.map(|told| Voice { told, is_derived: false }).collect();
        if entity == STATION {
            let at_station = told.iter().filter(|told| {
                told.at_station
                    && told.is_state()
                    && told.event_type != EventType::Absent
                    && self.covers(told, at_ms)
            });
            let derived = at_station.map(|told| Voice { told, is_derived: true });
            voices.extend(derived.max_by_key(|voice| (voice.told.event_type, Self::rank(voice))));
        }
        voices
    }

    fn corrections(
        &self,
        entity: usize,
    ) -> impl Iterator<Item = (i32, i64, i64, Option<CorrectedState>, i64)> {
        self.live.iter().filter_map(move |(number, decided)| match decided {
            Decided::Correction { entities, from_ms, to_ms, state, units } if entities.contains(&entity) => {
                Some((*number, *from_ms, *to_ms, *state, *units))
            }
            _ => None,
        })
    }

    /// The correction that decides an instant, and what it says.
    fn correction(&self, entity: usize, at_ms: i64) -> Option<(i32, CorrectedState)> {
        let covering =
            self.corrections(entity).filter(|(_, from_ms, to_ms, ..)| *from_ms <= at_ms && at_ms < *to_ms);
        covering
            .filter_map(|(number, _, _, state, _)| Some((number, state?)))
            .max_by_key(|(number, _)| *number)
    }

    /// Neighbouring instants between which nothing begins and nothing ends, for anybody.
    fn elementary(&self) -> Vec<(i64, i64)> {
        let mut instants = BTreeSet::new();
        for told in &self.world.told {
            instants.extend([told.start_ms, self.end_ms(told)]);
        }
        for decided in &self.world.decided {
            if let Decided::Correction { from_ms, to_ms, .. } = decided {
                instants.extend([*from_ms, *to_ms]);
            }
        }
        if let (Some(first_ms), Some(last_ms)) = (instants.first().copied(), instants.last().copied()) {
            let buckets = first_ms.div_euclid(BUCKET_MS)..=last_ms.div_euclid(BUCKET_MS);
            instants.extend(buckets.map(|bucket| bucket * BUCKET_MS));
        }
        let instants: Vec<i64> = instants.into_iter().collect();
        instants.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// The sums of an entity by bucket.
    pub(crate) fn totals(&self, entity: usize) -> BucketTotals {
        let mut sums = BucketTotals::new();
        for (from_ms, to_ms) in self.elementary() {
            let ms = to_ms - from_ms;
            let voices = self.voices(entity, from_ms);
            let sum = sums.entry(from_ms.div_euclid(BUCKET_MS)).or_default();
            sum.overlap_ms += ms * (voices.len() as i64 - 1).max(0);
            let winner = voices.iter().max_by_key(|voice| Self::rank(voice)).map(|voice| voice.told);
            let correction = self.correction(entity, from_ms);
            let event_type = match correction {
                Some((_, state)) => state_type(state),
                None => winner.map(|winner| winner.event_type),
            };
            match event_type {
                Some(EventType::Working) => sum.working_ms += ms,
                Some(EventType::Idle) => sum.idle_ms += ms,
                Some(EventType::Absent) => sum.absent_ms += ms,
                None => {}
            }
            if correction.is_some() {
                sum.corrected_ms += ms;
                continue;
            }
            let types: BTreeSet<EventType> = voices.iter().map(|voice| voice.told.event_type).collect();
            if types.len() > 1 {
                sum.contested_ms += ms;
            }
            if let Some(confidence) = winner.and_then(|winner| winner.confidence) {
                sum.confidence_ms += i64::from(confidence) * ms;
                sum.confident_ms += ms;
            }
        }
        for (bucket, units) in self.units(entity) {
            sums.entry(bucket).or_default().units += units;
        }
        for told in self.world.told.iter().filter(|told| told.entity == entity) {
            sums.entry(told.start_ms.div_euclid(BUCKET_MS)).or_default().events += 1;
        }
        sums.retain(|_, totals| !totals.is_zero());
        sums
    }

    /// The units of an entity by bucket, one by one.
    fn units(&self, entity: usize) -> BTreeMap<i64, i64> {
        let of_entity = self.world.told.iter().filter(|told| told.entity == entity);
        let counted = of_entity.filter(|told| self.serves(told) && self.is_chosen_reading(told));
        let of_reports = counted.map(|told| match told.length {
            Length::Interval { ms } => (told.start_ms, ms, told.units),
            Length::State { .. } => (told.start_ms, 0, told.units),
        });
        let of_corrections =
            self.corrections(entity).map(|(_, from_ms, to_ms, _, units)| (from_ms, to_ms - from_ms, units));
        let mut sums = BTreeMap::new();
        for (start_ms, ms, units) in of_reports.chain(of_corrections) {
            for unit in 1..=units.abs() {
                // It is finished in the millisecond before the first offset x with floor(|U| * x / D) >= unit.
                let offset_ms = if ms == 0 { 0 } else { (unit * ms + units.abs() - 1) / units.abs() - 1 };
                *sums.entry((start_ms + offset_ms).div_euclid(BUCKET_MS)).or_default() += units.signum();
            }
        }
        sums
    }

    /// The timeline of an entity.
    pub(crate) fn timeline(&self, entity: usize) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (from_ms, to_ms) in self.elementary() {
            let said = if let Some((number, state)) = self.correction(entity, from_ms) {
                state_type(state).map(|event_type| (event_type, None, None, None, Some(number)))
            } else {
                let voices = self.voices(entity, from_ms);
                let winner = voices.iter().max_by_key(|voice| Self::rank(voice)).map(|voice| voice.told);
                winner.map(|told| (told.event_type, told.confidence, told.model, told.source, None))
            };
            let Some((event_type, confidence, model, source, decision)) = said else { continue };
            match stretches.last_mut() {
                Some(last)
                    if last.1 == from_ms
                        && (last.2, last.3, last.4, last.5, last.6)
                            == (event_type, confidence, model, source, decision) =>
                {
                    last.1 = to_ms;
                }
                _ => stretches.push((from_ms, to_ms, event_type, confidence, model, source, decision)),
            }
        }
        stretches
    }
}

fn state_type(state: CorrectedState) -> Option<EventType> {
    match state {
        CorrectedState::Working => Some(EventType::Working),
        CorrectedState::Idle => Some(EventType::Idle),
        CorrectedState::Absent => Some(EventType::Absent),
        CorrectedState::NotObserved => None,
    }
}
