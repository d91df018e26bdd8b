//! What was done, and by whom.

pub(crate) use super::account::AUDIT_LOG as TITLE;
use super::quantity::Quantity;
use serde_json::Value;

pub(crate) const NOTE: &str =
    "Who changed what, and who was not permitted to. Entries cannot be changed; the latest stand first.";
pub(crate) const FOR_ADMIN: &str = "This page is for those with the role Admin in this factory, and for operators of the server. Ask one of them, or choose another factory.";
pub(crate) const LIST: &str = "Entries";
pub(crate) const NONE: &str = "Nothing is in the log yet.";
pub(crate) const NONE_MATCHES: &str = "Nothing in the log matches.";
pub(crate) const WHEN: &str = "When";
pub(crate) const WHO: &str = "Who";
pub(crate) const WHAT: &str = "What";
pub(crate) const OUTCOME: &str = "Result";
pub(crate) const TARGET: &str = "To whom or what";
pub(crate) const DETAILS: &str = "Details";
pub(crate) const ADDRESS: &str = "From";
pub(crate) const TIMES: &str = "Times";
pub(crate) const HOW_TIMES: &str =
    "How often. What a device sends is one entry for each hour, and so is what is refused again and again.";
pub(crate) const ANY: &str = "Any";
pub(crate) const PERSON: &str = "Person or program";
pub(crate) const ABOUT: &str = "About";
pub(crate) const FACTORY: &str = "This factory";
pub(crate) const SERVER: &str = "The server itself";
pub(crate) const NEWEST: &str = "Newest";
pub(crate) const OLDER: &str = "Older";
pub(crate) const PAGES: &str = "Pages of entries";
pub(crate) const EXPORT: &str = "CSV";
pub(crate) const FILE: &str = "audit-log";
pub(crate) const NUMBER: &str = "Number";
pub(crate) const WHEN_UTC: &str = "When (UTC)";
pub(crate) const NOT_EXPORTED: &str = "The page was left before the file was complete.";

/// What was done, by its code; one that is newer than this page is shown as it is.
pub(crate) fn action(code: &str) -> &str {
    match code {
        "CREATE_FACTORY" => "Created the factory",
        "UPDATE_FACTORY" => "Changed settings",
        "UPDATE_ENTITIES" => "Changed names or areas",
        "DECIDE" => "Decided",
        "CREATE_PERSON" => "Created a person",
        "SET_PASSWORD" => "Set a password",
        "DISABLE_PERSON" => "Disabled a person",
        "ENABLE_PERSON" => "Enabled a person",
        "INVITE" => "Invited",
        "GRANT" => "Gave a role",
        "REVOKE_GRANT" => "Removed a role",
        "CREATE_TOKEN" => "Created a token",
        "ROTATE_TOKEN" => "Replaced a token",
        "REVOKE_TOKEN" => "Revoked a token",
        "SIGN_IN" => "Signed in",
        "SIGN_OUT" => "Signed out",
        "INGEST" => "Sent events",
        "DENIED" => "Was not permitted",
        other => other,
    }
}

/// Details as they are read, such as `role: viewer`. The server writes them as an object of JSON; anything else is shown as it is.
pub(crate) fn details(json: &str) -> String {
    let Ok(Value::Object(details)) = serde_json::from_str(json) else { return json.to_owned() };
    let detail = |(name, value): (String, Value)| match value {
        Value::Null => None,
        Value::String(text) => Some(format!("{name}: {text}")),
        other => Some(format!("{name}: {other}")),
    };
    details.into_iter().filter_map(detail).collect::<Vec<_>>().join(", ")
}

/// What became of it, by its code.
pub(crate) fn outcome(code: &str) -> &str {
    match code {
        "DONE" => "Done",
        "REFUSED" => "Refused",
        other => other,
    }
}

pub(crate) fn exporting(count: usize) -> String {
    format!("Exporting: {} so far", entries(count))
}

pub(crate) fn exported(count: usize, is_cut: bool) -> String {
    let count = entries(count);
    if is_cut {
        format!("{count} exported, the newest: a spreadsheet has no more lines. Filter them for the rest.")
    } else {
        format!("{count} exported")
    }
}

fn entries(count: usize) -> String {
    let number = Quantity::Count.text(Some(count as f64));
    if count == 1 { format!("{number} entry") } else { format!("{number} entries") }
}
