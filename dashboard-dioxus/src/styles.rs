//! The stylesheets as `dx serve` needs them. The real bundle joins the same files into one that the page links;
//! `dx` knows nothing of that, so a development build carries them itself.

/// Every stylesheet, the theme first.
pub(crate) const ALL: &str = concat!(
    include_str!("../assets/theme.css"),
    include_str!("chart/heatmap_chart.css"),
    include_str!("chart/layer.css"),
    include_str!("chart/series_chart.css"),
    include_str!("chart/sparkline.css"),
    include_str!("chart/table.css"),
    include_str!("chart/time_axis.css"),
    include_str!("chart/timeline_chart.css"),
    include_str!("components/board_header.css"),
    include_str!("components/connection_status.css"),
    include_str!("components/first_steps.css"),
    include_str!("components/metric_table.css"),
    include_str!("components/metric_tile.css"),
    include_str!("components/panel_frame.css"),
    include_str!("components/summary.css"),
    include_str!("views/board.css"),
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_stylesheet_beside_a_component_or_view_is_in_the_list() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders =
            ["assets", "src/chart", "src/components", "src/views"].map(|folder| source.join(folder));
        let files =
            folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
        let styles: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|kind| kind == "css")).collect();
        assert!(!styles.is_empty());
        for path in styles {
            assert!(ALL.contains(&fs::read_to_string(&path).unwrap()), "{} is missing", path.display());
        }
    }
}
