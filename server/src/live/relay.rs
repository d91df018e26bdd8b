//! A subscription whose deliveries are put in by whoever runs it, so that it renders what it is asked to, when it is asked.

use std::sync::{Mutex, PoisonError};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{mpsc, oneshot};

use super::delivery::{Delivered, Follower};

/// Goes with the request to the resolver, which hands its follower over for deliveries that are put in.
pub struct Relay(Mutex<Option<Ends>>);

struct Ends {
    follower: oneshot::Sender<Follower>,
    deliveries: mpsc::Receiver<Delivered>,
}

impl Relay {
    /// A relay, where its follower comes out, and where deliveries go in.
    pub(super) fn new() -> (Self, oneshot::Receiver<Follower>, mpsc::Sender<Delivered>) {
        let (follower, handed_over) = oneshot::channel();
        // One delivery is put in at a time.
        let (put_in, deliveries) = mpsc::channel(1);
        (Self(Mutex::new(Some(Ends { follower, deliveries }))), handed_over, put_in)
    }

    /// Hands a follower over. Without effect after the first time, when the follower is given back.
    ///
    /// # Errors
    /// The follower, if there is nobody to take it.
    pub fn hand_over(
        &self,
        follower: Follower,
    ) -> Result<impl Stream<Item = Delivered> + Send + use<>, Follower> {
        let Some(ends) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Err(follower);
        };
        ends.follower.send(follower)?;
        let next = |mut deliveries: mpsc::Receiver<Delivered>| async move {
            let delivered = deliveries.recv().await?;
            Some((delivered, deliveries))
        };
        Ok(stream::unfold(ends.deliveries, next).fuse())
    }
}
