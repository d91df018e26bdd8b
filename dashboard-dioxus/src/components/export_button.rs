use crate::components::download::{CSV_TYPE, file_name, save};
use crate::words::over_time as words;
use dioxus::prelude::*;

/// Saves what a panel shows as a file for spreadsheets, and says so where the browser does not let it. `name` is what the
/// file's name is made of; `table` is written when somebody asks for it.
#[component]
pub(crate) fn ExportButton(
    #[props(default = "export".to_owned())] testid: String,
    #[props(default = "button")] class: &'static str,
    name: Vec<String>,
    table: Callback<(), String>,
) -> Element {
    let mut complaint = use_signal(|| None::<&'static str>);
    let export = move |_| {
        let parts: Vec<&str> = name.iter().map(String::as_str).collect();
        complaint.set(save(&file_name(&parts, "csv"), CSV_TYPE, &table.call(())).err());
    };
    rsx! {
        button { class, r#type: "button", "data-testid": testid, onclick: export, {words::EXPORT} }
        if let Some(complaint) = complaint() {
            span { class: "notice notice-refused", role: "alert", {complaint} }
        }
    }
}
