//! Steps of series as charts take them.

use crate::chart::series::{Mark, Measure, Series, Step};
use crate::chart::time_axis::Frame;
use crate::lean::zone::Zone;
use crate::model::{EntitySeriesSet, Point, Span};
use crate::words::figure;
use std::rc::Rc;

const UTILIZATION: Measure =
    Measure { name: figure::UTILIZATION, unit: "%", decimals: 1, ceiling: Some(100.0) };
const UNITS: Measure = Measure { name: figure::UNITS, unit: "", decimals: 0, ceiling: None };

/// What of an entity is compared over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Utilization,
    Units,
}

impl Compared {
    fn measure(self) -> Measure {
        match self {
            Self::Utilization => UTILIZATION,
            Self::Units => UNITS,
        }
    }

    fn of(self, point: &Point) -> Option<f64> {
        match self {
            Self::Utilization => point.utilization,
            Self::Units => Some(point.units as f64),
        }
    }

    fn steps(self, points: &[Point]) -> Rc<[Step]> {
        let step = |point: &Point| Step {
            from_ms: point.span.from.ms(),
            to_ms: point.span.to.ms(),
            value: self.of(point),
        };
        points.iter().map(step).collect()
    }
}

/// One entity: how much it made as bars, how busy it was as a line over them.
pub(crate) fn of_one(points: &[Point]) -> Rc<[Series]> {
    let series = |compared: Compared, mark| Series {
        name: Rc::from(compared.measure().name),
        measure: compared.measure(),
        mark,
        steps: compared.steps(points),
    };
    Rc::from([series(Compared::Units, Mark::Bars), series(Compared::Utilization, Mark::Line)])
}

/// Several entities, each by its name, in the order of the names: `(id, name)`.
pub(crate) fn of_several(
    compared: Compared,
    names: &[(String, Rc<str>)],
    set: &EntitySeriesSet,
) -> Rc<[Series]> {
    let one = |(id, name): &(String, Rc<str>)| Series {
        name: Rc::clone(name),
        measure: compared.measure(),
        mark: Mark::Line,
        steps: compared.steps(points_of(set, id)),
    };
    names.iter().map(one).collect()
}

/// The points of an entity; none where nothing was observed of it.
pub(crate) fn points_of<'set>(set: &'set EntitySeriesSet, id: &str) -> &'set [Point] {
    set.series.iter().find(|entity| entity.id == id).map_or(&[], |entity| &entity.points)
}

/// The window of a chart.
pub(crate) fn frame(window: Span, now_ms: f64, zone: Zone) -> Frame {
    Frame { from_ms: window.from.ms(), to_ms: window.to.ms(), now_ms: Some(now_ms), zone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::EntityPoints;

    fn point(hour: i64, units: i64, utilization: Option<f64>) -> Point {
        let from = Instant(hour * 3_600_000);
        Point {
            span: Span { from, to: Instant(from.0 + 3_600_000) },
            productive_minutes: 0.0,
            idle_minutes: 0.0,
            absent_minutes: 60.0,
            units,
            utilization,
            units_per_hour: None,
            mean_confidence: None,
        }
    }

    #[test]
    fn a_step_without_a_utilization_is_still_one_of_zero_units() {
        let series = of_one(&[point(8, 0, None), point(10, 4, Some(50.0))]);
        let values = |index: usize| series[index].steps.iter().map(|step| step.value).collect::<Vec<_>>();
        assert_eq!(values(0), [Some(0.0), Some(4.0)]);
        assert_eq!(values(1), [None, Some(50.0)]);
    }

    #[test]
    fn who_was_never_seen_is_a_series_without_steps() {
        let window = Span { from: Instant(0), to: Instant(86_400_000) };
        let seen = EntityPoints { id: "W2".to_owned(), points: vec![point(8, 1, Some(75.0))] };
        let set = EntitySeriesSet { window, revision: 1, series: vec![seen] };
        let names = [("W1".to_owned(), Rc::from("Ada")), ("W2".to_owned(), Rc::from("W2"))];
        let series = of_several(Compared::Utilization, &names, &set);
        let lengths: Vec<_> = series.iter().map(|series| (&*series.name, series.steps.len())).collect();
        assert_eq!(lengths, [("Ada", 0), ("W2", 1)]);
    }
}
