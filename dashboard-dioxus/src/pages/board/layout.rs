//! How many tiles a board shows at once, and how large.

/// The smallest that one hundredth of a board may be, in CSS pixels: a telephone in a hand is not a wall, and scrolls.
const MIN_UNIT_PX: f64 = 4.0;
/// A board is made for 16:9: one hundredth of its height is so much of a hundredth of its width.
const HEIGHT_OF_WIDTH: f64 = 0.5625;
/// What a tile needs, in hundredths of the board's height, the gap after it included: a name, a state and a number that are
/// read from 5 m.
const TILE_WIDTH: f64 = 42.0;
const TILE_HEIGHT: f64 = 21.6;
/// What is not tiles, in hundredths: the margins at the sides; the line at the top, the area's figures and the foot.
const SIDES: f64 = 4.0;
const AROUND: f64 = 35.0;
/// The most that tiles are enlarged when few have to share the board.
const MAX_SCALE: f64 = 1.6;

/// The room that a board has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Viewport {
    pub(crate) width_px: f64,
    pub(crate) height_px: f64,
}

impl Viewport {
    /// A television, for as long as nothing better is known.
    pub(crate) const TELEVISION: Self = Self { width_px: 1_920.0, height_px: 1_080.0 };

    /// How many columns and rows of tiles fit.
    fn fitting(self) -> (usize, usize) {
        let unit_px = (self.height_px / 100.0).min(self.width_px * HEIGHT_OF_WIDTH / 100.0).max(MIN_UNIT_PX);
        let fit = |room_px: f64, taken: f64, each: f64| {
            ((room_px / unit_px - taken) / each).floor().max(1.0) as usize
        };
        (fit(self.width_px, SIDES, TILE_WIDTH), fit(self.height_px, AROUND, TILE_HEIGHT))
    }

    /// The most tiles of one page.
    pub(crate) fn capacity(self) -> usize {
        let (columns, rows) = self.fitting();
        columns * rows
    }

    /// The grid in which so many tiles are largest.
    pub(crate) fn grid(self, tiles: usize) -> Grid {
        let (columns, rows) = self.fitting();
        let tiles = tiles.max(1);
        let scale = |used: usize| {
            let used_rows = tiles.div_ceil(used);
            (columns as f64 / used as f64).min(rows as f64 / used_rows as f64).min(MAX_SCALE)
        };
        // More columns win where tiles come out equally large: people read along a line.
        let used = (1..=columns.min(tiles))
            .max_by(|one, other| scale(*one).total_cmp(&scale(*other)))
            .unwrap_or(columns);
        Grid { columns: used, scale: scale(used).max(1.0) }
    }
}

/// How the tiles of a page stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) columns: usize,
    /// How much larger they are than they have to be.
    pub(crate) scale: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewport(width_px: f64, height_px: f64) -> Viewport {
        Viewport { width_px, height_px }
    }

    #[test]
    fn televisions_of_any_resolution_show_the_same() {
        for size in [viewport(1_280.0, 720.0), Viewport::TELEVISION, viewport(3_840.0, 2_160.0)] {
            assert_eq!(size.fitting(), (4, 3));
        }
    }

    #[test]
    fn a_telephone_shows_two_columns_or_one() {
        assert_eq!(viewport(390.0, 844.0).fitting().0, 2);
        assert_eq!(viewport(200.0, 100.0).fitting(), (1, 1));
    }

    #[test]
    fn few_tiles_are_large_and_a_full_page_is_not() {
        let grid = |tiles| Viewport::TELEVISION.grid(tiles);
        assert_eq!(grid(12), Grid { columns: 4, scale: 1.0 });
        assert_eq!(grid(6).columns, 3);
        assert!(grid(6).scale > 1.0);
        assert_eq!(grid(2), Grid { columns: 2, scale: MAX_SCALE });
        assert_eq!(grid(1), Grid { columns: 1, scale: MAX_SCALE });
        assert_eq!(grid(0), grid(1));
    }

    #[test]
    fn every_number_of_tiles_up_to_the_capacity_fits() {
        for size in [Viewport::TELEVISION, viewport(390.0, 844.0), viewport(1_024.0, 1_366.0)] {
            let (columns, rows) = size.fitting();
            for tiles in 1..=size.capacity() {
                let grid = size.grid(tiles);
                assert!(
                    grid.columns <= columns && tiles.div_ceil(grid.columns) <= rows,
                    "{tiles} on {size:?}"
                );
            }
        }
    }
}
