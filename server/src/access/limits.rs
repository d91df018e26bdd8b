//! How much one principal may ask and send, and how often somebody may try to prove who they are, in the memory of this server.
//!
//! - Nothing of it counts on an open server, where nobody is anybody.
//! - A rate is a burst that may come at once, and what time gives back of it. Who is over it is told how long to wait; what was
//!   refused takes nothing of it.
//! - An attempt is what is refused, or what needs a look at the database: a credential that this server has not seen before.
//!   Who is known goes on, whoever else tries from the same address.

mod rates;

use std::{net::IpAddr, sync::Arc, time::Duration};

use domain::id::PrincipalId;
use http_listener::{Quota, Share};

pub use self::rates::Rate;
use self::rates::Rates;
use crate::store::access::Access;

/// When to ask again who has as many sockets or subscriptions as they may: they have to end one first.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(1);

/// How much is allowed.
#[derive(Clone, Copy, Debug)]
pub struct AccessLimits {
    /// Requests and operations of a principal.
    pub requests: Rate,
    /// Events of a principal. A burst holds ten of the largest batches.
    pub events: Rate,
    /// Attempts of an address to prove who somebody is. A burst lets in the devices of a plant behind one address when the server
    /// has just started.
    pub attempts: Rate,
    /// The most websockets and event streams of a principal at a time.
    pub sockets: usize,
    /// The most subscriptions of a principal at a time, on all of its sockets.
    pub subscriptions: usize,
}

impl Default for AccessLimits {
    fn default() -> Self {
        Self {
            requests: Rate::per_second(50, 200),
            events: Rate::per_second(20_000, 100_000),
            attempts: Rate::per_second(10, 100),
            sockets: 50,
            subscriptions: 200,
        }
    }
}

/// Somebody has had what they may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverLimit {
    /// More requests than their rate.
    #[error(
        "there were too many requests: a principal may send {0}, each operation counted; ask again later"
    )]
    Requests(Rate, Duration),
    /// More events than their rate.
    #[error(
        "there were too many events: a device may send {0}; nothing of this batch is stored, send it again later"
    )]
    Events(Rate, Duration),
    /// More attempts than the rate of an address.
    #[error(
        "from this address too many requests did not prove who sent them: {0} may; ask again later, with a token that is valid"
    )]
    Attempts(Rate, Duration),
    /// As many sockets as they may.
    #[error("a principal has at most {0} websockets and event streams at a time; close one first")]
    Sockets(usize),
    /// As many subscriptions as they may.
    #[error("a principal has at most {0} subscriptions at a time, on all of its sockets; complete one first")]
    Subscriptions(usize),
}

impl OverLimit {
    /// How long to wait before it is worth to ask again.
    pub fn wait(self) -> Duration {
        match self {
            Self::Requests(_, wait) | Self::Events(_, wait) | Self::Attempts(_, wait) => wait,
            Self::Sockets(_) | Self::Subscriptions(_) => WAIT_FOR_ROOM,
        }
    }
}

/// What everybody has had so far.
pub(crate) struct Limits {
    requests: Rates<PrincipalId>,
    events: Rates<PrincipalId>,
    attempts: Rates<IpAddr>,
    sockets: Arc<Quota<PrincipalId>>,
    subscriptions: Arc<Quota<PrincipalId>>,
}

impl Limits {
    /// Nobody has had anything yet.
    pub(crate) fn new(limits: &AccessLimits) -> Arc<Self> {
        Arc::new(Self {
            requests: Rates::new(limits.requests),
            events: Rates::new(limits.events),
            attempts: Rates::new(limits.attempts),
            sockets: Quota::new(limits.sockets),
            subscriptions: Quota::new(limits.subscriptions),
        })
    }

    /// Counts an attempt to prove who somebody is, before anything is looked up for it. Without an address it counts for nobody.
    ///
    /// # Errors
    /// There were too many from the address.
    pub(crate) fn take_attempt(&self, address: Option<IpAddr>) -> Result<(), OverLimit> {
        let Some(address) = address else { return Ok(()) };
        self.attempts.take(address, 1).map_err(|wait| OverLimit::Attempts(self.attempts.rate(), wait))
    }

    /// What the one may have who asks; none where it is everybody.
    pub(crate) fn of(self: &Arc<Self>, access: &Access) -> Option<Limited> {
        access.principal_id().map(|principal_id| Limited { limits: self.clone(), principal_id })
    }
}

/// A principal for whom is counted what they ask and send.
#[derive(Clone)]
pub(crate) struct Limited {
    limits: Arc<Limits>,
    principal_id: PrincipalId,
}

/// What a principal has of its sockets or subscriptions, until it is dropped.
pub(crate) type PrincipalShare = Share<PrincipalId>;

impl Limited {
    /// Counts so many operations together.
    ///
    /// # Errors
    /// It would be too many, and none of them counts.
    pub(crate) fn take_requests(&self, count: usize) -> Result<(), OverLimit> {
        let requests = &self.limits.requests;
        requests
            .take(self.principal_id, count)
            .map_err(|wait| self.over(OverLimit::Requests(requests.rate(), wait)))
    }

    /// Counts the events of a batch together.
    ///
    /// # Errors
    /// It would be too many, and none of them counts.
    pub(crate) fn take_events(&self, count: usize) -> Result<(), OverLimit> {
        let events = &self.limits.events;
        events
            .take(self.principal_id, count)
            .map_err(|wait| self.over(OverLimit::Events(events.rate(), wait)))
    }

    /// Counts a websocket or an event stream for as long as the share is there.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(crate) fn take_socket(&self) -> Result<PrincipalShare, OverLimit> {
        let sockets = &self.limits.sockets;
        sockets.take(self.principal_id, 1).ok_or_else(|| self.over(OverLimit::Sockets(sockets.max())))
    }

    /// Counts a subscription for as long as the share is there.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(crate) fn take_subscription(&self) -> Result<PrincipalShare, OverLimit> {
        let subscriptions = &self.limits.subscriptions;
        subscriptions
            .take(self.principal_id, 1)
            .ok_or_else(|| self.over(OverLimit::Subscriptions(subscriptions.max())))
    }

    fn over(&self, over: OverLimit) -> OverLimit {
        tracing::debug!(principal_id = self.principal_id.0, "{over}");
        over
    }
}
