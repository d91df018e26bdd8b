use super::correction::Said;
use crate::words::decisions as words;
use dioxus::prelude::*;
use domain::event::EntityType;
use domain::timeline::CorrectedState;

/// What was done. Nothing is chosen to begin with: nobody corrects by accident.
#[component]
pub(super) fn StateField(
    kind: EntityType,
    said: Signal<Said>,
    has_units_only: bool,
    #[props(default)] is_disabled: bool,
) -> Element {
    let states =
        [CorrectedState::Working, CorrectedState::Idle, CorrectedState::Absent, CorrectedState::NotObserved];
    let options = states.into_iter().zip(SLUGS);
    rsx! {
        label {
            span { {words::STATE} }
            select {
                class: "field",
                "data-testid": "correction-state",
                required: true,
                disabled: is_disabled,
                onchange: move |event| {
                    let slug = event.value();
                    let state = states.into_iter().zip(SLUGS).find(|(_, known)| *known == slug);
                    said.set(match state {
                        Some((state, _)) => Said::State(state),
                        None if slug == UNITS_ONLY => Said::UnitsOnly,
                        None => Said::Nothing,
                    });
                },
                option { value: "", selected: said() == Said::Nothing, {words::CHOOSE} }
                for (state , slug) in options {
                    option { key: "{slug}", value: slug, selected: said() == Said::State(state), {words::corrected_state(kind, state)} }
                }
                if has_units_only {
                    option { value: UNITS_ONLY, selected: said() == Said::UnitsOnly, {words::UNITS_ONLY} }
                }
            }
        }
    }
}

/// By which the options are known.
const SLUGS: [&str; 4] = ["working", "idle", "absent", "not-observed"];
const UNITS_ONLY: &str = "units-only";
