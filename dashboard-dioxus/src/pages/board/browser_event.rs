//! Events of the browser itself, which come while no component is being drawn.

use dioxus::prelude::*;
use futures_channel::mpsc::{self, UnboundedSender};
use futures_util::StreamExt;

/// Where the browser's callbacks send events, for the component that calls this to handle them in its own scope.
pub(crate) fn event_channel<T: 'static>(mut handle: impl FnMut(T) + 'static) -> UnboundedSender<T> {
    let (sender, mut events) = mpsc::unbounded();
    spawn(async move {
        while let Some(event) = events.next().await {
            handle(event);
        }
    });
    sender
}
