//! What the server and the agent share of HTTP: connections and their limits, the memory of what they send, who is at
//! their other end, and what browsers may ask for.

mod accept;
mod browser;
mod caller;
mod connection;
mod gzip;
mod host;
mod limits;
mod memory;
mod open_files;
mod origin;
mod peer;
mod quota;
mod refuse;
mod stall;
mod trusted_proxies;

pub use self::{
    accept::accept,
    browser::{BrowserRules, Refusal},
    connection::Connection,
    gzip::{InflateError, MAX_GZIP_MEMBERS, inflate},
    host::Hosts,
    limits::ConnectionLimits,
    memory::{Memory, MemoryFull, MemoryLimits, MemoryShare},
    open_files::make_room,
    origin::{Origins, is_own_page},
    peer::Peer,
    quota::{PeerQuota, PeerShare, Quota, Share},
    trusted_proxies::TrustedProxies,
};
