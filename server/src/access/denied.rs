//! Why somebody is not let in.

use domain::access::TokenFault;

use super::limits::OverLimit;

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// They did not say who they are.
    #[error(
        "this server lets in only who proves who they are: send \"Authorization: Bearer\" and a token; who administers the factory \
         creates one"
    )]
    NoCredential,
    /// They said it in another way.
    #[error("Authorization must be \"Bearer\" and a token")]
    OtherScheme,
    /// What they sent is no token.
    #[error(transparent)]
    NoToken(#[from] TokenFault),
    /// It is one, but was not issued here, or not for long enough, or somebody made it void.
    #[error(
        "the token is not valid: it was revoked, or another server issued it; who administers the factory creates another one"
    )]
    NotValid,
    /// It was valid.
    #[error("the token has expired; who administers the factory creates another one")]
    Expired,
    /// Too many tried before from the same address.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// Nobody can tell now.
    #[error("the server cannot look now who may do what; ask again")]
    Unknown,
}
