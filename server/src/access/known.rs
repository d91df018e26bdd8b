//! What is known of one credential, and who is told when that changes.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::{
    access::PrincipalKind,
    time::{DurationMs, TimestampMs},
};
use tokio::sync::watch;

use super::denied::Denied;
use crate::store::access::{Access, credentials::Credential};

/// How long a credential may be used before that is written down again (milliseconds).
const LAST_USED_STEP_MS: DurationMs = DurationMs(10 * domain::MS_PER_MINUTE);

/// How somebody stands who holds a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are let in, until then (Unix milliseconds).
    Valid(Access, TimestampMs),
    /// They are not.
    Denied(Denied),
}

impl Standing {
    /// What they may do at an instant.
    ///
    /// # Errors
    /// They are not let in.
    pub fn access(&self, now_ms: TimestampMs) -> Result<&Access, Denied> {
        match self {
            Self::Valid(_, until_ms) if *until_ms <= now_ms => Err(Denied::Expired),
            Self::Valid(access, _) => Ok(access),
            Self::Denied(denied) => Err(*denied),
        }
    }

    /// Until when they are let in, Unix milliseconds.
    pub fn until_ms(&self) -> TimestampMs {
        match self {
            Self::Valid(_, until_ms) => *until_ms,
            Self::Denied(_) => TimestampMs::MIN,
        }
    }
}

impl From<&Credential> for Standing {
    fn from(credential: &Credential) -> Self {
        if credential.is_revoked {
            return Self::Denied(Denied::NotValid);
        }
        Self::Valid(Access::of(credential.holder.clone()), credential.expires_at_ms)
    }
}

/// A credential as it was last read, and whoever is let in by it.
pub(super) struct Known {
    credential: Credential,
    standing: watch::Sender<Standing>,
    /// When it was last used, as far as that is written down, Unix milliseconds.
    last_used_ms: AtomicI64,
}

impl Known {
    pub(super) fn new(credential: Credential) -> Self {
        let standing = watch::Sender::new((&credential).into());
        let last_used_ms = AtomicI64::new(credential.last_used_at_ms.map_or(i64::MIN, |at| at.0));
        Self { credential, standing, last_used_ms }
    }

    /// Whether it is the one with this secret.
    pub(super) fn is_of(&self, secret: &[u8]) -> bool {
        self.credential.is_of(secret)
    }

    /// Tells whoever is let in by it how they stand now.
    pub(super) fn set(&self, standing: Standing) {
        tell(&self.standing, standing);
    }

    /// How whoever has it stands, and from now on.
    pub(super) fn follow(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Whether nobody is let in by it at the moment.
    pub(super) fn is_idle(&self) -> bool {
        self.standing.receiver_count() == 0
    }

    /// Whether it is that of a person, which ends where nobody uses it.
    pub(super) fn is_session(&self) -> bool {
        self.credential.holder.kind == PrincipalKind::Person
    }

    /// When it was last used here, or before as far as that is written down.
    pub(super) fn last_used_ms(&self) -> TimestampMs {
        self.credential.last_used_ms().max(TimestampMs(self.last_used_ms.load(Ordering::Relaxed)))
    }

    /// Takes note that it is used; whether that is to be written down.
    pub(super) fn used(&self, now_ms: TimestampMs) -> bool {
        let before_ms = self.last_used_ms.load(Ordering::Relaxed);
        let is_due = now_ms.0.saturating_sub(before_ms) >= LAST_USED_STEP_MS.0;
        is_due
            && self
                .last_used_ms
                .compare_exchange(before_ms, now_ms.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// Tells those who follow a standing of another one.
pub(super) fn tell(followed: &watch::Sender<Standing>, standing: Standing) {
    followed.send_if_modified(|before| {
        let is_changed = *before != standing;
        *before = standing;
        is_changed
    });
}
