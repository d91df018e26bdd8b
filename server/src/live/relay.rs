//! A subscription whose deliveries are put in by whoever runs it, so that it renders what it is asked to, when it is asked.

use std::sync::{Mutex, PoisonError};

use futures_util::{Stream, stream};
use tokio::sync::{mpsc, oneshot};

use super::broadcast::Source;

/// Goes with the request to the resolver, which hands its source over for deliveries that are put in.
pub struct Relay<S: Source>(Mutex<Option<Ends<S>>>);

struct Ends<S: Source> {
    source: oneshot::Sender<S>,
    deliveries: mpsc::Receiver<S::Delivery>,
}

impl<S: Source> Relay<S> {
    /// A relay, where its source comes out, and where deliveries go in.
    pub(super) fn new() -> (Self, oneshot::Receiver<S>, mpsc::Sender<S::Delivery>) {
        let (source, handed_over) = oneshot::channel();
        // One delivery is put in at a time.
        let (put_in, deliveries) = mpsc::channel(1);
        (Self(Mutex::new(Some(Ends { source, deliveries }))), handed_over, put_in)
    }

    /// Hands a source over.
    ///
    /// # Errors
    /// The source, if one was handed over before or there is nobody to take it.
    pub fn hand_over(&self, source: S) -> Result<impl Stream<Item = S::Delivery> + Send + use<S>, S> {
        let Some(ends) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Err(source);
        };
        ends.source.send(source)?;
        let next = |mut deliveries: mpsc::Receiver<S::Delivery>| async move {
            let delivery = deliveries.recv().await?;
            Some((delivery, deliveries))
        };
        Ok(stream::unfold(ends.deliveries, next))
    }
}
