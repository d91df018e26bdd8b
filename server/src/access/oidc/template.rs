//! How the groups are called that give roles.

use domain::{access::Role, id::FactorySlug};

const FACTORY: &str = "{factory}";
const ROLE: &str = "{role}";
/// The roles that a group may give.
const ROLES: [Role; 4] = [Role::Viewer, Role::Supervisor, Role::Engineer, Role::Admin];

/// A text with `{factory}` and `{role}` in it, once each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTemplate {
    before: String,
    between: String,
    after: String,
    is_factory_first: bool,
}

/// Why a text is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not have both parts once.
    #[error("has {{factory}} and {{role}} in it, once each, as in andon:{{factory}}:{{role}}")]
    Parts,
    /// Nobody could tell where one part ends.
    #[error("has something between {{factory}} and {{role}}, as in andon:{{factory}}:{{role}}")]
    NothingBetween,
}

impl GroupTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let is_once = |part: &str| text.matches(part).count() == 1;
        if !is_once(FACTORY) || !is_once(ROLE) {
            return Err(TemplateError::Parts);
        }
        let is_factory_first = text.find(FACTORY) < text.find(ROLE);
        let (first, second) = if is_factory_first { (FACTORY, ROLE) } else { (ROLE, FACTORY) };
        let (before, rest) = text.split_once(first).ok_or(TemplateError::Parts)?;
        let (between, after) = rest.split_once(second).ok_or(TemplateError::Parts)?;
        if between.is_empty() {
            return Err(TemplateError::NothingBetween);
        }
        let [before, between, after] = [before, between, after].map(str::to_owned);
        Ok(Self { before, between, after, is_factory_first })
    }

    /// What a group gives; none where it is called otherwise. At most one role fits, because none begins or ends as another does.
    pub fn role(&self, group: &str) -> Option<(FactorySlug, Role)> {
        let inner = group.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let (factory, role) = ROLES.into_iter().find_map(|role| {
            let factory = if self.is_factory_first {
                inner.strip_suffix(role.name())?.strip_suffix(&self.between)?
            } else {
                inner.strip_prefix(role.name())?.strip_prefix(&self.between)?
            };
            Some((factory, role))
        })?;
        (!factory.is_empty()).then(|| (FactorySlug(factory.to_owned()), role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(template: &str, group: &str) -> Option<(String, Role)> {
        let template = GroupTemplate::parse(template).expect("a template");
        template.role(group).map(|(factory, role)| (factory.0, role))
    }

    #[test]
    fn a_group_that_is_called_as_the_template_says_gives_a_role() {
        let plant = |role| Some(("plant-1".to_owned(), role));
        assert_eq!(role("andon:{factory}:{role}", "andon:plant-1:viewer"), plant(Role::Viewer));
        assert_eq!(role("andon:{factory}:{role}", "andon:plant-1:admin"), plant(Role::Admin));
        assert_eq!(
            role("/mes/{role}s/of {factory}/", "/mes/supervisors/of plant-1/"),
            plant(Role::Supervisor)
        );
        assert_eq!(role("{factory}-{role}", "plant-1-engineer"), plant(Role::Engineer));
    }

    #[test]
    fn a_factory_may_be_called_as_what_stands_between() {
        assert_eq!(
            role("andon:{factory}:{role}", "andon:a:b:viewer"),
            Some(("a:b".to_owned(), Role::Viewer))
        );
        assert_eq!(role("{factory}:{role}", "x:admin:viewer"), Some(("x:admin".to_owned(), Role::Viewer)));
    }

    #[test]
    fn other_groups_give_nothing() {
        for group in [
            "",
            "andon",
            "andon:plant-1",
            "andon::viewer",
            "andon:plant-1:Viewer",
            "andon:plant-1:operator",
            "andon:plant-1:device",
            "andon:plant-1:viewer ",
            "ANDON:plant-1:viewer",
            "/andon:plant-1:viewer",
        ] {
            assert_eq!(role("andon:{factory}:{role}", group), None, "{group:?}");
        }
    }

    #[test]
    fn a_template_has_both_parts_once_and_something_between() {
        for text in ["", "andon", "{factory}", "{role}", "{factory}:{role}:{role}", "{Factory}:{role}"] {
            assert_eq!(GroupTemplate::parse(text), Err(TemplateError::Parts), "{text:?}");
        }
        assert_eq!(GroupTemplate::parse("{factory}{role}"), Err(TemplateError::NothingBetween));
    }
}
