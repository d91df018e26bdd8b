//! How a spool is to behave.

use std::time::Duration;

use domain::limits::MAX_ID_CHARS;

/// The longest event, in bytes: as long as the longest line that is read.
pub const MAX_BODY_BYTES: usize = crate::line::MAX_LINE_BYTES;

/// How much a spool keeps unless something else is asked for: 1 GiB, some three million events.
pub const DEFAULT_CAP_BYTES: u64 = 1024 * 1024 * 1024;

/// The smallest cap, in bytes: below it the tables themselves and one batch would hardly fit.
pub const MIN_CAP_BYTES: u64 = 256 * 1024;

/// How long a spool keeps an event unless something else is asked for: as long as a server takes late events.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_hours(30 * 24);

/// How a spool is to behave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolOptions {
    /// Whose events it holds. `None` means whoever a spool belongs to, and the host's name for a new one.
    pub device: Option<String>,
    /// The most bytes of the file that may be in use; pages freed by delivery are used again.
    pub cap_bytes: u64,
    /// How long an undelivered event is kept, counted while an agent runs, so that a wrong clock loses nothing.
    pub max_age: Duration,
    /// What happens when the cap is reached.
    pub when_full: WhenFull,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self {
            device: None,
            cap_bytes: DEFAULT_CAP_BYTES,
            max_age: DEFAULT_MAX_AGE,
            when_full: WhenFull::Block,
        }
    }
}

/// What happens to new events when a spool has reached its cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WhenFull {
    /// New events are refused until there is room, and whoever sends them keeps them.
    Block,
    /// The oldest events are dropped, with a receipt that tells the server which.
    DropOldest,
}

/// The name of this computer, for a device that was given none.
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .or_else(|_| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")))
        .unwrap_or_default();
    match name.trim() {
        "" => "edge".to_owned(),
        name => name.chars().take(MAX_ID_CHARS).collect(),
    }
}
