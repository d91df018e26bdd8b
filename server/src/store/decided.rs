//! What decisions of a factory say: which events count, and what was corrected.

use std::collections::HashMap;

use domain::{
    decision::{Fact, ModelVersions, Rules, StandingRule},
    event::{EventForm, EventType},
    id::{EntityId, FactoryId, ModelVersionId, SourceId},
    time::TimestampMs,
    timeline::{CorrectedState, Correction, Observation, Standing},
};
use entity::{decision, decision_entity as row};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::{
    decisions::{Content, StandingContent},
    engine::code::Code as _,
    error::{Result, StoreError},
    intern::{self, NameTable},
};

/// What some decisions of a factory say, or as much of it as is about some entities.
#[derive(Clone, Debug, Default)]
pub(super) struct Decided {
    rules: Vec<StandingRule>,
    by_precedence: Rules,
    entities: HashMap<EntityId, OfEntity>,
}

/// What is said of one entity.
#[derive(Clone, Debug, Default)]
struct OfEntity {
    corrections: Vec<Correction>,
    /// With the number of the decision.
    retracted: Vec<(i32, Fact)>,
}

impl Decided {
    /// Reads what any bucket is counted by, of all entities or of those that are named.
    pub(super) async fn read(
        conn: &impl ConnectionTrait,
        factory_id: FactoryId,
        entity_ids: Option<&[EntityId]>,
    ) -> Result<Self> {
        let mut decided = Self::default();
        for (number, content) in counted_rules(conn, factory_id).await? {
            if let Some(rule) = standing_rule(conn, factory_id, number, &content).await? {
                decided.add_rule(rule);
            }
        }
        let mut live = row::Entity::find()
            .filter(row::Column::FactoryId.eq(factory_id.0))
            .filter(row::Column::IsCounted.eq(true));
        if let Some(entity_ids) = entity_ids {
            live = live.filter(row::Column::EntityId.is_in(entity_ids.iter().map(|id| id.0)));
        }
        for row in live.all(conn).await? {
            decided.add_row(row)?;
        }
        Ok(decided)
    }

    /// Whether every event serves and nothing is corrected.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.entities.is_empty()
    }

    /// The standing of a stored event.
    pub(super) fn standing(&self, entity_id: EntityId, report: &Observation) -> Standing {
        if self.retractions_of(entity_id, report).next().is_some() {
            return Standing::Quarantined;
        }
        self.by_precedence.standing(report.source, report.model_version, report.started_at_ms)
    }

    /// The end of the last span of time before an instant, or up to it, in which events of a source and a model version serve that
    /// start in it and are not retracted.
    pub(super) fn serving_until(
        &self,
        source: Option<SourceId>,
        model_version: Option<ModelVersionId>,
        before_ms: TimestampMs,
    ) -> Option<TimestampMs> {
        self.by_precedence.serving_until(source, model_version, before_ms)
    }

    /// The number of the decision that gives a stored event its standing; none where it serves without one. Of several
    /// retractions it is the latest.
    pub(super) fn deciding(&self, entity_id: EntityId, report: &Observation) -> Option<i32> {
        self.retractions_of(entity_id, report).max().or_else(|| {
            let rule =
                self.by_precedence.deciding(report.source, report.model_version, report.started_at_ms)?;
            Some(rule.number)
        })
    }

    /// The numbers of the decisions that retract an event.
    fn retractions_of(&self, entity_id: EntityId, report: &Observation) -> impl Iterator<Item = i32> {
        let of_entity = self.entities.get(&entity_id);
        let retracted = of_entity.map(|of_entity| of_entity.retracted.as_slice()).unwrap_or_default();
        retracted.iter().filter(|(_, fact)| fact.is_told_by(report)).map(|(number, _)| *number)
    }

    /// The corrections of an entity that reach into a span or touch it.
    pub(super) fn corrections(
        &self,
        entity_id: EntityId,
        (from_ms, to_ms): (TimestampMs, TimestampMs),
    ) -> Vec<Correction> {
        let all = self.entities.get(&entity_id).map(|of_entity| of_entity.corrections.as_slice());
        let near = |correction: &&Correction| correction.from_ms <= to_ms && from_ms <= correction.to_ms;
        all.unwrap_or_default().iter().filter(near).copied().collect()
    }

    /// The spans of all corrections.
    pub(super) fn all_corrections(&self) -> impl Iterator<Item = (EntityId, &Correction)> {
        self.entities
            .iter()
            .flat_map(|(id, of_entity)| of_entity.corrections.iter().map(move |correction| (*id, correction)))
    }

    /// Adds a rule.
    pub(super) fn add_rule(&mut self, rule: StandingRule) {
        self.rules.push(rule);
        self.by_precedence = Rules::new(self.rules.iter().copied());
    }

    /// Adds what a correction or a retraction says of an entity.
    pub(super) fn add_row(&mut self, row: row::Model) -> Result<()> {
        let of_entity = self.entities.entry(EntityId(row.entity_id)).or_default();
        if let Some(event_type) = row.retracted_type {
            let fact = Fact {
                form: EventForm::of_code(row.retracted_form.unwrap_or_default())?,
                event_type: EventType::of_code(event_type)?,
                started_at_ms: TimestampMs(row.from_at),
                event_code: row.retracted_code,
            };
            of_entity.retracted.push((row.number, fact));
        } else {
            of_entity.corrections.push(Correction {
                number: row.number,
                from_ms: TimestampMs(row.from_at),
                to_ms: TimestampMs(row.to_at),
                state: row.state.map(CorrectedState::of_code).transpose()?,
                units: row.units.unwrap_or_default(),
            });
        }
        Ok(())
    }

    /// Forgets a decision.
    pub(super) fn remove(&mut self, number: i32) {
        self.rules.retain(|rule| rule.number != number);
        self.by_precedence = Rules::new(self.rules.iter().copied());
        for of_entity in self.entities.values_mut() {
            of_entity.corrections.retain(|correction| correction.number != number);
            of_entity.retracted.retain(|(of, _)| *of != number);
        }
        self.entities
            .retain(|_, of_entity| !(of_entity.corrections.is_empty() && of_entity.retracted.is_empty()));
    }
}

