//! What the browser tells outside of any component's turn.

use dioxus::prelude::*;
use futures_channel::mpsc::{self, UnboundedSender};
use futures_util::StreamExt;

/// Where the browser's callbacks put what they are told, for a component to take it in its own turn.
pub(crate) fn taken<T: 'static>(mut take: impl FnMut(T) + 'static) -> UnboundedSender<T> {
    let (sender, mut told) = mpsc::unbounded();
    spawn(async move {
        while let Some(what) = told.next().await {
            take(what);
        }
    });
    sender
}
