use crate::chart::table::{ChartTable, TableSwitch};
use crate::chart::timeline::{Span, Track, TrackLayout};
use crate::chart::timeline_chart::{remark, segment_of, state_word};
use crate::lean::instant::Instant;
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// Every span of every track as a table.
#[component]
pub(super) fn TimelineTable(
    title: Rc<str>,
    layouts: Shared<Vec<TrackLayout>>,
    tracks: Rc<[Track]>,
    zone: Zone,
    working: &'static str,
) -> Element {
    let is_open = use_signal(|| false);
    let columns = || {
        let columns = [
            words::ROW,
            words::FROM,
            words::TO,
            words::STATE,
            words::CONFIDENCE,
            words::MODEL,
            words::REMARK,
        ];
        columns.map(str::to_owned).to_vec()
    };
    rsx! {
        TableSwitch { is_open }
        if is_open() {
            ChartTable { title: "{title}", columns: columns(),
                for (index , (track , layout)) in tracks.iter().zip(layouts.iter()).enumerate() {
                    for span in layout.spans.iter() {
                        TimelineTableRow { key: "{index} {span.from_ms}", track: track.clone(), span: *span, zone: zone.clone(), working }
                    }
                }
            }
        }
    }
}

#[component]
fn TimelineTableRow(track: Track, span: Span, zone: Zone, working: &'static str) -> Element {
    let segment = segment_of(&track, &span);
    let confidence = segment.and_then(|segment| segment.confidence);
    rsx! {
        tr {
            th { scope: "row", "{track.name}" }
            td { {zone.exact(Instant::from_ms(span.from_ms))} }
            td { {zone.exact(Instant::from_ms(span.to_ms))} }
            td { {state_word(segment.map(|segment| segment.state), working)} }
            td { {confidence.map(|confidence| crate::lean::number::grouped(confidence, 2))} }
            td { {segment.and_then(|segment| segment.model.as_deref())} }
            td { {remark(&track, &span)} }
        }
    }
}
