use crate::api::operation::{Choice, Factory};
use crate::components::board_header::BoardHeader;
use crate::components::first_steps::FirstSteps;
use crate::components::panel_frame::PanelRefused;
use crate::components::summary::Summary;
use crate::components::worker_table::WorkerTable;
use crate::components::workstation_table::WorkstationTable;
use crate::live::{Live, Panel};
use crate::route::Route;
use crate::window::WindowChoice;
use dioxus::prelude::*;

/// The live metrics of one factory in one window, as the address names them.
#[component]
pub(crate) fn Board(factory: ReadSignal<String>, window: ReadSignal<WindowChoice>) -> Element {
    let live = use_context::<Live>();
    let link = use_coroutine_handle::<Choice>();
    let wanted = use_memo(move || wanted_choice(&factory.read(), window(), &live.factories.read()));
    use_effect(move || {
        if let Some(choice) = wanted()
            && live.choice.peek().as_ref() != Some(&choice)
        {
            if factory.peek().is_empty() {
                remember(&choice);
            }
            live.turn_to(choice.clone());
            link.send(choice);
        }
    });
    // What is held may still be about the choice before, until the effect above has run.
    let is_held = *live.choice.read() == *wanted.read();
    rsx! {
        BoardHeader { choice: wanted, window }
        main { class: "page board",
            match &*live.factories.read() {
                Panel::Showing(factories) if factories.is_empty() && wanted.read().is_none() => rsx! { FirstSteps {} },
                Panel::Refused(reason) if wanted.read().is_none() => rsx! { PanelRefused { reason } },
                _ if is_held => rsx! {
                    Summary {}
                    WorkerTable {}
                    WorkstationTable {}
                },
                _ => rsx! {},
            }
        }
    }
}

/// Writes the choice into the address in place of the one that left it open, so that a factory which is created later
/// and comes first does not take over the screen.
fn remember(choice: &Choice) {
    let route = Route::Board { factory: choice.factory_id.clone(), window: choice.window };
    // Only an address outside this application could fail to be shown.
    _ = navigator().replace(route);
}

/// The factory of the address, else the first there is; none as long as there is none.
fn wanted_choice(factory_id: &str, window: WindowChoice, factories: &Panel<Vec<Factory>>) -> Option<Choice> {
    let first = match factories {
        Panel::Showing(factories) => factories.first().map(|factory| factory.id.clone()),
        Panel::Waiting | Panel::Refused(_) => None,
    };
    let named = Some(factory_id.to_owned()).filter(|id| !id.is_empty());
    named.or(first).map(|factory_id| Choice { factory_id, window })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factories() -> Panel<Vec<Factory>> {
        let factory =
            |id: &str| Factory { id: id.to_owned(), name: id.to_owned(), time_zone: "UTC".to_owned() };
        Panel::Showing(vec![factory("alpha"), factory("beta")])
    }

    fn wanted_factory(named: &str, factories: &Panel<Vec<Factory>>) -> Option<String> {
        wanted_choice(named, WindowChoice::Today, factories).map(|choice| choice.factory_id)
    }

    #[test]
    fn the_address_decides_and_otherwise_the_first_factory() {
        assert_eq!(wanted_factory("beta", &factories()).as_deref(), Some("beta"));
        assert_eq!(wanted_factory("", &factories()).as_deref(), Some("alpha"));
    }

    #[test]
    fn a_named_factory_is_asked_for_before_the_list_is_there() {
        assert_eq!(wanted_factory("beta", &Panel::Waiting).as_deref(), Some("beta"));
        assert_eq!(wanted_factory("", &Panel::Waiting), None);
        assert_eq!(wanted_factory("", &Panel::Showing(Vec::new())), None);
    }
}
