//! One subscriber of a broadcast, and what it is sent next.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Broadcast, Payload, Source, Update};

/// One subscriber of a broadcast.
pub struct Subscriber<S: Source> {
    broadcast: Arc<Broadcast<S>>,
    wake_ups: watch::Receiver<()>,
    /// The update last sent.
    sent: Option<Sent>,
    has_ended: bool,
}

/// What a subscriber was sent.
#[derive(Clone, Copy)]
struct Sent {
    number: u64,
    position: u64,
}

impl<S: Source> Subscriber<S> {
    /// One that was sent nothing yet.
    pub(super) fn new(broadcast: Arc<Broadcast<S>>, wake_ups: watch::Receiver<()>) -> Self {
        Self { broadcast, wake_ups, sent: None, has_ended: false }
    }

    /// Waits for what is to be sent next; none when nothing follows.
    pub async fn next(&mut self) -> Option<Payload> {
        while !self.has_ended {
            // A wake-up from here on leads to another turn of this loop.
            self.wake_ups.borrow_and_update();
            let is_over = self.wake_ups.has_changed().is_err();
            let sent = self.sent;
            let is_new = |update: &Arc<Update<S>>| sent.is_none_or(|sent| sent.number < update.number);
            if let Some(update) = self.broadcast.latest().filter(is_new) {
                let rendering = update.rendering(&self.broadcast, sent.map(|sent| sent.position)).await;
                let payload = rendering.map(|rendering| rendering.payload(sent.is_none()));
                self.sent = update.position().map(|position| Sent { number: update.number, position });
                self.has_ended = self.sent.is_none() || !matches!(payload, Some(Payload::Next(_)));
                return payload;
            }
            if is_over {
                return None;
            }
            // After the end of all wake-ups the last update may still be unread.
            let _woken_or_over = self.wake_ups.changed().await;
        }
        None
    }
}

impl<S: Source> Drop for Subscriber<S> {
    fn drop(&mut self) {
        self.broadcast.broadcasts.unsubscribe(&self.broadcast);
    }
}
