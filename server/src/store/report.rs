//! A stored event as the timeline sees it, with what tells how far it reaches and of whom it tells.

use domain::{
    event::{EventForm, EventType},
    id::{EntityId, ModelVersionId, SourceId},
    state::tells_of_workstation,
    time::{DurationMs, TimestampMs},
    timeline::{NameOrder, Observation, Standing},
};
use entity::event;

use super::{
    decided::Decided,
    engine::code::{Code as _, confidence_of},
    error::Result,
};

/// Stands for the series of an interval, which is in none.
const SERIES_OF_INTERVALS: i32 = 0;
/// Stands for the series of state reports that name no source.
const SERIES_WITHOUT_SOURCE: i32 = -1;
/// Stands for a model version that is not named.
const NO_MODEL_VERSION: i32 = 0;

/// What makes a report the same report, in the order of the table's key: its bucket, entity, start, type, event code, series
/// and model version.
pub(super) type Identity<'a> = (i64, EntityId, TimestampMs, i16, &'a str, i32, i32);

/// The state reports of one entity with one source and one model version, each as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SeriesKey {
    pub(super) entity_id: EntityId,
    pub(super) series: i32,
    pub(super) model_version: i32,
}

/// The number under which the series of an event is stored, or that it is in none.
pub(super) fn series_of(form: EventForm, source: Option<SourceId>) -> i32 {
    match form {
        EventForm::Interval => SERIES_OF_INTERVALS,
        EventForm::State => source.map_or(SERIES_WITHOUT_SOURCE, |source| source.0),
    }
}

/// The source of a series.
pub(super) fn source_of_series(series: i32) -> Option<SourceId> {
    (series > SERIES_OF_INTERVALS).then_some(SourceId(series))
}

/// The number under which a model version is stored.
pub(super) fn stored_model(model_version: Option<ModelVersionId>) -> i32 {
    model_version.map_or(NO_MODEL_VERSION, |model_version| model_version.0)
}

/// The model version that a number stands for.
pub(super) fn model_of_stored(stored: i32) -> Option<ModelVersionId> {
    (stored != NO_MODEL_VERSION).then_some(ModelVersionId(stored))
}

/// The form of a stored event.
pub(super) fn form_of(row: &event::Model) -> EventForm {
    if row.series == SERIES_OF_INTERVALS { EventForm::Interval } else { EventForm::State }
}

/// The series of a stored event; none for an interval.
pub(super) fn series_key_of(row: &event::Model) -> Option<SeriesKey> {
    (form_of(row) == EventForm::State).then_some(SeriesKey {
        entity_id: EntityId(row.entity_id),
        series: row.series,
        model_version: row.model_version_id,
    })
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) row: event::Model,
    /// What the timeline needs of it.
    pub(super) observation: Observation,
}

impl Report {
    /// The report of a row, of a standing that was not looked up.
    pub(super) fn of_row(row: event::Model) -> Result<Self> {
        let observation = Observation {
            event_type: EventType::of_code(row.event_type)?,
            started_at_ms: TimestampMs(row.started_at),
            duration_ms: DurationMs(row.duration_ms),
            units: row.units,
            confidence: confidence_of(row.confidence),
            model_version: model_of_stored(row.model_version_id),
            source: row.source_id.map(SourceId),
            event_code: row.event_code.clone(),
            form: form_of(&row),
            standing: Standing::Serving,
            names: NameOrder::default(),
            derived_from_ms: None,
        };
        Ok(Self { row, observation })
    }

    /// Gives it the standing that is decided.
    pub(super) fn judge(&mut self, decided: &Decided) {
        self.observation.standing = if decided.is_empty() {
            Standing::Serving
        } else {
            decided.standing(self.entity_id(), &self.observation)
        };
    }

    /// Whose it is.
    pub(super) fn entity_id(&self) -> EntityId {
        EntityId(self.row.entity_id)
    }

    /// Its series; none for an interval.
    pub(super) fn series(&self) -> Option<SeriesKey> {
        series_key_of(&self.row)
    }

    /// In how many minutes the next report of its series comes at the latest.
    pub(super) fn hold_minutes(&self) -> u16 {
        self.row.hold_minutes.map_or(0, i16::unsigned_abs)
    }

    /// The workstation of which it tells, too.
    pub(super) fn tells_of(&self) -> Option<&str> {
        let Observation { form, event_type, .. } = self.observation;
        self.row.workstation.as_deref().filter(|_| tells_of_workstation(form, event_type))
    }

    /// It with another length.
    pub(super) fn lasting(&self, duration_ms: DurationMs) -> Self {
        let row = event::Model { duration_ms: duration_ms.0, ..self.row.clone() };
        Self { row, observation: Observation { duration_ms, ..self.observation.clone() } }
    }

    /// What is known of it from what ends up to an instant: none where it is not over, and of a state report that goes on then,
    /// no end.
    pub(super) fn known_until(self, until_ms: TimestampMs) -> Option<Self> {
        if self.observation.ended_at_ms() <= until_ms {
            return Some(self);
        }
        let goes_on = self.observation.form == EventForm::State && self.observation.started_at_ms <= until_ms;
        goes_on.then(|| self.lasting(DurationMs::ZERO))
    }

    /// What makes it the report that it is.
    pub(super) fn identity(&self) -> Identity<'_> {
        identity_of(&self.row)
    }
}

impl AsRef<Observation> for Report {
    fn as_ref(&self) -> &Observation {
        &self.observation
    }
}

impl AsMut<Observation> for Report {
    fn as_mut(&mut self) -> &mut Observation {
        &mut self.observation
    }
}

/// What makes a stored event the one that it is.
pub(super) fn identity_of(row: &event::Model) -> Identity<'_> {
    (
        row.bucket,
        EntityId(row.entity_id),
        TimestampMs(row.started_at),
        row.event_type,
        &row.event_code,
        row.series,
        row.model_version_id,
    )
}
