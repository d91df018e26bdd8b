//! Events that travel in one request.

/// Events to be sent together, and where they came from: places in the spool, or lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<O> {
    /// Where the events came from.
    pub origin: O,
    /// Each event's JSON object, as the text it was.
    pub events: Vec<String>,
}

/// How large a batch is, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSize {
    /// Its events.
    pub events: usize,
    /// Their bytes.
    pub bytes: usize,
}

impl<O> Batch<O> {
    /// How large it is.
    pub fn size(&self) -> BatchSize {
        BatchSize { events: self.events.len(), bytes: self.events.iter().map(String::len).sum() }
    }
}
