//! A question in canonical form, so that equal questions compare equal: with a scope, the key by which subscribers share
//! one computation.

use domain::{event::EntityType, totals::Totals, window::WindowSpec};

use super::{super::error::ReportError, limits::MAX_IDS};
use crate::store::entities::EntityFilter;

/// A question about the workers, the workstations, or both of a factory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Only workers, or only workstations; none is about the factory, which takes both.
    pub entity_type: Option<EntityType>,
    /// The window as asked for; it may move with the clock.
    pub window: WindowSpec,
    /// Only those with these codes, sorted.
    codes: Option<Vec<String>>,
    /// Only those in this area.
    pub area: Option<String>,
}

impl Question {
    /// A question about a factory as a whole.
    pub fn about_factory(window: WindowSpec, area: Option<String>) -> Self {
        Self { entity_type: None, window, codes: None, area }
    }

    /// A question about a factory's workers or workstations. Unknown codes are just not answered.
    ///
    /// # Errors
    /// There are more than [`MAX_IDS`] codes.
    pub fn about_entities(
        entity_type: EntityType,
        window: WindowSpec,
        codes: Option<Vec<String>>,
        area: Option<String>,
    ) -> Result<Self, ReportError> {
        Ok(Self { entity_type: Some(entity_type), window, codes: codes.map(sorted).transpose()?, area })
    }

    /// The workers that it names, if it is about them alone.
    pub fn workers(&self) -> Option<&[String]> {
        self.codes
            .as_deref()
            .filter(|codes| self.entity_type == Some(EntityType::Worker) && !codes.is_empty())
    }

    /// The same about the workers that a question about a factory, or an area of it, takes in.
    pub(super) fn about_its_workers(&self) -> Self {
        Self { entity_type: Some(EntityType::Worker), ..self.clone() }
    }

    /// Selects the entities that are asked about, in whatever area.
    pub(super) fn filter(&self) -> EntityFilter<'_> {
        EntityFilter {
            entity_type: self.entity_type,
            codes: self.codes.as_deref(),
            ..EntityFilter::default()
        }
    }

    /// Whether only some entities of a type are asked about, so that their sums are read by id.
    pub(super) fn is_selective(&self) -> bool {
        self.codes.is_some() || self.area.is_some()
    }

    /// Whether these sums of an entity are in the answer. Of whom a correction says that nobody knows what they did there is
    /// nothing to list, but that time is in a factory's corrected time.
    pub(super) fn takes(&self, totals: &Totals) -> bool {
        totals.is_listed() || (self.entity_type.is_none() && totals.corrected_ms > 0)
    }

    /// Whether something in this area is asked about.
    pub(super) fn is_about_area(&self, area: Option<&str>) -> bool {
        self.area.is_none() || self.area.as_deref() == area
    }
}

fn sorted(mut codes: Vec<String>) -> Result<Vec<String>, ReportError> {
    if codes.len() > MAX_IDS {
        return Err(ReportError::TooManyIds(codes.len()));
    }
    codes.sort_unstable();
    codes.dedup();
    Ok(codes)
}
