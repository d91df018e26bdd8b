use crate::lean::instant::Instant;

/// Whether the figures of a window will stay as they are by themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Finality {
    pub(crate) is_final: bool,
    /// Why they may not, as the API names it.
    pub(crate) reasons: Vec<String>,
    /// When the last of the window is closed.
    pub(crate) closes_at: Option<Instant>,
    /// How many events will never come.
    pub(crate) lost_events: i64,
}

/// What the API calls figures that stay.
const FINAL: &str = "FINAL";

impl Finality {
    pub(crate) fn new(
        state: &str,
        reasons: Vec<String>,
        closes_at: Option<Instant>,
        lost_events: i64,
    ) -> Self {
        Self { is_final: state == FINAL, reasons, closes_at, lost_events }
    }
}
