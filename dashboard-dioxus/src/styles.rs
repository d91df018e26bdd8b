//! The stylesheets as `dx serve` needs them. The real bundle joins the same files into one that the page links;
//! `dx` knows nothing of that, so a development build carries them itself.

/// Every stylesheet, the theme first.
pub(crate) const ALL: &str = concat!(
    include_str!("../assets/theme.css"),
    include_str!("chart/heatmap_chart.css"),
    include_str!("chart/layer.css"),
    include_str!("chart/series_chart.css"),
    include_str!("chart/sparkline.css"),
    include_str!("chart/state_rows_chart.css"),
    include_str!("chart/table.css"),
    include_str!("chart/time_axis.css"),
    include_str!("chart/timeline_chart.css"),
    include_str!("components/account.css"),
    include_str!("components/command.css"),
    include_str!("components/connection_status.css"),
    include_str!("components/explained.css"),
    include_str!("components/figure.css"),
    include_str!("components/finality.css"),
    include_str!("components/first_steps.css"),
    include_str!("components/metric_table.css"),
    include_str!("components/notice.css"),
    include_str!("components/open_server.css"),
    include_str!("components/page_title.css"),
    include_str!("components/panel_frame.css"),
    include_str!("components/rename.css"),
    include_str!("components/search.css"),
    include_str!("components/shell.css"),
    include_str!("components/skeleton.css"),
    include_str!("components/state_mark.css"),
    include_str!("components/window_picker.css"),
    include_str!("pages/access.css"),
    include_str!("pages/audit_log.css"),
    include_str!("pages/board.css"),
    include_str!("pages/cameras.css"),
    include_str!("pages/compare.css"),
    include_str!("pages/data_problems.css"),
    include_str!("pages/decisions.css"),
    include_str!("pages/devices.css"),
    include_str!("pages/entity.css"),
    include_str!("pages/events.css"),
    include_str!("pages/floor.css"),
    include_str!("pages/floor/figures.css"),
    include_str!("pages/floor/heat.css"),
    include_str!("pages/floor/attention_list.css"),
    include_str!("pages/floor/rows.css"),
    include_str!("pages/floor/timeline.css"),
    include_str!("pages/moved.css"),
    include_str!("pages/people.css"),
    include_str!("print.css"),
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_stylesheet_beside_a_component_or_view_is_in_the_list() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = ["assets", "src", "src/chart", "src/components", "src/pages", "src/pages/floor"]
            .map(|folder| source.join(folder));
        let files =
            folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
        let styles: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|kind| kind == "css")).collect();
        assert!(!styles.is_empty());
        for path in styles {
            assert!(ALL.contains(&fs::read_to_string(&path).unwrap()), "{} is missing", path.display());
        }
    }

    /// A colour of the theme, for light and for dark.
    fn colour(name: &str) -> [[f64; 3]; 2] {
        let theme = include_str!("../assets/theme.css");
        let value = theme.split_once(&format!("--{name}: light-dark(")).unwrap().1.split_once(')').unwrap().0;
        let colours: Vec<[f64; 3]> = value.split(", ").map(linear).collect();
        colours.try_into().unwrap()
    }

    /// Linear red, green and blue of a colour such as `#0b5cad`.
    fn linear(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|begin| {
            let share = f64::from(u8::from_str_radix(&hex[begin..begin + 2], 16).unwrap()) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_and_marks_stand_out_from_their_grounds_in_light_and_in_dark() {
        for (names, limit) in [
            (&["text", "text-quiet"][..], 7.0),
            (&["series-1", "series-2", "series-3", "series-4"], 3.0),
            (&["accent", "good", "waiting", "bad"][..], 4.5),
            (&["working", "idle", "absent", "not-observed", "line-strong"][..], 3.0),
        ] {
            for (name, ground) in names.iter().flat_map(|name| [(name, "ground"), (name, "surface")]) {
                for (colour, ground_colour) in colour(name).into_iter().zip(colour(ground)) {
                    let reached = contrast(colour, ground_colour);
                    assert!(reached >= limit, "{name} on {ground}: {reached}");
                }
            }
        }
        for (accent, text) in colour("accent").into_iter().zip(colour("on-accent")) {
            assert!(contrast(accent, text) >= 4.5);
        }
        for (changed, text) in colour("changed").into_iter().zip(colour("text")) {
            assert!(contrast(changed, text) >= 4.5);
        }
    }

    /// As people see colours with all cones, without the green ones, and without the red ones (Machado et al. 2009).
    const EYES: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ];

    /// CIE L*a*b* of linear red, green and blue.
    fn lab([red, green, blue]: [f64; 3]) -> [f64; 3] {
        let curve = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = curve((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
        let y = curve(0.2126 * red + 0.7152 * green + 0.0722 * blue);
        let z = curve((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn every_variable_of_the_theme_is_defined_once() {
        let theme = include_str!("../assets/theme.css");
        let names = theme.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'));
        let mut names: Vec<_> = names.map(|(name, _)| name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn no_series_has_the_colour_of_a_state_and_all_are_told_apart() {
        // Dashes and marks tell series apart for those who do not see all colours.
        const LIMIT: f64 = 15.0;
        let series = ["series-1", "series-2", "series-3", "series-4"];
        let states = ["working", "idle", "absent", "not-observed"];
        for (index, one) in series.iter().enumerate() {
            for other in series[index + 1..].iter().chain(&states) {
                for (first, second) in colour(one).into_iter().zip(colour(other)) {
                    let distance = distance(lab(first), lab(second));
                    assert!(distance >= LIMIT, "{one} and {other}: {distance}");
                }
            }
        }
    }

    fn distance(one: [f64; 3], other: [f64; 3]) -> f64 {
        one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_four_states_are_told_apart_by_colour_blind_eyes_too() {
        // About ten times the smallest difference that is noticed.
        const LIMIT: f64 = 20.0;
        let states = ["working", "idle", "absent", "not-observed"];
        for (index, one) in states.iter().enumerate() {
            for other in &states[index + 1..] {
                for (first, second) in colour(one).into_iter().zip(colour(other)) {
                    for eye in EYES {
                        let seen = |colour: [f64; 3]| {
                            lab(eye.map(|row| {
                                row.iter()
                                    .zip(colour)
                                    .map(|(weight, part)| weight * part)
                                    .sum::<f64>()
                                    .clamp(0.0, 1.0)
                            }))
                        };
                        let distance = distance(seen(first), seen(second));
                        assert!(distance >= LIMIT, "{one} and {other}: {distance}");
                    }
                }
            }
        }
    }
}
