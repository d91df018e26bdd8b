use super::*;
use proptest::prelude::*;

const MINUTE_MS: i64 = 60_000;

/// Steps of a quarter of an hour from 08:10 to 09:10 of the first day of 1970.
fn grid() -> StepGrid {
    let at = |minute: i64| Instant(minute * MINUTE_MS);
    step_grid(Span { from: at(490), to: at(550) }, 15 * MINUTE_MS)
}

fn row(id: Option<&str>, states: &str) -> StateRow {
    StateRow { id: id.map(Rc::from), name: "Anna".into(), states: states.into() }
}

fn told(states: &str, now_minute: f64) -> Vec<(f64, f64, Option<EventType>)> {
    let spans = spans(states, grid(), now_minute * MINUTE_MS as f64);
    let minutes = |ms: f64| ms / MINUTE_MS as f64;
    spans.iter().map(|span| (minutes(span.from_ms), minutes(span.to_ms), span.state)).collect()
}

#[test]
fn alike_steps_are_one_span_the_first_and_last_step_are_cut_and_gaps_end_now() {
    use EventType::{Idle, Working};
    assert_eq!(
        told("WWI-W", 600.0),
        [
            (490.0, 510.0, Some(Working)),
            (510.0, 525.0, Some(Idle)),
            (525.0, 540.0, None),
            (540.0, 550.0, Some(Working))
        ]
    );
    assert_eq!(told("W", 515.0), [(490.0, 495.0, Some(Working)), (495.0, 515.0, None)]);
    assert_eq!(told("-I", 0.0), [(490.0, 495.0, None), (495.0, 510.0, Some(Idle))], "told ahead of now");
    assert_eq!(told("", 480.0), []);
}

#[test]
fn an_instant_leads_to_its_span() {
    let spans = spans("WWI-W", grid(), 0.0);
    let at = |minute: f64| span_at(&spans, minute * MINUTE_MS as f64);
    assert_eq!([480.0, 490.0, 509.9, 510.0, 530.0, 999.0].map(at), [0, 0, 0, 1, 2, 3].map(Some));
    assert_eq!(span_at(&[], 5.0), None);
}

#[test]
fn a_band_is_a_path_for_each_state_and_the_hatching_shows_only_where_nothing_was_observed() {
    let rows = [row(None, ""), row(Some("W1"), "WIA-W"), row(Some("W2"), "---W")];
    let [observed, working, idle, absent] = band_paths(&rows, grid());
    assert_eq!(observed, "M0 0H1000V1H0ZM0 1H583.3V2H0ZM833.3 1H1000V2H833.3ZM583.3 2H833.3V3H583.3Z");
    assert_eq!(working, "M0 1.1H83.3V1.9H0ZM833.3 1.1H1000V1.9H833.3ZM583.3 2.1H833.3V2.9H583.3Z");
    assert_eq!(idle, "M83.3 1.4H333.3V1.9H83.3Z");
    assert_eq!(absent, "M333.3 1.7H583.3V1.9H333.3Z");
}

#[test]
fn keys_move_from_entity_to_entity_and_pass_over_the_names_of_areas() {
    let rows = [
        row(None, ""),
        row(Some("W1"), ""),
        row(Some("W2"), ""),
        row(None, ""),
        row(Some("W3"), ""),
        row(None, ""),
    ];
    let down = [0, 1, 2, 4].map(|at| moved(&rows, at, Move::Down));
    assert_eq!(down, [1, 2, 4, 4]);
    let up = [1, 2, 4].map(|at| moved(&rows, at, Move::Up));
    assert_eq!(up, [1, 1, 2]);
    assert_eq!([moved(&rows, 1, Move::PageDown), moved(&rows, 4, Move::PageUp)], [4, 1]);
    assert_eq!(moved(&rows, 2, Move::Next), 2);
    assert_eq!(entity_row(&[row(None, "")], 0), None);
}

#[test]
fn few_rows_are_all_drawn_and_of_many_those_in_view_and_a_band_around() {
    let drawn = |view: RowsInView, rows| bands(rows).filter(|band| view.draws(*band, rows)).count();
    assert_eq!(bands(30).collect::<Vec<_>>(), [(0, 25), (25, 30)]);
    assert_eq!(drawn(RowsInView::FIRST, 100), 4);
    let view = RowsInView::new(5_000.0, 10_000.0, 640.0, 500);
    assert_eq!(view, RowsInView { first: 250, count: 75 });
    assert_eq!(drawn(view, 500), 5);
    assert_eq!(drawn(RowsInView::new(0.0, 0.0, 0.0, 500), 500), 2);
}

proptest! {
    #[test]
    fn what_is_in_view_is_drawn(rows in 101_usize..3_000, scrolled in 0.0_f64..1.0, visible in 1.0_f64..50.0) {
        let height = rows as f64 * 20.0;
        let top = scrolled * (height - visible * 20.0);
        let view = RowsInView::new(top, height, visible * 20.0, rows);
        let (first, last) = ((top / 20.0) as usize, (((top / 20.0) + visible) as usize).min(rows - 1));
        for shown in [first, last] {
            let band = bands(rows).find(|(_, end)| shown < *end).unwrap();
            prop_assert!(view.draws(band, rows), "{shown} in {view:?}");
        }
    }

    #[test]
    fn spans_are_in_the_order_of_time_and_touch(states in "[WIA-]{0,5}", now in 0.0_f64..700.0) {
        let spans = spans(&states, grid(), now * MINUTE_MS as f64);
        for pair in spans.windows(2) {
            prop_assert!(pair[0].to_ms.total_cmp(&pair[1].from_ms).is_eq());
            prop_assert!(pair[0].to_ms > pair[0].from_ms);
        }
    }
}