/// The standing rules by which any bucket is counted, with their numbers.
pub(super) async fn counted_rules(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
) -> Result<Vec<(i32, StandingContent)>> {
    use decision::Column;
    let rows = decision::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Kind.eq(domain::decision::DecisionKind::Standing.code()))
        .filter(Column::IsCounted.eq(true))
        .all(conn)
        .await?;
    let mut rules = Vec::with_capacity(rows.len());
    for row in rows {
        if let Content::Standing(content) = read_content(&row.content)? {
            rules.push((row.number, content));
        }
    }
    Ok(rules)
}

/// The rule that a decision is; none when its source or model version is not registered, so that no event can have it.
pub(super) async fn standing_rule(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    number: i32,
    content: &StandingContent,
) -> Result<Option<StandingRule>> {
    let id = async |table, name: &Option<String>| -> Result<Option<Option<i32>>> {
        let Some(name) = name else { return Ok(Some(None)) };
        Ok(intern::id_of(conn, table, factory_id, name).await?.map(Some))
    };
    let Some(source) = id(NameTable::Source, &content.source).await? else { return Ok(None) };
    let Some(model) = id(NameTable::ModelVersion, &content.model_version).await? else { return Ok(None) };
    Ok(Some(rule_of(number, content, (source, model))))
}

/// The rule that a decision is, given the numbers of its source and its model version, where it names them.
pub(super) fn rule_of(
    number: i32,
    content: &StandingContent,
    (source, model_version): (Option<i32>, Option<i32>),
) -> StandingRule {
    let model_version = match model_version {
        Some(id) => ModelVersions::One(ModelVersionId(id)),
        None if content.without_model_version => ModelVersions::Without,
        None => ModelVersions::All,
    };
    StandingRule {
        number,
        standing: content.standing,
        source: source.map(SourceId),
        model_version,
        from_ms: content.from_ms.map(TimestampMs),
        to_ms: content.to_ms.map(TimestampMs),
    }
}

/// What a decision says, as it is stored.
pub(super) fn read_content(json: &str) -> Result<Content> {
    serde_json::from_str(json)
        .map_err(|error| StoreError::Corrupt(format!("a decision that cannot be read ({error})")))
}
