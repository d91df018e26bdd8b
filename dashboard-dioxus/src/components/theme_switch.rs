use crate::components::window_event::use_window_event;
use crate::storage;
use crate::words::theme as words;
use dioxus::prelude::*;

/// Where the browser remembers the choice.
const STORED_AS: &str = "andon-theme";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn slug(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => words::SYSTEM,
            Self::Light => words::LIGHT,
            Self::Dark => words::DARK,
        }
    }

    fn of(slug: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.slug() == slug).unwrap_or(Self::System)
    }
}

/// The theme that is chosen, for the whole page.
#[derive(Clone, Copy)]
struct Chosen(Signal<Theme>);

/// Keeps the theme of this tab the one that was chosen last, in whichever tab.
pub(crate) fn use_theme_provider() {
    let mut theme = use_signal(remembered);
    use_context_provider(|| Chosen(theme));
    use_window_event("storage", move || {
        let chosen = remembered();
        if *theme.peek() != chosen {
            theme.set(chosen);
            apply(chosen);
        }
    });
}

/// Light, dark, or as the system has it.
#[component]
pub(crate) fn ThemeSwitch() -> Element {
    let Chosen(mut theme) = use_context();
    rsx! {
        label { class: "picker",
            span { class: "visually-hidden", {words::LABEL} }
            select {
                class: "field",
                "data-testid": "theme-picker",
                value: theme().slug(),
                onchange: move |event| {
                    let chosen = Theme::of(&event.value());
                    theme.set(chosen);
                    apply(chosen);
                    remember(chosen);
                },
                for choice in Theme::ALL {
                    option { key: "{choice.slug()}", value: choice.slug(), selected: choice == theme(), {choice.label()} }
                }
            }
        }
    }
}

/// Puts the remembered theme on the page, before anything is drawn.
pub(crate) fn apply_remembered() {
    apply(remembered());
}

fn apply(theme: Theme) {
    let page = web_sys::window().and_then(|window| window.document());
    let Some(root) = page.and_then(|page| page.document_element()) else { return };
    // An attribute of this name is always allowed.
    _ = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.slug()),
    };
}

/// A browser that keeps nothing follows the system.
fn remembered() -> Theme {
    let stored = storage::kept(STORED_AS);
    stored.map_or(Theme::System, |slug| Theme::of(&slug))
}

fn remember(theme: Theme) {
    storage::keep(STORED_AS, theme.slug());
}
