use super::finality::Finality;
use super::span::Span;
use domain::metric::UnitsBasis;

/// A factory as the picker lists it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factory {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The IANA name.
    pub(crate) time_zone: String,
    pub(crate) units_basis: UnitsBasis,
}

/// The factory as a whole in a window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactorySummary {
    /// The window that was used, none for all time.
    pub(crate) window: Option<Span>,
    pub(crate) revision: i64,
    pub(crate) finality: Finality,
    /// None where it is hidden.
    pub(crate) productive_minutes: Option<f64>,
    pub(crate) units_basis: UnitsBasis,
    /// None where they are hidden.
    pub(crate) units: Option<i64>,
    /// The plain mean of the workers' utilization, %.
    pub(crate) average_utilization: Option<f64>,
    /// Units per hour.
    pub(crate) average_production_rate: Option<f64>,
}
