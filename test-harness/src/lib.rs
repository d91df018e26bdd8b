//! What the tests of all crates share.
//!
//! * A test waits for a state, with [`soon`] or [`until`], and never for a time: a machine that does something else as well
//!   is slower, and no test may fail for that.
//! * A test that tries something again and again takes the number of its rounds from [`rounds`], so that the suite runs a
//!   few and `cargo xtask soak` many.

use std::env;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpSocket;

/// How long a test waits for a state that must arrive. A wait ends when the state arrives, so a long limit costs nothing
/// when all is well. It is this long because a broker or a browser that starts in two seconds on an idle machine was seen
/// to take more than thirty on one that also compiled.
pub const LIMIT: Duration = Duration::from_mins(2);

/// How often a state that nothing announces is looked at.
pub const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Multiplies the rounds of the tests that take theirs from [`rounds`]. `cargo xtask soak` sets it.
pub const SOAK: &str = "ANDON_SOAK";

/// Waits for something that must happen.
///
/// # Panics
/// When it has not happened within [`LIMIT`].
pub async fn soon<T>(what: &str, happening: impl Future<Output = T>) -> T {
    within(LIMIT, what, happening).await
}

/// Waits until something holds.
///
/// # Panics
/// When it does not hold within [`LIMIT`].
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    within(LIMIT, what, polled(holds)).await;
}

async fn within<T>(limit: Duration, what: &str, happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, happening)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen within {} s", limit.as_secs()))
}

async fn polled(mut holds: impl AsyncFnMut() -> bool) {
    while !holds().await {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// A port that stays ours while nobody listens: a socket that is bound and never listens keeps others away from it, and
/// lets a server in that may reuse it.
///
/// # Panics
/// When the system has no free port.
pub fn reserved_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a socket that shares its port");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    socket
}

/// How many rounds to run of a test for which these are enough in the suite.
///
/// # Panics
/// When the environment's factor is no whole number from 1.
pub fn rounds(in_suite: usize) -> usize {
    in_suite * factor(env::var(SOAK).ok().as_deref())
}

fn factor(named: Option<&str>) -> usize {
    let Some(named) = named else { return 1 };
    let factor = named.parse().ok().filter(|factor| *factor > 0);
    factor.unwrap_or_else(|| panic!("{SOAK} must be a whole number from 1 and is {named:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[should_panic(expected = "the impossible did not happen within 0 s")]
    async fn a_state_that_never_arrives_is_named() {
        within(Duration::ZERO, "the impossible", polled(async || false)).await;
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_state_arrives() {
        let mut polls = 0;
        until("the third poll", async || {
            polls += 1;
            polls == 3
        })
        .await;
        assert_eq!(polls, 3);
    }

    #[test]
    fn a_soak_multiplies_the_rounds_of_the_suite() {
        assert_eq!((factor(None), factor(Some("10"))), (1, 10));
    }

    #[test]
    #[should_panic(expected = "ANDON_SOAK must be a whole number from 1 and is \"many\"")]
    fn a_factor_that_is_no_number_is_refused() {
        factor(Some("many"));
    }
}
