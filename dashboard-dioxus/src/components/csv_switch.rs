use crate::lean::csv_style::CsvStyle;
use crate::words::over_time as words;
use dioxus::prelude::*;

/// What stands between the cells of exported files: spreadsheets of some languages take nothing but semicolons.
#[component]
pub(crate) fn CsvSwitch() -> Element {
    let mut style = use_signal(CsvStyle::current);
    rsx! {
        label { class: "picker csv-switch",
            span { {words::SEPARATOR} }
            select {
                class: "field",
                "data-testid": "csv-separator",
                onchange: move |event| {
                    if let Some(chosen) = CsvStyle::of(&event.value()) {
                        style.set(chosen);
                        chosen.remember();
                    }
                },
                for choice in CsvStyle::ALL {
                    option { key: "{choice.separator()}", value: choice.separator(), selected: choice == style(), {words::separator(choice)} }
                }
            }
        }
    }
}
