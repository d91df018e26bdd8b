//! Whom a connection counts for: its own address, or behind a trusted proxy the one that its latest request came from.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::http::HeaderMap;

use crate::{
    ConnectionLimits, Peer, TrustedProxies,
    peer::Loopback,
    quota::{PeerQuota, PeerShare},
};

/// By what rules connections count.
pub(crate) struct Callers {
    quota: Arc<PeerQuota>,
    trusted_proxies: TrustedProxies,
    loopback: Loopback,
}

/// Whom one connection counts for.
pub(crate) struct Caller {
    callers: Arc<Callers>,
    /// Who connected.
    connected: Peer,
    is_proxy: bool,
    /// Who is counted; nobody before the first request that a proxy forwards.
    counted: Mutex<Option<(Peer, PeerShare)>>,
    has_asked: AtomicBool,
}

/// An address has as many connections as it may.
pub(crate) struct TooMany {
    pub(crate) peer: Peer,
    pub(crate) max: usize,
}

impl Callers {
    pub(crate) fn new(limits: &ConnectionLimits) -> Arc<Self> {
        let loopback = match limits.max_connections_per_address {
            Some(_) => Loopback::Counted,
            None => Loopback::Exempt,
        };
        Arc::new(Self {
            quota: PeerQuota::new(limits.per_address()),
            trusted_proxies: limits.trusted_proxies.clone(),
            loopback,
        })
    }

    /// Counts a new connection.
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Result<Caller, TooMany> {
        let connected = Peer::connected(address, self.loopback);
        let is_proxy = self.trusted_proxies.contains(address);
        let counted = if is_proxy { None } else { Some((connected, self.take(connected)?)) };
        Ok(Caller {
            callers: self.clone(),
            connected,
            is_proxy,
            counted: Mutex::new(counted),
            has_asked: AtomicBool::new(false),
        })
    }

    fn take(&self, peer: Peer) -> Result<PeerShare, TooMany> {
        self.quota.take(peer, 1).ok_or(TooMany { peer, max: self.quota.max() })
    }
}

impl Caller {
    /// Who sent a request with these headers; the connection counts for it until the next one.
    pub(crate) fn asks(&self, headers: &HeaderMap) -> Result<Peer, TooMany> {
        self.has_asked.store(true, Ordering::Relaxed);
        if !self.is_proxy {
            return Ok(self.connected);
        }
        let client = self.callers.trusted_proxies.client(headers);
        let peer = client.map_or(self.connected, Peer::forwarded);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.as_ref().is_none_or(|(held_by, _)| *held_by != peer) {
            *counted = Some((peer, self.callers.take(peer)?));
        }
        Ok(peer)
    }

    /// Whether it ever sent a request.
    pub(crate) fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }
}
