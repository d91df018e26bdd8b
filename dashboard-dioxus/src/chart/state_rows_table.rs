use crate::chart::state_rows_chart::Drawn;
use crate::chart::table::{ChartTable, TableSwitch};
use crate::chart::timeline_chart::state_word;
use crate::lean::instant::Instant;
use crate::lean::shared::Shared;
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// The most spans in the table: more would be a list that nobody hears to its end and that is slow to make.
const MAX_TABLE_SPANS: usize = 1_000;

/// What each was doing as a table, row by row in the order of time.
#[component]
pub(super) fn StateTable(title: Rc<str>, drawn: Shared<Drawn>) -> Element {
    let is_open = use_signal(|| false);
    rsx! {
        TableSwitch { is_open }
        if is_open() {
            SpanTable { title, drawn }
        }
    }
}

#[component]
fn SpanTable(title: Rc<str>, drawn: Shared<Drawn>) -> Element {
    let columns = [words::ROW, words::FROM, words::TO, words::STATE].map(str::to_owned).to_vec();
    let entities = drawn.rows.iter().enumerate().filter(|(_, row)| row.id.is_some());
    let of = |(index, _): (usize, _)| drawn.spans(index).into_iter().map(move |span| (index, span));
    let spans: Vec<_> = entities.flat_map(of).collect();
    rsx! {
        if spans.len() > MAX_TABLE_SPANS {
            p { class: "page-note", {words::first_of(MAX_TABLE_SPANS, spans.len())} }
        }
        ChartTable { title: "{title}", columns,
            for (row , span) in spans.iter().take(MAX_TABLE_SPANS) {
                tr { key: "{row} {span.from_ms}",
                    th { scope: "row", {drawn.name(*row)} }
                    td { {drawn.zone.exact(Instant::from_ms(span.from_ms))} }
                    td { {drawn.zone.exact(Instant::from_ms(span.to_ms))} }
                    td { {state_word(span.state, drawn.working)} }
                }
            }
        }
    }
}
