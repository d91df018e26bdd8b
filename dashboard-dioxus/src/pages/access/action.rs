//! What somebody has the server do, and what became of it.

use crate::words::access as words;
use dioxus::prelude::*;
use std::future::Future;

#[derive(Clone, PartialEq)]
enum Stage {
    Ready,
    Running,
    /// The server's words.
    Refused(String),
}

/// One form's way to change something.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Action(Signal<Stage>);

/// The way to change something of the component that calls this.
pub(super) fn use_action() -> Action {
    Action(use_signal(|| Stage::Ready))
}

impl Action {
    pub(super) fn is_running(self) -> bool {
        *self.0.read() == Stage::Running
    }

    /// Does it, unless something is being done; `ondone` is told what came of it.
    pub(super) fn run<T: 'static>(
        mut self,
        doing: impl Future<Output = Result<T, String>> + 'static,
        ondone: impl FnOnce(T) + 'static,
    ) {
        if *self.0.peek() == Stage::Running {
            return;
        }
        self.0.set(Stage::Running);
        spawn(async move {
            match doing.await {
                Ok(done) => {
                    self.0.set(Stage::Ready);
                    ondone(done);
                }
                Err(reason) => self.0.set(Stage::Refused(reason)),
            }
        });
    }
}

/// What became of it, in words.
#[component]
pub(super) fn Said(action: Action) -> Element {
    let stage = action.0.read();
    rsx! {
        span { class: "access-said", role: "status", if *stage == Stage::Running { {words::SAVING} } }
        if let Stage::Refused(reason) = &*stage {
            p { class: "notice notice-refused", role: "alert", "data-testid": "access-refused", "{reason}" }
        }
    }
}
