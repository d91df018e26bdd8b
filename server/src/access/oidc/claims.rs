//! What an identity provider says of somebody.

use std::collections::BTreeSet;

use domain::{
    access::Role,
    id::FactorySlug,
    validate::{MAX_ID_CHARS, new_id_fault},
};
use serde_json::{Map, Value};

use super::{GroupTemplate, OidcSettings};

/// The most roles that somebody's groups give.
const MAX_ROLES: usize = 1_000;
/// Where a provider says that it has too many groups to list them.
const ELSEWHERE: &str = "_claim_names";
/// What somebody is called of whom the provider says nothing that may be a name.
const NAMELESS: &str = "person";

/// All that a provider says of somebody, by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Whether there is all that the settings ask for.
    pub(super) fn are_complete(&self, settings: &OidcSettings) -> bool {
        self.text(&settings.name_claims).is_some() && self.0.contains_key(&settings.groups_claim)
    }

    /// Adds what was said elsewhere; what is there already stays.
    pub(super) fn add(&mut self, others: Map<String, Value>) {
        for (name, value) in others {
            self.0.entry(name).or_insert(value);
        }
    }

    /// What somebody is to be called: a name that may be one.
    pub(super) fn name(&self, settings: &OidcSettings, subject: &str) -> String {
        let said = self.text(&settings.name_claims).and_then(allowed);
        said.or_else(|| allowed(subject)).unwrap_or_else(|| NAMELESS.to_owned())
    }

    /// What somebody's groups give; none where that are more roles than may be.
    pub(super) fn roles(&self, settings: &OidcSettings) -> Option<BTreeSet<(FactorySlug, Role)>> {
        self.warn_if_elsewhere(&settings.groups_claim);
        let roles = roles(self.0.get(&settings.groups_claim), &settings.group_template);
        (roles.len() <= MAX_ROLES).then_some(roles)
    }

    fn text(&self, names: &[String]) -> Option<&str> {
        names.iter().find_map(|name| self.0.get(name)?.as_str().filter(|text| !text.trim().is_empty()))
    }

    /// Says so where a provider has the groups listed elsewhere, because there are so many: they give nothing then.
    fn warn_if_elsewhere(&self, groups_claim: &str) {
        let are_elsewhere = self.0.get(ELSEWHERE).is_some_and(|names| names.get(groups_claim).is_some());
        if are_elsewhere && !self.0.contains_key(groups_claim) {
            tracing::warn!(
                "the identity provider lists somebody's groups elsewhere, because there are too many, so that they give no role: \
                 have it list those alone that are for this server"
            );
        }
    }
}

/// What groups give. Some providers have a single one without a list.
fn roles(groups: Option<&Value>, template: &GroupTemplate) -> BTreeSet<(FactorySlug, Role)> {
    let listed = match groups {
        Some(Value::Array(groups)) => groups.as_slice(),
        Some(group) => std::slice::from_ref(group),
        None => &[],
    };
    let named = listed.iter().filter_map(Value::as_str).filter_map(|group| template.role(group));
    named.filter(|(factory, _)| factory.as_str().chars().count() <= MAX_ID_CHARS).collect()
}

/// As much of a text as may be a name.
fn allowed(text: &str) -> Option<String> {
    let text = text.trim();
    if new_id_fault(text).is_none() {
        return Some(text.to_owned());
    }
    let is_allowed = |char: &char| *char == ' ' || new_id_fault(char.encode_utf8(&mut [0; 4])).is_none();
    let kept: String = text.chars().filter(is_allowed).take(MAX_ID_CHARS).collect();
    let kept = kept.trim();
    new_id_fault(kept).is_none().then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_what_may_be_one() {
        assert_eq!(allowed(" kim@example.com "), Some("kim@example.com".to_owned()));
        assert_eq!(allowed("Kim\u{202e}\nMiller"), Some("KimMiller".to_owned()));
        assert_eq!(allowed(&"x".repeat(500)), Some("x".repeat(MAX_ID_CHARS)));
        assert_eq!(allowed("\u{200b}\u{200b}"), None);
    }

    #[test]
    fn groups_are_a_list_of_texts_or_a_text() {
        let template = GroupTemplate::parse("andon:{factory}:{role}").expect("a template");
        let given = |groups: Value| roles(Some(&groups), &template).len();
        assert_eq!(given(json!(["andon:a:viewer", "andon:b:viewer", "andon:a:viewer", 7, null, "other"])), 2);
        assert_eq!(given(json!("andon:a:viewer")), 1);
        assert_eq!(given(json!({ "andon:a:viewer": true })), 0);
        assert_eq!(given(json!(["andon:".to_owned() + &"x".repeat(5_000) + ":viewer"])), 0);
        assert_eq!(roles(None, &template).len(), 0);
    }
}
