//! Which standing the decisions of a factory give to stored events, and which decision does, as far as the sums follow them.

use std::collections::{HashMap, HashSet};

use domain::{
    event::{EntityType, Event},
    id::{EntityId, FactoryId, ModelVersionId, SourceId},
    time::DurationMs,
    timeline::{Observation, Standing},
};
use entity::{
    decision_entity::{self as row, Column},
    tracked_entity,
};
use sea_orm::{
    ConnectionTrait, ExprTrait as _, FromQueryResult as _,
    sea_query::{Asterisk, Expr, Query},
};

use super::{
    access::{Permission, Scope},
    applied::Applied,
    decided::{Decided, counted_rules, rule_of},
    engine::code::Code as _,
    error::Result,
};

/// How an event stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventStanding {
    /// Whether it counts.
    pub standing: Standing,
    /// The number of the decision that says so; none where it serves without one.
    pub decision: Option<i32>,
}

/// How events stand that are stored or could be, in their order: as the bucket is counted in which each of them starts. The
/// factory is to be read with `conn`. It takes two statements however many events there are, and none where nothing was ever
/// decided.
///
/// # Errors
/// The database failed.
pub async fn of(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    events: &[&Event],
) -> Result<Vec<EventStanding>> {
    let factory = scope.factory();
    if factory.last_decision == 0 || events.is_empty() {
        return Ok(vec![EventStanding::default(); events.len()]);
    }
    let named = Named::of(events);
    let mut decided = Decided::default();
    for (number, content) in counted_rules(conn, factory.id).await? {
        let source = content.source.as_deref().map(|source| named.sources.get(source).copied());
        let model = content.model_version.as_deref().map(|model| named.models.get(model).copied());
        // None of the events has a source or model version that is not among theirs.
        if source != Some(None) && model != Some(None) {
            decided.add_rule(rule_of(number, &content, (source.flatten(), model.flatten())));
        }
    }
    for row in retractions(conn, factory.id, &named).await? {
        decided.add_row(row)?;
    }
    let applied = Applied::new(factory.last_decision, decided, factory.active);
    let standing = |event: &&Event| {
        let (entity_id, report) = named.report(event);
        let decided = applied.at(event.started_at_ms);
        EventStanding {
            standing: decided.standing(entity_id, &report),
            decision: decided.deciding(entity_id, &report),
        }
    };
    Ok(events.iter().map(standing).collect())
}

/// Numbers for the names that some events have, in the place of those that they are stored under: events that were just
/// announced know their names alone.
struct Named<'a> {
    entities: HashMap<(EntityType, &'a str), i32>,
    sources: HashMap<&'a str, i32>,
    models: HashMap<&'a str, i32>,
}

impl<'a> Named<'a> {
    fn of(events: &[&'a Event]) -> Self {
        Self {
            entities: numbered(events.iter().map(|event| (event.entity_type, event.entity_code.as_str()))),
            sources: numbered(events.iter().filter_map(|event| event.source.as_deref())),
            models: numbered(events.iter().filter_map(|event| event.model_version.as_deref())),
        }
    }

    /// What of an event its standing depends on.
    fn report(&self, event: &Event) -> (EntityId, Observation) {
        let number = |numbers: &HashMap<&str, i32>, name: &Option<String>| {
            name.as_deref().and_then(|name| numbers.get(name).copied())
        };
        let entity_id = self.entities.get(&(event.entity_type, event.entity_code.as_str()));
        let report = Observation {
            form: event.form(),
            event_code: event.event_code.clone(),
            source: number(&self.sources, &event.source).map(SourceId),
            model_version: number(&self.models, &event.model_version).map(ModelVersionId),
            ..Observation::interval(event.event_type, event.started_at_ms, DurationMs::ZERO)
        };
        (EntityId(entity_id.copied().unwrap_or_default()), report)
    }
}

fn numbered<Name: Eq + std::hash::Hash>(names: impl Iterator<Item = Name>) -> HashMap<Name, i32> {
    (1..).zip(names.collect::<HashSet<_>>()).map(|(number, name)| (name, number)).collect()
}

/// What is retracted of the entities of some events, with their numbers among those.
async fn retractions(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    named: &Named<'_>,
) -> Result<Vec<row::Model>> {
    use tracked_entity::Column as Of;
    let (types, codes): (HashSet<i16>, HashSet<&str>) =
        named.entities.keys().map(|(entity_type, code)| (entity_type.code(), *code)).unzip();
    let mut query = Query::select();
    query
        .column((row::Entity, Asterisk))
        .column((tracked_entity::Entity, Of::EntityType))
        .column((tracked_entity::Entity, Of::Code))
        .from(tracked_entity::Entity)
        .inner_join(
            row::Entity,
            Expr::col((row::Entity, Column::FactoryId))
                .equals((tracked_entity::Entity, Of::FactoryId))
                .and(Expr::col((row::Entity, Column::EntityId)).equals((tracked_entity::Entity, Of::Id))),
        )
        .and_where(Expr::col((tracked_entity::Entity, Of::FactoryId)).eq(factory_id.0))
        .and_where(Expr::col((tracked_entity::Entity, Of::EntityType)).is_in(types))
        .and_where(Expr::col((tracked_entity::Entity, Of::Code)).is_in(codes))
        .and_where(Expr::col((row::Entity, Column::IsCounted)).eq(true))
        .and_where(Expr::col((row::Entity, Column::RetractedType)).is_not_null());
    let mut found = Vec::new();
    for of_entity in conn.query_all(&query).await? {
        let entity_type: i16 = of_entity.try_get("", "entity_type")?;
        let code: String = of_entity.try_get("", "code")?;
        // An id can be that of a worker and of a workstation.
        let entity = (EntityType::of_code(entity_type)?, code.as_str());
        if let Some(entity_id) = named.entities.get(&entity) {
            found
                .push(row::Model { entity_id: *entity_id, ..row::Model::from_query_result(&of_entity, "")? });
        }
    }
    Ok(found)
}
