//! All entries that pass a filter as a file, page after page.

use super::list::owner;
use super::variables;
use crate::api::client::Client;
use crate::api::operation::{AuditEntry, AuditLog};
use crate::api::{ask_once, use_client};
use crate::components::download::{self, CSV_TYPE};
use crate::components::page_context::use_page_context;
use crate::lean::csv::{Cell, Csv};
use crate::lean::zone::Zone;
use crate::pages::events::export::MOST_EXPORTED;
use crate::pages::over_time::export::times;
use crate::route::AccessAddress;
use crate::words::{audit_log as words, over_time};
use dioxus::prelude::*;
use web_sys::js_sys::Array;

/// How many entries are asked for at once: the most that the server gives.
const PAGE_ENTRIES: i64 = 200;

/// What becomes of an export.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Ready,
    /// So many entries are there.
    Running(usize),
    Saved {
        count: usize,
        is_cut: bool,
    },
    /// Why, for a person.
    Failed(String),
}

/// The button that saves them, and how far that is.
#[component]
pub(super) fn Export(address: ReadSignal<AccessAddress>, is_empty: bool) -> Element {
    let context = use_page_context();
    let client = use_client();
    let mut stage = use_signal(|| Stage::Ready);
    let begin = move |_| {
        let factory_id = context.factory_window().map(|choice| choice.factory_id);
        let (address, zone) = (address.peek().clone(), context.zone());
        stage.set(Stage::Running(0));
        spawn(async move {
            let mut progress = stage;
            let tell = move |count| progress.set(Stage::Running(count));
            let ended = save(client, factory_id, address, zone, tell).await;
            stage.set(match ended {
                Ok((count, is_cut)) => Stage::Saved { count, is_cut },
                Err(reason) => Stage::Failed(reason),
            });
        });
    };
    let is_running = matches!(stage(), Stage::Running(_));
    rsx! {
        match stage() {
            Stage::Ready => rsx! {},
            Stage::Running(count) => rsx! { span { role: "status", {words::exporting(count)} } },
            Stage::Saved { count, is_cut } => rsx! {
                span { role: "status", "data-testid": "audit-exported", {words::exported(count, is_cut)} }
            },
            Stage::Failed(reason) => rsx! { span { role: "alert", {reason} } },
        }
        button {
            class: "button",
            r#type: "button",
            "data-testid": "audit-csv",
            disabled: is_empty || is_running,
            onclick: begin,
            {words::EXPORT}
        }
    }
}

/// Asks for page after page and saves them as one file: how many entries there are, and whether there are more.
async fn save(
    client: Client,
    factory_id: Option<String>,
    address: AccessAddress,
    zone: Zone,
    mut tell: impl FnMut(usize),
) -> Result<(usize, bool), String> {
    let parts = Array::new();
    parts.push(&csv(&[], Part::Header, &zone).into());
    let (mut count, mut after) = (0, None);
    loop {
        let Some(variables) = variables(factory_id.clone(), &address, PAGE_ENTRIES, after) else {
            return Ok((0, false));
        };
        let page = ask_once::<AuditLog>(client, variables).await;
        let (entries, next) = page.unwrap_or_else(|| Err(words::NOT_EXPORTED.to_owned()))?;
        let entries = &entries[..entries.len().min(MOST_EXPORTED - count)];
        count += entries.len();
        parts.push(&csv(entries, Part::Rows, &zone).into());
        tell(count);
        after = next;
        if after.is_none() || count == MOST_EXPORTED {
            let name = download::file_name(&[&owner(&address, factory_id), words::FILE], "csv");
            download::save_parts(&name, CSV_TYPE, &parts)?;
            return Ok((count, after.is_some()));
        }
    }
}

/// Which lines of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    Rows,
}

fn csv(entries: &[AuditEntry], part: Part, zone: &Zone) -> String {
    let when = over_time::in_zone(words::WHEN, zone.name());
    let header = [
        words::NUMBER,
        &when,
        words::WHEN_UTC,
        words::WHO,
        words::WHAT,
        words::OUTCOME,
        words::TARGET,
        words::DETAILS,
        words::ADDRESS,
        words::TIMES,
    ];
    let table = match part {
        Part::Header => Csv::new(&header),
        Part::Rows => Csv::rows(header.len()),
    };
    let table = entries.iter().fold(table, |table, entry| {
        let [at, at_utc] = times(zone, entry.at);
        table.row(&[
            Cell::Whole(entry.number),
            at.as_str().into(),
            at_utc.as_str().into(),
            entry.principal.as_str().into(),
            words::action(&entry.action).into(),
            words::outcome(&entry.outcome).into(),
            entry.target.as_str().into(),
            entry.details.as_str().into(),
            entry.address.as_deref().unwrap_or_default().into(),
            Cell::Whole(entry.times),
        ])
    });
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;

    #[test]
    fn an_entry_is_a_line_and_a_name_is_no_formula() {
        let entry = AuditEntry {
            number: 7,
            at: Instant(1_767_600_000_000),
            principal: "=Kim".to_owned(),
            action: "REVOKE_TOKEN".to_owned(),
            outcome: "DONE".to_owned(),
            target: "cam-7".to_owned(),
            details: String::new(),
            address: Some("10.0.0.7".to_owned()),
            times: 1,
        };
        let zone = Zone::fixed("Asia/Kolkata", 330);
        assert_eq!(
            csv(&[], Part::Header, &zone),
            "\u{feff}Number,When (Asia/Kolkata),When (UTC),Who,What,Result,To whom or what,Details,From,Times\r\n"
        );
        assert_eq!(
            csv(&[entry], Part::Rows, &zone),
            "7,2026-01-05 13:30:00,2026-01-05 08:00:00,\"'=Kim\",Revoked a token,Done,cam-7,,10.0.0.7,1\r\n"
        );
    }
}
