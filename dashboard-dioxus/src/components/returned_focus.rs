//! Who closes what a button opened goes on at that button.

use dioxus::prelude::*;
use std::rc::Rc;

/// A button that takes the focus again.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct ReturnedFocus(CopyValue<Option<Rc<MountedData>>>);

/// The focus of a button of the component that calls this.
pub(crate) fn use_returned_focus() -> ReturnedFocus {
    ReturnedFocus(use_hook(|| CopyValue::new(None)))
}

impl ReturnedFocus {
    /// The button is there.
    pub(crate) fn mounted(mut self, button: Rc<MountedData>) {
        self.0.set(Some(button));
    }

    /// Gives it the focus.
    pub(crate) fn take(self) {
        let button = self.0.peek().clone();
        spawn(async move {
            if let Some(button) = button {
                // A button that is gone cannot take it.
                _ = button.set_focus(true).await;
            }
        });
    }
}
