//! Who may do what in a factory: people and their roles, devices and programs and their tokens.

pub(crate) use super::account::ACCESS as TITLE;
use super::isolated;
use domain::access::Role;

pub(crate) const NOTE: &str = "Who may see and change what in this factory.";
pub(crate) const FOR_ADMIN: &str =
    "This page is for those with the role Admin in this factory. Ask one of them, or choose another factory.";

pub(crate) const PEOPLE: &str = "People";
pub(crate) const NO_PEOPLE: &str = "Nobody has a role in this factory yet. Invite somebody.";
pub(crate) const PERSON: &str = "Person";
pub(crate) const ROLES: &str = "Roles";
pub(crate) const CHANGE: &str = "Change";
pub(crate) const OPERATOR: &str = "Operator";
pub(crate) const DISABLED: &str = "Disabled";
pub(crate) const FROM_GROUPS: &str = "by groups";
pub(crate) const INVITE: &str = "Invite somebody";
pub(crate) const GRANT: &str = "Give a role";
pub(crate) const ADD_ROLE: &str = "Add a role";
pub(crate) const REMOVE: &str = "Remove";
pub(crate) const NAME: &str = "Name";
pub(crate) const NEW_NAME_NOTE: &str =
    "The name that they will sign in with. They choose the password themselves.";
pub(crate) const KNOWN_NAME_NOTE: &str =
    "The name of somebody who signs in to this server already. Whoever does not is invited.";
pub(crate) const ROLE: &str = "Role";
pub(crate) const WORKER: &str = "Is worker";
pub(crate) const WORKER_NOTE: &str =
    "Leave it empty unless this person is a worker of the factory, who then sees who looked at them.";
pub(crate) const CREATE_INVITATION: &str = "Create the invitation";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const DONE: &str = "Done";
pub(crate) const SAVING: &str = "Saving…";
pub(crate) const LINK: &str = "Link";

pub(crate) const TOKENS: &str = "Devices and programs";
pub(crate) const NO_TOKENS: &str =
    "No device and no program has a token for this factory yet. Each proves with one who it is.";
pub(crate) const KIND: &str = "Kind";
pub(crate) const STATE: &str = "State";
pub(crate) const CREATED: &str = "Created";
pub(crate) const EXPIRES: &str = "Valid until";
pub(crate) const LAST_USED: &str = "Last used";
pub(crate) const NEVER: &str = "Never";
pub(crate) const NEW_DEVICE: &str = "New device";
pub(crate) const NEW_PROGRAM: &str = "New program";
pub(crate) const DEVICE_ID: &str = "Device id";
pub(crate) const DEVICE_NOTE: &str =
    "As the device calls itself. With its token it sends events under this id alone, and sees nothing else.";
pub(crate) const PROGRAM_NAME: &str = "Name of the program";
pub(crate) const PROGRAM_NOTE: &str = "Such as a report or a wall board. It may do what its role permits.";
pub(crate) const VALID_DAYS: &str = "Valid for, in days";
pub(crate) const CREATE_TOKEN: &str = "Create the token";
pub(crate) const ROTATE: &str = "New token";
pub(crate) const REVOKE: &str = "Revoke";
pub(crate) const TOKEN: &str = "Token";
pub(crate) const SAVE_ON_DEVICE: &str = "Save it on the device as /etc/andon-edge/token, in a file that only the agent may read. \
     Then start the agent:";
pub(crate) const USE_IN_PROGRAM: &str =
    "The program sends it with each request, in the header Authorization: Bearer, a space, and the token.";
pub(crate) const FOR_BOARD: &str =
    "Or it lets a wall board in: open this link once in the browser of its screen.";
pub(crate) const EXPIRED: &str = "Expired";
pub(crate) const REVOKED: &str = "Revoked";
pub(crate) const VALID: &str = "Valid";

/// A role by its code; one that is newer than this page is shown as it is.
pub(crate) fn role(code: &str) -> &str {
    match code {
        "DEVICE" => "Device",
        "VIEWER" => "Viewer",
        "SUPERVISOR" => "Supervisor",
        "ENGINEER" => "Engineer",
        "ADMIN" => "Admin",
        other => other,
    }
}

/// What a role is for, as it stands in a list to choose from.
pub(crate) fn role_for(role: Role) -> &'static str {
    match role {
        Role::Device => "Device: sends events",
        Role::Viewer => "Viewer: sees the factory as a whole",
        Role::Supervisor => "Supervisor: sees what each worker did, and corrects it",
        Role::Engineer => "Engineer: looks after cameras and models",
        Role::Admin => "Admin: looks after settings, and who may do what",
    }
}

/// A kind of program by its code.
pub(crate) fn kind(code: &str) -> &str {
    match code {
        "DEVICE" => "Device",
        "SERVICE" => "Program",
        other => other,
    }
}

pub(crate) fn is_worker(id: &str) -> String {
    format!("is worker {}", isolated(id))
}

pub(crate) fn remove_role(name: &str, code: &str) -> String {
    format!("Remove {} from {}", role(code), isolated(name))
}

pub(crate) fn add_role(name: &str) -> String {
    format!("Add a role to {}", isolated(name))
}

pub(crate) fn removing(name: &str, code: &str) -> String {
    format!(
        "{} will no longer be {} in this factory. What only this role permits ends within 5 seconds, also on pages that are open.",
        isolated(name),
        role(code)
    )
}

pub(crate) const REMOVING_OWN_ADMIN: &str =
    "This is your own role: without it you can no longer open this page, nor give the role back to yourself.";

pub(crate) fn invited(name: &str, until: &str) -> String {
    format!(
        "Give this link to {}. It is shown only now, can be used once, and is valid until {until}. Whoever opens it chooses the password.",
        isolated(name)
    )
}

pub(crate) fn invitation_of(name: &str) -> String {
    format!("Invitation for {}", isolated(name))
}

pub(crate) fn token_of(name: &str) -> String {
    format!("Token of {}", isolated(name))
}

pub(crate) fn shown_once(until: &str) -> String {
    format!("It is shown only now: copy it before you go on. It is valid until {until}.")
}

pub(crate) fn rotate(name: &str) -> String {
    format!("New token for {}", isolated(name))
}

pub(crate) fn rotating(name: &str, hours: i64) -> String {
    format!(
        "{} gets another token. The one that it has stays valid for {hours} hours more, so that nothing stops before the new one is in place.",
        isolated(name)
    )
}

pub(crate) fn revoke(name: &str) -> String {
    format!("Revoke the token of {}", isolated(name))
}

pub(crate) fn revoking(name: &str) -> String {
    format!(
        "This token of {} is refused everywhere within 5 seconds, and cannot be made valid again. A device keeps its events until it gets another token.",
        isolated(name)
    )
}

pub(crate) fn soon(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

pub(crate) fn show_ended(count: usize) -> String {
    format!("Show {count} that ended")
}

pub(crate) fn show_all(count: usize) -> String {
    format!("Show all {count}")
}
