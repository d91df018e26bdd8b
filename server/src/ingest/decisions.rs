//! Decisions that wait to be made: one between two turns of batches, in the order in which they came.

use std::collections::VecDeque;

use domain::id::FactoryId;
use tokio::sync::oneshot;

use super::{IngestError, limits::MAX_WAITING_DECISIONS};
use crate::store::decisions::{Decision, NewDecision, NotDecided};

/// What became of a decision.
pub(super) type Answer = Result<Result<Decision, NotDecided>, IngestError>;

/// A decision that waits.
pub(super) struct Request {
    /// The factory that it is about.
    pub(super) factory_id: FactoryId,
    pub(super) new: NewDecision,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// The decisions that wait.
#[derive(Default)]
pub(super) struct Requests {
    waiting: VecDeque<Request>,
    is_closed: bool,
}

impl Requests {
    /// Takes a decision in.
    ///
    /// # Errors
    /// Nothing is taken in any more, or too many wait.
    pub(super) fn push(&mut self, request: Request) -> Result<(), IngestError> {
        if self.is_closed {
            return Err(IngestError::Stopping);
        }
        if self.waiting.len() >= MAX_WAITING_DECISIONS {
            return Err(IngestError::TooManyDecisions);
        }
        self.waiting.push_back(request);
        Ok(())
    }

    /// The one that came first.
    pub(super) fn pop(&mut self) -> Option<Request> {
        self.waiting.pop_front()
    }

    /// Takes nothing in any more. What waits is still made.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Drops what waits.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::TimestampMs;

    use crate::store::{access::Author, decisions::Content};

    fn request(number: i32) -> Request {
        let new = NewDecision {
            factory_slug: "plant".into(),
            request_id: number.to_string(),
            author: Author::server(TimestampMs(0)),
            note: String::new(),
            seen_decision: None,
            content: Content::Withdrawal(number),
        };
        Request { factory_id: FactoryId(1), new, answer: oneshot::channel().0 }
    }

    fn next(requests: &mut Requests) -> Option<String> {
        requests.pop().map(|request| request.new.request_id)
    }

    #[test]
    fn decisions_are_made_in_the_order_in_which_they_came_and_only_so_many_wait() {
        let mut requests = Requests::default();
        for number in 0..MAX_WAITING_DECISIONS as i32 {
            requests.push(request(number)).expect("room");
        }
        let refused = requests.push(request(99)).expect_err("no room");
        assert!(matches!(refused, IngestError::TooManyDecisions), "{refused}");
        assert_eq!(next(&mut requests).as_deref(), Some("0"));
        requests.push(request(100)).expect("room again");
        assert_eq!(next(&mut requests).as_deref(), Some("1"));
    }

    #[test]
    fn what_waits_when_the_server_stops_is_still_made_and_nothing_else() {
        let mut requests = Requests::default();
        requests.push(request(1)).expect("room");
        requests.close();
        let refused = requests.push(request(2)).expect_err("closed");
        assert!(matches!(refused, IngestError::Stopping), "{refused}");
        assert_eq!(next(&mut requests).as_deref(), Some("1"));
        assert_eq!(next(&mut requests), None);
    }
}
