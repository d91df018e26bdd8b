//! What can be wrong with an address that batches are to go to.

use reqwest::Url;

/// Why an address cannot be sent to.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("{0} is not a URL such as http://127.0.0.1:8000: {1}")]
    NotAUrl(String, String),
    /// Its scheme is neither `http` nor `https`.
    #[error("a server's URL begins with http:// or https://, not {0}:")]
    Scheme(String),
    /// This machine cannot make connections of that kind, for https for want of root certificates.
    #[error("cannot make connections to {0}: {1}")]
    Client(Url, #[source] reqwest::Error),
    /// It is that of a broker, for which this agent has no client.
    #[error(
        "this agent was built without {scheme}; build it with `cargo build --release -p edge --features {feature}`, or give \
         the http:// address of a server"
    )]
    NotBuilt {
        /// The scheme of the address.
        scheme: String,
        /// The feature that brings the client.
        feature: &'static str,
    },
    /// A broker's address is not written as it must be. How it is written.
    #[error("{0}")]
    Syntax(&'static str),
    /// A broker's address is not written as it must be. How it is written, and what is wrong.
    #[error("{0}: {1}")]
    Malformed(&'static str, String),
    /// A setting of a broker's client that no event's safety allows to change.
    #[error("{0} is not to be changed: no event may be lost")]
    FixedSetting(String),
}
