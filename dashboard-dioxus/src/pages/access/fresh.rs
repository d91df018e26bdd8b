//! A list that is seen as it is right after it was changed here.

use crate::api::operation::Shows;
use crate::api::{Answer, Panel, ask_once, use_client, use_polled_query};
use dioxus::prelude::*;

/// An answer, and the one that was asked for after the last change until the next one comes by itself.
pub(super) struct Fresh<T: 'static> {
    pub(super) answer: Answer<T>,
    changed: Signal<Option<T>>,
    /// Asks anew, after a change.
    pub(super) renew: Callback<()>,
}

impl<T> Clone for Fresh<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fresh<T> {}

impl<T: Clone> Fresh<T> {
    /// What is to be shown.
    pub(super) fn panel(&self) -> Panel<T> {
        match &*self.changed.read() {
            Some(changed) => Panel::Showing(changed.clone()),
            None => self.answer.read().clone(),
        }
    }
}

/// Asks with these variables, for the component that calls this.
pub(super) fn use_fresh<O: Shows>(
    variables: impl Fn() -> Option<O::Variables> + Clone + 'static,
) -> Fresh<O::Shown> {
    let client = use_client();
    let answer = use_polled_query::<O>(variables.clone());
    let mut changed = use_signal(|| None);
    use_effect(move || {
        // Every answer that comes after a change was asked after it, but for one that was on its way; the next one follows.
        drop(answer.read());
        if changed.peek().is_some() {
            changed.set(None);
        }
    });
    let renew = use_callback(move |()| {
        let variables = variables();
        spawn(async move {
            if let Some(variables) = variables
                && let Some(Ok(shown)) = ask_once::<O>(client, variables).await
            {
                changed.set(Some(shown));
            }
            answer.refresh();
        });
    });
    Fresh { answer, changed, renew }
}
