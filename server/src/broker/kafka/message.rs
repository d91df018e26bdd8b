//! A message of Kafka as the consumer passes it on.

use crate::broker::intake::Delivered;

/// The header that names the factory where the key does not.
pub(super) const FACTORY_HEADER: &str = "factory";

/// A message, apart from the client's own memory.
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// Which assignment of the partition it came with.
    pub(super) assignment: u64,
    pub(super) timestamp_ms: Option<i64>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) factory: Option<Vec<u8>>,
    pub(super) payload: Vec<u8>,
}

impl Delivered for Message {
    fn factory(&self) -> Option<&[u8]> {
        self.factory.as_deref().or(self.key.as_deref())
    }

    fn payload(&self) -> &[u8] {
        &self.payload
    }
}
