//! The spans of time a person can choose, by the words the address bar and the picker use for them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The window whose metrics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WindowChoice {
    #[default]
    Today,
    Yesterday,
    ThisWeek,
    Last7Days,
    Last30Days,
    Last15Minutes,
    Last60Minutes,
    Last8Hours,
    AllTime,
}

impl WindowChoice {
    /// Every choice, in the order of the picker.
    pub(crate) const ALL: [Self; 9] = [
        Self::Today,
        Self::Yesterday,
        Self::ThisWeek,
        Self::Last7Days,
        Self::Last30Days,
        Self::Last15Minutes,
        Self::Last60Minutes,
        Self::Last8Hours,
        Self::AllTime,
    ];

    /// The word for it in the address bar.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::ThisWeek => "this-week",
            Self::Last7Days => "last-7-days",
            Self::Last30Days => "last-30-days",
            Self::Last15Minutes => "last-15-minutes",
            Self::Last60Minutes => "last-60-minutes",
            Self::Last8Hours => "last-8-hours",
            Self::AllTime => "all-time",
        }
    }

    /// The words for it in the picker.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Yesterday => "Yesterday",
            Self::ThisWeek => "This week",
            Self::Last7Days => "Last 7 days",
            Self::Last30Days => "Last 30 days",
            Self::Last15Minutes => "Last 15 minutes",
            Self::Last60Minutes => "Last 60 minutes",
            Self::Last8Hours => "Last 8 hours",
            Self::AllTime => "All time",
        }
    }
}

impl fmt::Display for WindowChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.slug())
    }
}

impl FromStr for WindowChoice {
    type Err = Infallible;

    /// An unknown word means the default, so that an old or mistyped link still opens; the picker shows what it got.
    fn from_str(slug: &str) -> Result<Self, Self::Err> {
        Ok(Self::ALL.into_iter().find(|choice| choice.slug().eq_ignore_ascii_case(slug)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_is_found_again_by_its_slug() {
        for choice in WindowChoice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
            assert_eq!(choice.slug().to_uppercase().parse(), Ok(choice));
        }
    }

    #[test]
    fn an_unknown_slug_means_today() {
        assert_eq!("next-decade".parse(), Ok(WindowChoice::Today));
    }
}
