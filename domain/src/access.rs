//! Who may do what in a factory: the roles, and what each permits.

mod token;

use std::ops::RangeInclusive;

pub use self::token::{MAX_TOKEN_DAYS, TOKEN_SECRET_BYTES, Token, TokenFault, TokenKind};

/// What somebody may do in a factory. Grants add up: who has several roles may do what any of them permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A device that sends events. It sees itself.
    Device,
    /// Sees the figures of the factory, of its areas and of its workstations, and of no single worker.
    Viewer,
    /// Leads workers: sees what each did, and corrects it.
    Supervisor,
    /// Looks after cameras and models: decides which of them count, and sees no single worker.
    Engineer,
    /// Looks after the factory's settings, and who may do what.
    Admin,
}

/// How many workers the least are whose figures together are shown to somebody who sees no single worker, unless a factory
/// sets it.
pub const DEFAULT_SMALLEST_TEAM: u16 = 5;
/// What a factory may set it to.
pub const SMALLEST_TEAMS: RangeInclusive<u16> = 2..=50;

/// What kind of principal somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// Someone who signs in.
    Person,
    /// A device that sends events.
    Device,
    /// Another program.
    Service,
}

/// Something that a role permits or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// To send events.
    SendEvents,
    /// To see figures that are of no single worker.
    SeeFigures,
    /// To see what single workers did: their figures, timelines, events and decisions about them.
    SeePeople,
    /// To see devices, and what each has delivered.
    SeeDevices,
    /// To correct and retract what was reported, and to see what contradicts each other or was rejected.
    Correct,
    /// To see and decide which sources and models count.
    DecideModels,
    /// To name workers and workstations, and to say in which areas they are.
    NameEntities,
    /// To change a factory's settings and who may do what, and to see who did.
    ChangeSettings,
}

impl Role {
    /// All of them, the one that permits least first.
    pub const ALL: [Self; 5] = [Self::Device, Self::Viewer, Self::Supervisor, Self::Engineer, Self::Admin];

    /// The name, as grants and groups have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Viewer => "viewer",
            Self::Supervisor => "supervisor",
            Self::Engineer => "engineer",
            Self::Admin => "admin",
        }
    }

    /// The role with this name, if there is one.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it permits something.
    pub const fn permits(self, permission: Permission) -> bool {
        use Permission::{
            ChangeSettings, Correct, DecideModels, NameEntities, SeeDevices, SeeFigures, SeePeople,
            SendEvents,
        };
        match self {
            Self::Device => matches!(permission, SendEvents | SeeDevices),
            Self::Viewer => matches!(permission, SeeFigures | SeeDevices),
            Self::Supervisor => {
                matches!(permission, SeeFigures | SeeDevices | SeePeople | Correct | NameEntities)
            }
            Self::Engineer => matches!(permission, SeeFigures | SeeDevices | DecideModels),
            Self::Admin => matches!(permission, SeeFigures | SeeDevices | NameEntities | ChangeSettings),
        }
    }
}

impl Permission {
    /// What it is, to be read after "may not".
    pub const fn words(self) -> &'static str {
        match self {
            Self::SendEvents => "send events",
            Self::SeeFigures => "see figures",
            Self::SeePeople => "see what single workers did",
            Self::SeeDevices => "see devices",
            Self::Correct => "correct what was reported",
            Self::DecideModels => "decide which sources and models count",
            Self::NameEntities => "name workers and workstations",
            Self::ChangeSettings => "change settings and who may do what",
        }
    }

    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SendEvents,
        Self::SeeFigures,
        Self::SeePeople,
        Self::SeeDevices,
        Self::Correct,
        Self::DecideModels,
        Self::NameEntities,
        Self::ChangeSettings,
    ];

    /// The roles that permit it, the one that permits least first.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| role.permits(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_permits_what_the_table_says() {
        const TABLE: [(Permission, &str); 8] = [
            (Permission::SendEvents, "device"),
            (Permission::SeeFigures, "viewer supervisor engineer admin"),
            (Permission::SeePeople, "supervisor"),
            (Permission::SeeDevices, "device viewer supervisor engineer admin"),
            (Permission::Correct, "supervisor"),
            (Permission::DecideModels, "engineer"),
            (Permission::NameEntities, "supervisor admin"),
            (Permission::ChangeSettings, "admin"),
        ];
        assert_eq!(TABLE.map(|(permission, _)| permission), Permission::ALL);
        for (permission, names) in TABLE {
            let found: Vec<&str> = permission.roles().map(Role::name).collect();
            assert_eq!(found.join(" "), names, "{permission:?}");
        }
    }

    #[test]
    fn a_role_has_a_name_of_its_own() {
        for role in Role::ALL {
            assert_eq!(Role::of_name(role.name()), Some(role));
        }
        for other in ["", "Admin", "operator", "device "] {
            assert_eq!(Role::of_name(other), None);
        }
    }
}
