//! Telling a quiet connection from a dead one. A browser does not show its scripts the pings of the websocket itself,
//! so the dashboard asks with a message of the protocol.

/// Silence, in ms, after which the server is asked whether it is still there.
pub(crate) const SILENCE_MS: f64 = 15_000.0;
/// How long, in ms, it may take to say anything then.
pub(crate) const ANSWER_MS: f64 = 5_000.0;

/// What a look at the clock calls for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Nothing: the server was heard recently, or still has time to answer.
    Alive,
    /// Ask with a `ping`.
    SendPing,
    /// It was asked and did not answer: the connection is dead.
    Dead,
}

/// When the server was last heard. Times are ms since 1970 of a clock that may be set back.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    heard_at_ms: f64,
    asked_at_ms: Option<f64>,
}

impl KeepAlive {
    pub(crate) fn new(now_ms: f64) -> Self {
        Self { heard_at_ms: now_ms, asked_at_ms: None }
    }

    /// Any message is a sign of life.
    pub(crate) fn heard(&mut self, now_ms: f64) {
        *self = Self::new(now_ms);
    }

    /// Says what to do now; [`Liveness::SendPing`] counts as asked.
    pub(crate) fn check(&mut self, now_ms: f64) -> Liveness {
        // A clock that was set back must not stretch the silence by as much.
        self.heard_at_ms = self.heard_at_ms.min(now_ms);
        self.asked_at_ms = self.asked_at_ms.map(|asked_at_ms| asked_at_ms.min(now_ms));
        match self.asked_at_ms {
            Some(asked_at_ms) if now_ms - asked_at_ms >= ANSWER_MS => Liveness::Dead,
            None if now_ms - self.heard_at_ms >= SILENCE_MS => {
                self.asked_at_ms = Some(now_ms);
                Liveness::SendPing
            }
            _ => Liveness::Alive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_silent_seconds_call_for_one_ping_and_five_more_mean_dead() {
        let mut keep_alive = KeepAlive::new(0.0);
        assert_eq!(keep_alive.check(14_999.0), Liveness::Alive);
        assert_eq!(keep_alive.check(15_000.0), Liveness::SendPing);
        assert_eq!(keep_alive.check(19_999.0), Liveness::Alive);
        assert_eq!(keep_alive.check(20_000.0), Liveness::Dead);
    }

    #[test]
    fn any_message_is_a_sign_of_life() {
        let mut keep_alive = KeepAlive::new(0.0);
        assert_eq!(keep_alive.check(15_000.0), Liveness::SendPing);
        keep_alive.heard(19_000.0);
        assert_eq!(keep_alive.check(33_999.0), Liveness::Alive);
        assert_eq!(keep_alive.check(34_000.0), Liveness::SendPing);
    }

    #[test]
    fn a_machine_that_slept_asks_before_it_gives_up() {
        let mut keep_alive = KeepAlive::new(0.0);
        assert_eq!(keep_alive.check(3_600_000.0), Liveness::SendPing);
        assert_eq!(keep_alive.check(3_604_999.0), Liveness::Alive);
    }

    #[test]
    fn a_clock_set_back_by_an_hour_delays_the_ping_by_no_more_than_the_silence() {
        let mut keep_alive = KeepAlive::new(3_600_000.0);
        assert_eq!(keep_alive.check(0.0), Liveness::Alive);
        assert_eq!(keep_alive.check(15_000.0), Liveness::SendPing);
    }
}
