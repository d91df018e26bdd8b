//! Moving through a chart by keys: one stop of the tab key, arrows within.

use dioxus::prelude::Key;

/// How far a page key goes, in rows.
const PAGE_ROWS: usize = 10;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Towards the past.
    Previous,
    /// Towards the future.
    Next,
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// Ten rows up.
    PageUp,
    /// Ten rows down.
    PageDown,
    /// To the first of the row.
    First,
    /// To the last of the row.
    Last,
}

impl Move {
    /// What a key asks for, if anything; other keys are left to the browser.
    pub(crate) fn of(key: &Key) -> Option<Self> {
        Some(match key {
            Key::ArrowLeft => Self::Previous,
            Key::ArrowRight => Self::Next,
            Key::ArrowUp => Self::Up,
            Key::ArrowDown => Self::Down,
            Key::PageUp => Self::PageUp,
            Key::PageDown => Self::PageDown,
            Key::Home => Self::First,
            Key::End => Self::Last,
            _ => return None,
        })
    }

    /// The place after the move in a row of `count`; a move between rows stays.
    pub(crate) fn along(self, place: usize, count: usize) -> usize {
        let last = count.saturating_sub(1);
        match self {
            Self::Previous => place.min(last).saturating_sub(1),
            Self::Next => (place + 1).min(last),
            Self::First => 0,
            Self::Last => last,
            Self::Up | Self::Down | Self::PageUp | Self::PageDown => place.min(last),
        }
    }

    /// The row after the move among `count`; a move along a row stays.
    pub(crate) fn across(self, row: usize, count: usize) -> usize {
        let last = count.saturating_sub(1);
        let row = row.min(last);
        match self {
            Self::Up => row.saturating_sub(1),
            Self::Down => (row + 1).min(last),
            Self::PageUp => row.saturating_sub(PAGE_ROWS),
            Self::PageDown => (row + PAGE_ROWS).min(last),
            Self::Previous | Self::Next | Self::First | Self::Last => row,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_stop_at_the_ends() {
        assert_eq!(Move::Previous.along(0, 3), 0);
        assert_eq!(Move::Next.along(2, 3), 2);
        assert_eq!([Move::First.along(2, 3), Move::Last.along(0, 3)], [0, 2]);
        assert_eq!(Move::PageDown.across(995, 1_000), 999);
        assert_eq!(Move::PageUp.across(5, 1_000), 0);
        assert_eq!([Move::Up.across(4, 9), Move::Down.across(4, 9)], [3, 5]);
    }

    #[test]
    fn a_place_that_new_data_left_behind_is_taken_back_into_the_row() {
        assert_eq!(Move::Next.along(99, 3), 2);
        assert_eq!(Move::Up.across(99, 3), 1);
        assert_eq!(Move::Down.along(5, 0), 0);
    }

    #[test]
    fn only_keys_that_move_are_taken_from_the_browser() {
        assert_eq!(Move::of(&Key::ArrowLeft), Some(Move::Previous));
        assert_eq!(Move::of(&Key::Tab), None);
        assert_eq!(Move::of(&Key::Character("h".to_owned())), None);
    }
}
