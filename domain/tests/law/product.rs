//! The same by the code of the product: as the server puts it together.

use std::collections::BTreeMap;

use domain::decision::{Fact, ModelVersions, Rules, StandingRule, is_live};
use domain::event::EventForm;
use domain::id::{ModelVersionId, SourceId};
use domain::reading::{names_decide, resolve};
use domain::state::{covered_ms, derived, tells_of_workstation};
use domain::time::{DurationMs, TimestampMs};
use domain::timeline::{Correction, Counted, NameOrder, Observation, Standing};

use crate::world::{Decided, ENTITIES, Length, Models, NAMES, Named, STATION, Told, World};

/// What counts of one entity.
#[derive(Clone, Default)]
pub(crate) struct Entity {
    pub(crate) reports: Vec<Observation>,
    pub(crate) corrections: Vec<Correction>,
}

impl Entity {
    pub(crate) fn counted(&self) -> Counted<'_> {
        Counted { reports: self.reports.iter().collect(), corrections: self.corrections.iter().collect() }
    }
}

/// When the places of names are found out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Always,
    WhereTheyDecide,
}

/// What counts of every entity of a world once the decisions up to a number are made.
pub(crate) fn entities(world: &World, prefix: i32, names: Names) -> BTreeMap<usize, Entity> {
    let numbered = || (1..).zip(&world.decided);
    let withdrawn_by = |number| {
        numbered().find_map(|(by, other)| {
            matches!(other, Decided::Withdrawal(named) if *named == number).then_some(by)
        })
    };
    let live: Vec<(i32, &Decided)> =
        numbered().filter(|(number, _)| is_live(*number, withdrawn_by(*number), prefix)).collect();
    let rules = Rules::new(live.iter().filter_map(|(number, decided)| rule(*number, decided)));
    let retracted = live.iter().filter_map(|(_, decided)| match decided {
        Decided::Retraction(named) => Some((named.0, fact(*named))),
        _ => None,
    });
    let retracted: Vec<(usize, Fact)> = retracted.collect();

    let mut at_station: Vec<Observation> = Vec::new();
    let mut entities: BTreeMap<usize, Entity> = BTreeMap::new();
    for entity in ENTITIES {
        let mut told: Vec<&Told> = world.told.iter().filter(|told| told.entity == entity).collect();
        told.sort_by_key(|told| told.start_ms);
        let mut reports: Vec<Observation> = told.iter().map(|one| observation(one, &told)).collect();
        for report in &mut reports {
            let is_retracted = retracted.iter().any(|(of, fact)| *of == entity && fact.is_told_by(report));
            report.standing = if is_retracted {
                Standing::Quarantined
            } else {
                rules.standing(report.source, report.model_version, report.started_at_ms)
            };
        }
        order_names(&mut reports, names);
        resolve(&mut reports);
        for one in told.iter().filter(|one| one.at_station) {
            let stored = observation(one, &told);
            if tells_of_workstation(stored.form, stored.event_type) {
                let report =
                    reports.iter().find(|report| are_the_same(report, &stored)).expect("it is stored");
                at_station.push(Observation { names: NameOrder::default(), ..report.clone() });
            }
        }
        entities.insert(entity, Entity { reports, corrections: corrections(&live, entity) });
    }
    at_station.sort_by_key(|report| report.started_at_ms);
    order_names(&mut at_station, names);
    entities.entry(STATION).or_default().reports.extend(derived(&at_station));
    entities
}

fn corrections(live: &[(i32, &Decided)], entity: usize) -> Vec<Correction> {
    let of_entity = live.iter().filter_map(|(number, decided)| match decided {
        Decided::Correction { entities, from_ms, to_ms, state, units } if entities.contains(&entity) => {
            let (from_ms, to_ms) = (TimestampMs(*from_ms), TimestampMs(*to_ms));
            Some(Correction { number: *number, from_ms, to_ms, state: *state, units: *units })
        }
        _ => None,
    });
    of_entity.collect()
}

fn rule(number: i32, decided: &Decided) -> Option<StandingRule> {
    let Decided::Standing { standing, source, models, from_ms, to_ms } = decided else { return None };
    Some(StandingRule {
        number,
        standing: *standing,
        source: source.map(|source| SourceId(source as i32)),
        model_version: match models {
            Models::All => ModelVersions::All,
            Models::Without => ModelVersions::Without,
            Models::One(model) => ModelVersions::One(ModelVersionId(*model as i32)),
        },
        from_ms: from_ms.map(TimestampMs),
        to_ms: to_ms.map(TimestampMs),
    })
}

/// Gives the reports, in the order of their starts, the places of their names.
fn order_names(reports: &mut [Observation], names: Names) {
    if names == Names::WhereTheyDecide && !names_decide(&*reports) {
        return;
    }
    let place = |id: Option<i32>| {
        let name = id.map(|id| NAMES[id as usize]);
        name.map_or(0, |name| 1 + NAMES.iter().filter(|other| **other < name).count() as u32)
    };
    for report in reports {
        report.names = NameOrder {
            model_version: place(report.model_version.map(|id| id.0)),
            source: place(report.source.map(|id| id.0)),
        };
    }
}

fn form(is_state: bool) -> EventForm {
    if is_state { EventForm::State } else { EventForm::Interval }
}

fn fact((_, is_state, event_type, start_ms, code): Named) -> Fact {
    Fact {
        form: form(is_state),
        event_type,
        started_at_ms: TimestampMs(start_ms),
        event_code: code.to_owned(),
    }
}

/// Whether two state reports of one entity have one identity.
fn are_the_same(one: &Observation, other: &Observation) -> bool {
    let numbers = |report: &Observation| (report.form, report.event_type, report.started_at_ms);
    numbers(one) == numbers(other)
        && (one.model_version, one.source) == (other.model_version, other.source)
        && one.event_code == other.event_code
}

fn observation(told: &Told, of_entity: &[&Told]) -> Observation {
    let started_at_ms = TimestampMs(told.start_ms);
    let duration_ms = match told.length {
        Length::Interval { ms } => DurationMs(ms),
        Length::State { hold_minutes } => {
            let in_series =
                |other: &&&Told| other.is_state() && (other.model, other.source) == (told.model, told.source);
            let next = of_entity.iter().filter(in_series).find(|other| other.start_ms > told.start_ms);
            covered_ms(started_at_ms, hold_minutes, next.map(|next| TimestampMs(next.start_ms)))
        }
    };
    Observation {
        units: told.units,
        confidence: told.confidence,
        model_version: told.model.map(|model| ModelVersionId(model as i32)),
        source: told.source.map(|source| SourceId(source as i32)),
        event_code: told.code.to_owned(),
        form: form(told.is_state()),
        ..Observation::interval(told.event_type, started_at_ms, duration_ms)
    }
}
