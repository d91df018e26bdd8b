//! Writing down what is decided, and how far the sums follow it.

use domain::id::{EntityId, FactoryId, Revision};
use entity::{decision as row, decision_entity as of_entity};
use sea_orm::{ConnectionTrait, EntityTrait as _, IntoActiveModel};

use super::{Correction, Decision, Retraction};
use crate::store::{
    engine::{
        code::Code,
        statement::{Sql, rows_per_statement},
    },
    error::{Result, StoreError},
};

/// What a correction says of an entity, without its number.
pub(in crate::store) fn correction_row(
    factory_id: FactoryId,
    entity_id: EntityId,
    correction: &Correction,
) -> of_entity::Model {
    of_entity::Model {
        factory_id: factory_id.0,
        entity_id: entity_id.0,
        number: 0,
        is_counted: false,
        from_at: correction.from_ms,
        to_at: correction.to_ms,
        state: correction.state.map(Code::code),
        units: Some(correction.units.unwrap_or_default()),
        retracted_type: None,
        retracted_form: None,
        retracted_code: String::new(),
    }
}

/// What a retraction says of an entity, without its number.
pub(in crate::store) fn retraction_row(
    factory_id: FactoryId,
    entity_id: EntityId,
    retraction: &Retraction,
) -> of_entity::Model {
    of_entity::Model {
        factory_id: factory_id.0,
        entity_id: entity_id.0,
        number: 0,
        is_counted: false,
        from_at: retraction.at_ms,
        to_at: retraction.at_ms,
        state: None,
        units: None,
        retracted_type: Some(retraction.event_type.code()),
        retracted_form: Some(retraction.form.code()),
        retracted_code: retraction.event_code.clone(),
    }
}

/// Keeps what a decision says of entities.
pub(in crate::store) async fn keep_rows(tx: &impl ConnectionTrait, rows: &[of_entity::Model]) -> Result<()> {
    for chunk in rows.chunks(rows_per_statement(11)) {
        let rows = chunk.iter().cloned().map(IntoActiveModel::into_active_model);
        of_entity::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Keeps a decision.
pub(in crate::store) async fn keep(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    decision: &Decision,
    is_counted: bool,
) -> Result<()> {
    let content = serde_json::to_string(&decision.content)
        .map_err(|error| StoreError::Corrupt(format!("a decision that cannot be written down ({error})")))?;
    let row = row::Model {
        factory_id: factory_id.0,
        number: decision.number,
        kind: decision.kind().code(),
        content,
        made_at: decision.made_at_ms.0,
        made_by: decision.made_by.clone(),
        note: decision.note.clone(),
        request_id: decision.request_id.clone(),
        withdrawn_by: decision.withdrawn_by,
        is_counted,
        events: decision.events,
        revision: decision.revision.0,
        changed_revision: decision.revision.0,
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

/// Writes down that a decision was taken back, at a revision.
pub(in crate::store) async fn withdraw(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    (number, by): (i32, i32),
    revision: Revision,
) -> Result<()> {
    let update = Sql::new(tx, "UPDATE decision SET withdrawn_by = ")
        .bind(by)
        .text(", changed_revision = ")
        .bind(revision.0)
        .text(" WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND number = ")
        .bind(number);
    tx.execute_raw(update.build()).await?;
    Ok(())
}

/// Writes down whether sums are counted by a decision.
pub(in crate::store) async fn set_counted(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    number: i32,
    is_counted: bool,
) -> Result<()> {
    for table in ["decision", "decision_entity"] {
        let update = Sql::new(tx, &format!("UPDATE {table} SET is_counted = "))
            .bind(is_counted)
            .text(" WHERE factory_id = ")
            .bind(factory_id.0)
            .text(" AND number = ")
            .bind(number);
        tx.execute_raw(update.build()).await?;
    }
    Ok(())
}

/// Writes down that more of a decision was applied, at a revision, and that so many stored events were counted again for the one
/// that says so: itself, or the one that takes it back.
pub(in crate::store) async fn progressed(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    (number, by): (i32, i32),
    events: i64,
    revision: Revision,
) -> Result<()> {
    for (number, events) in [(by, events), (number, 0)].into_iter().take(if by == number { 1 } else { 2 }) {
        let update = Sql::new(tx, "UPDATE decision SET events = events + ")
            .bind(events)
            .text(", changed_revision = ")
            .bind(revision.0)
            .text(" WHERE factory_id = ")
            .bind(factory_id.0)
            .text(" AND number = ")
            .bind(number);
        tx.execute_raw(update.build()).await?;
    }
    Ok(())
}
