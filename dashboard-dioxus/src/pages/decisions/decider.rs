//! Makes decisions for the forms of the page, and says what became of them.

use super::one::use_decision;
use crate::api::client::Client;
use crate::api::operation::{DecisionInput, Decisions, NotDecided, decide, decide_variables, decisions};
use crate::api::{use_client, use_query};
use crate::components::page_context::{PageContext, use_page_context};
use crate::model::{Decision, DecisionPage, Progress};
use crate::route::Address;
use crate::words::decisions as words;
use dioxus::prelude::*;

/// How far a decision is with being made.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    Ready,
    Saving,
    /// There was no answer yet, and the same request is sent again.
    SentAgain,
    Made(Decision),
    Not(NotDecided),
}

/// What is asked for, and the id under which it was.
#[derive(Clone, PartialEq)]
struct Attempt {
    input: DecisionInput,
    note: String,
    request_id: String,
}

/// One form's way to decide. What is saved again without a change after an answer was lost is the same request.
#[derive(Clone, Copy)]
pub(super) struct Decider {
    context: PageContext,
    client: Client,
    pub(super) stage: Signal<Stage>,
    /// The number of the last decision when the form was opened.
    seen: Signal<Option<i32>>,
    unanswered: CopyValue<Option<Attempt>>,
}

impl PartialEq for Decider {
    fn eq(&self, other: &Self) -> bool {
        self.stage == other.stage
    }
}

/// The way to decide of the component that calls this.
pub(super) fn use_decider() -> Decider {
    let context = use_page_context();
    let client = use_client();
    let latest = use_query::<Decisions>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(decisions::Variables { factory_id, filter: None, first: 1, after: None })
    });
    let stage = use_signal(|| Stage::Ready);
    let mut seen = use_signal(|| None);
    let unanswered = use_hook(|| CopyValue::new(None));
    use_effect(move || {
        let last = |page: &DecisionPage| page.decisions.first().map_or(0, |decision| decision.number);
        // Later answers are of what nobody has looked at.
        let last = latest.with(last);
        if seen.peek().is_none() && last.is_some() {
            seen.set(last);
        }
    });
    Decider { context, client, stage, seen, unanswered }
}

impl Decider {
    /// Whether a decision can be sent now.
    pub(super) fn is_ready(&self) -> bool {
        (self.seen)().is_some() && !matches!(&*self.stage.read(), Stage::Saving | Stage::SentAgain)
    }

    /// Has a decision made, unless one is being made; `onmade` is told of it.
    pub(super) fn decide(mut self, input: DecisionInput, note: &str, onmade: EventHandler<Decision>) {
        let Some(choice) = self.context.factory_window() else { return };
        if matches!(&*self.stage.peek(), Stage::Saving | Stage::SentAgain) {
            return;
        }
        let note = note.trim().to_owned();
        let again = self.unanswered.take().filter(|before| before.input == input && before.note == note);
        let attempt = again.unwrap_or_else(|| Attempt { input, note, request_id: new_request_id() });
        let variables = decide_variables(
            choice.factory_id,
            attempt.request_id.clone(),
            attempt.input.clone(),
            attempt.note.clone(),
            *self.seen.peek(),
        );
        self.stage.set(Stage::Saving);
        spawn(async move {
            let mut stage = self.stage;
            let outcome = decide(self.client, variables, move || stage.set(Stage::SentAgain)).await;
            if outcome == Err(NotDecided::Unanswered) {
                self.unanswered.set(Some(attempt));
            }
            match outcome {
                Ok(decision) => {
                    self.seen.set(Some(decision.number));
                    self.stage.set(Stage::Made(decision.clone()));
                    onmade.call(decision);
                }
                Err(why) => self.stage.set(Stage::Not(why)),
            }
        });
    }

    /// Forgets what became of the last decision, unless one is being made.
    pub(super) fn clear(mut self) {
        if !matches!(&*self.stage.peek(), Stage::Saving | Stage::SentAgain) {
            self.stage.set(Stage::Ready);
        }
    }

    /// Somebody has looked at this decision and goes on.
    pub(super) fn has_seen(mut self, number: i32) {
        self.seen.set(Some(number));
        self.stage.set(Stage::Ready);
    }
}

/// An id that no other request has: 104 random bits.
fn new_request_id() -> String {
    let part = || {
        if cfg!(target_arch = "wasm32") { (js_sys::Math::random() * 2.0_f64.powi(52)) as u64 } else { 0 }
    };
    format!("page-{:013x}{:013x}", part(), part())
}

/// What became of a decision, in words. `onagain` is told to save it all the same.
#[component]
pub(super) fn Outcome(decider: Decider, onagain: EventHandler<()>) -> Element {
    let (told, refused) = match &*decider.stage.read() {
        Stage::Ready | Stage::Made(_) => ("", None),
        Stage::Saving => (words::SAVING, None),
        Stage::SentAgain => (words::SENT_AGAIN, None),
        Stage::Not(NotDecided::Unanswered) => ("", Some(words::UNANSWERED.to_owned())),
        Stage::Not(NotDecided::Refused(reason)) => ("", Some(reason.clone())),
        Stage::Not(NotDecided::ChangedMeanwhile(number)) => {
            return rsx! {
                ChangedMeanwhile { key: "{number}", decider, number: *number, onagain }
            };
        }
    };
    let made = if let Stage::Made(decision) = &*decider.stage.read() {
        Some((decision.number, decision.progress))
    } else {
        None
    };
    let selection = decider.context.selection();
    rsx! {
        p { class: "decision-said", role: "status", "data-testid": "decision-said",
            {told}
            if let Some((number, progress)) = made {
                {words::saved(number)}
                " "
                if progress != Progress::Applied {
                    {words::IS_APPLYING}
                    " "
                }
                Link { to: Address::decision(number, selection), {words::SEE} }
            }
        }
        if let Some(refused) = refused {
            p { class: "notice notice-refused", role: "alert", "data-testid": "decision-refused", {refused} }
        }
    }
}

/// Says which decision was made meanwhile, and offers to go on.
#[component]
fn ChangedMeanwhile(decider: Decider, number: i32, onagain: EventHandler<()>) -> Element {
    let context = use_page_context();
    let sentence = use_decision(number).map(|decision| words::changed_sentence(&decision, &context.zone()));
    rsx! {
        div { class: "notice notice-refused decision-changed", role: "alert", "data-testid": "decision-changed",
            p { {words::changed_meanwhile(number)} }
            if let Some(sentence) = sentence {
                p { "data-testid": "decision-changed-by", {sentence} }
            }
            Link { to: Address::decision(number, context.selection()), {words::number(number)} }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "decision-anyway",
                onclick: move |_| {
                    decider.has_seen(number);
                    onagain.call(());
                },
                {words::SAVE_ANYWAY}
            }
        }
    }
}
