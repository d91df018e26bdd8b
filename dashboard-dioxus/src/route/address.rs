use super::query::{
    AccessAddress, BoardAddress, CompareAddress, DecisionsAddress, DevicesAddress, EntityAddress,
    EventsAddress, FloorAddress,
};
use super::selection::Selection;
use dioxus::router::exports::{QUERY_ASCII_SET, percent_encoding::utf8_percent_encode};
use dioxus::router::navigation::NavigationTarget;
use domain::event::EntityType;
use std::fmt;

/// A page by its address, which says everything about what is looked at, so it can be bookmarked, shared and put on a
/// wall display.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Address {
    Floor(FloorAddress),
    Entity(EntityType, EntityAddress),
    Compare(CompareAddress),
    Events(EventsAddress),
    Cameras(DevicesAddress),
    Devices(DevicesAddress),
    DataProblems(DevicesAddress),
    Decisions(DecisionsAddress),
    People(DevicesAddress),
    Access(AccessAddress),
    Board(BoardAddress),
    /// Any other path, and the selection with which one goes on from there.
    Unknown(String, Selection),
}

impl Address {
    /// The floor, the page to which all others lead back.
    pub(crate) fn floor(selection: Selection) -> Self {
        Self::Floor(FloorAddress { selection, ..FloorAddress::default() })
    }

    /// The page of people and stations.
    pub(crate) fn people(selection: Selection) -> Self {
        Self::People(DevicesAddress { selection, ..DevicesAddress::default() })
    }

    /// The page of one decision.
    pub(crate) fn decision(number: i32, selection: Selection) -> Self {
        let number = u32::try_from(number).ok();
        Self::Decisions(DecisionsAddress { selection, number, ..DecisionsAddress::default() })
    }

    /// The page of one worker or workstation.
    pub(crate) fn entity(kind: EntityType, id: &str, selection: Selection) -> Self {
        Self::Entity(kind, EntityAddress { selection, id: id.to_owned() })
    }

    /// What is selected on the page.
    pub(crate) fn selection(&self) -> &Selection {
        match self {
            Self::Floor(FloorAddress { selection, .. })
            | Self::Entity(_, EntityAddress { selection, .. })
            | Self::Compare(CompareAddress { selection, .. })
            | Self::Events(EventsAddress { selection, .. })
            | Self::Cameras(DevicesAddress { selection, .. })
            | Self::Devices(DevicesAddress { selection, .. })
            | Self::DataProblems(DevicesAddress { selection, .. })
            | Self::Decisions(DecisionsAddress { selection, .. })
            | Self::People(DevicesAddress { selection, .. })
            | Self::Access(AccessAddress { selection, .. })
            | Self::Board(BoardAddress { selection, .. })
            | Self::Unknown(_, selection) => selection,
        }
    }

    /// The same page with another selection.
    pub(crate) fn with_selection(mut self, new: Selection) -> Self {
        match &mut self {
            Self::Floor(FloorAddress { selection, .. })
            | Self::Entity(_, EntityAddress { selection, .. })
            | Self::Compare(CompareAddress { selection, .. })
            | Self::Events(EventsAddress { selection, .. })
            | Self::Cameras(DevicesAddress { selection, .. })
            | Self::Devices(DevicesAddress { selection, .. })
            | Self::DataProblems(DevicesAddress { selection, .. })
            | Self::Decisions(DecisionsAddress { selection, .. })
            | Self::People(DevicesAddress { selection, .. })
            | Self::Access(AccessAddress { selection, .. })
            | Self::Board(BoardAddress { selection, .. })
            | Self::Unknown(_, selection) => *selection = new,
        }
        self
    }

    /// The page to go to when another selection is made. A path that is no page gives way to the floor, and so does a page
    /// about one entity when the factory changes, because another factory's worker of the same id is somebody else. Of other
    /// events the latest are shown first.
    pub(crate) fn selecting(self, selection: Selection) -> Self {
        let is_other = selection.factory != self.selection().factory;
        if matches!(self, Self::Unknown(..)) || (matches!(self, Self::Entity(..)) && is_other) {
            return Self::floor(selection);
        }
        match self.with_selection(selection) {
            Self::Events(at) => Self::Events(at.first_page()),
            // Another factory has other people and workers.
            Self::Access(at) if is_other => Self::Access(AccessAddress {
                selection: at.selection,
                page: at.page,
                ..AccessAddress::default()
            }),
            other => other,
        }
    }
}

impl fmt::Display for Address {
    /// As the router writes the route of the page.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, query) = match self {
            Self::Floor(at) => ("/", at.to_string()),
            Self::Entity(EntityType::Worker, at) => ("/worker", at.to_string()),
            Self::Entity(EntityType::Workstation, at) => ("/workstation", at.to_string()),
            Self::Compare(at) => ("/compare", at.to_string()),
            Self::Events(at) => ("/events", at.to_string()),
            Self::Cameras(at) => ("/cameras", at.to_string()),
            Self::Devices(at) => ("/devices", at.to_string()),
            Self::DataProblems(at) => ("/data-problems", at.to_string()),
            Self::Decisions(at) => ("/decisions", at.to_string()),
            Self::People(at) => ("/people", at.to_string()),
            Self::Access(at) => ("/access", at.to_string()),
            Self::Board(at) => ("/board", at.to_string()),
            Self::Unknown(path, _) => return write!(formatter, "/{path}"),
        };
        write!(formatter, "{path}?{}", utf8_percent_encode(&query, QUERY_ASCII_SET))
    }
}

impl From<Address> for NavigationTarget {
    fn from(address: Address) -> Self {
        Self::Internal(address.to_string())
    }
}

macro_rules! impl_page {
    ($($page:ident($query:ty)),+) => {$(
        impl From<$query> for Address {
            fn from(at: $query) -> Self {
                Self::$page(at)
            }
        }
    )+};
}

impl_page!(
    Floor(FloorAddress),
    Compare(CompareAddress),
    Events(EventsAddress),
    Decisions(DecisionsAddress),
    Devices(DevicesAddress),
    Board(BoardAddress)
);
