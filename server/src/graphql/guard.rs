//! What one document may ask for, checked before any of it is validated or executed.
//!
//! Nested fragments let 800 bytes ask for sixteen million fields, and the library's own limits walk all of them before
//! they refuse. Here every fragment is counted once and its numbers are added wherever it is spread, so the walk takes
//! time in proportion to the document's length.

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use crate::error::ApiError;

/// The most fields inside each other. GraphiQL's introspection query needs 15.
pub const MAX_DEPTH: usize = 16;
/// The most fields of one operation, its fragments unfolded: the work that one answer may cost.
pub const MAX_FIELDS: usize = 2_000;
/// The most aliases of one operation, its fragments unfolded: each may repeat a costly field.
pub const MAX_ALIASES: usize = 30;
/// The most directives of one operation, its fragments unfolded: each is validated and may answer with an error.
pub const MAX_DIRECTIVES: usize = 50;
/// The most arguments of one operation, its fragments unfolded: each is validated and may answer with an error.
pub const MAX_ARGUMENTS: usize = 1_000;
/// The most selection sets inside each other, those of fragments included: how deep validation recurses.
pub const MAX_NESTING: usize = 32;
/// The most operations and fragments of one document.
pub const MAX_DEFINITIONS: usize = 100;
/// The most variables that one operation declares.
pub const MAX_VARIABLES: usize = 100;

/// Refuses a document that goes past a limit, in any of its operations and fragments.
///
/// # Errors
/// `LIMIT_EXCEEDED`, or `BAD_USER_INPUT` for a fragment that contains itself.
pub fn check(document: &ExecutableDocument) -> Result<(), ApiError> {
    let definitions = document.operations.iter().len() + document.fragments.len();
    at_most(definitions, MAX_DEFINITIONS, "operations and fragments in one document")?;
    let mut walk = Walk { document, fragments: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        walk.operation(&operation.node)?.check()?;
    }
    // Fragments that no operation spreads are validated too, so they are bound by the same limits.
    for name in document.fragments.keys() {
        walk.fragment(name, 0)?.check()?;
    }
    Ok(())
}

/// What a part of a document amounts to with its fragments unfolded.
#[derive(Clone, Copy, Default)]
struct Cost {
    fields: usize,
    aliases: usize,
    directives: usize,
    arguments: usize,
    /// Fields inside each other.
    depth: usize,
    /// Selection sets inside each other.
    nesting: usize,
}

impl Cost {
    /// Adds the cost of a sibling: counts add up, the greater depth counts. The sums may pass any number, so they saturate.
    fn join(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.arguments = self.arguments.saturating_add(other.arguments);
        self.depth = self.depth.max(other.depth);
        self.nesting = self.nesting.max(other.nesting);
    }

    fn join_directives(&mut self, directives: &[Positioned<Directive>]) {
        self.directives = self.directives.saturating_add(directives.len());
        let arguments: usize = directives.iter().map(|directive| directive.node.arguments.len()).sum();
        self.arguments = self.arguments.saturating_add(arguments);
    }

    fn check(self) -> Result<(), ApiError> {
        at_most(self.fields, MAX_FIELDS, "fields in one operation, with its fragments unfolded")?;
        at_most(self.depth, MAX_DEPTH, "fields inside each other")?;
        at_most(self.aliases, MAX_ALIASES, "aliases in one operation")?;
        at_most(self.directives, MAX_DIRECTIVES, "directives in one operation")?;
        at_most(self.arguments, MAX_ARGUMENTS, "arguments in one operation")
    }
}

fn at_most(count: usize, limit: usize, what: &str) -> Result<(), ApiError> {
    if count <= limit {
        return Ok(());
    }
    Err(ApiError::limit_exceeded(format!("at most {limit} {what} are allowed; this has {count}")))
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    /// The cost of each fragment met so far; none while it is being walked.
    fragments: HashMap<&'a str, Option<Cost>>,
}

impl<'a> Walk<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Cost, ApiError> {
        at_most(operation.variable_definitions.len(), MAX_VARIABLES, "variables in one operation")?;
        let mut cost = self.selection_set(&operation.selection_set.node, 0)?;
        cost.join_directives(&operation.directives);
        for variable in &operation.variable_definitions {
            cost.join_directives(&variable.node.directives);
        }
        Ok(cost)
    }

    /// `level` is how many selection sets this one is inside of; it bounds the recursion.
    fn selection_set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Cost, ApiError> {
        nesting_at_most(level)?;
        let mut cost = Cost::default();
        for selection in &set.items {
            cost.join(self.selection(&selection.node, level)?);
        }
        Ok(cost)
    }

    fn selection(&mut self, selection: &'a Selection, level: usize) -> Result<Cost, ApiError> {
        let mut cost = match selection {
            Selection::Field(field) => return self.field(&field.node, level),
            Selection::InlineFragment(inline) => {
                self.selection_set(&inline.node.selection_set.node, level + 1)?
            }
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level + 1)?,
        };
        cost.nesting += 1;
        cost.join_directives(selection.directives());
        Ok(cost)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Cost, ApiError> {
        let mut cost = Cost::default();
        if !field.selection_set.node.items.is_empty() {
            cost = self.selection_set(&field.selection_set.node, level + 1)?;
            cost.nesting += 1;
        }
        cost.fields = cost.fields.saturating_add(1);
        cost.aliases = cost.aliases.saturating_add(usize::from(field.alias.is_some()));
        cost.arguments = cost.arguments.saturating_add(field.arguments.len());
        cost.depth += 1;
        cost.join_directives(&field.directives);
        Ok(cost)
    }

    /// A fragment that does not exist costs nothing: validation names it.
    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Cost, ApiError> {
        match self.fragments.get(name) {
            Some(Some(cost)) => {
                nesting_at_most(level + cost.nesting)?;
                return Ok(*cost);
            }
            Some(None) => {
                let name = domain::validate::excerpt(name);
                return Err(ApiError::bad_user_input(format!("the fragment \"{name}\" contains itself")));
            }
            None => {}
        }
        let document = self.document;
        let Some(fragment) = document.fragments.get(name) else { return Ok(Cost::default()) };
        self.fragments.insert(name, None);
        let mut cost = self.selection_set(&fragment.node.selection_set.node, level)?;
        cost.join_directives(&fragment.node.directives);
        self.fragments.insert(name, Some(cost));
        Ok(cost)
    }
}

fn nesting_at_most(level: usize) -> Result<(), ApiError> {
    at_most(level, MAX_NESTING, "selection sets inside each other")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorCode;

    fn judge(document: &str) -> Result<(), ErrorCode> {
        check(&parse_query(document).expect("the document parses")).map_err(|error| error.code)
    }

    /// Two to the power of `levels` fields in about 33 bytes a level.
    fn bomb(levels: usize) -> String {
        let mut document = String::from("{ ...f0 }");
        for level in 0..levels {
            let next = level + 1;
            write!(document, " fragment f{level} on Query {{ ...f{next} ...f{next} }}")
                .expect("a string takes all");
        }
        write!(document, " fragment f{levels} on Query {{ a }}").expect("a string takes all");
        document
    }

    #[test]
    fn nested_fragments_count_as_often_as_they_are_spread() {
        assert_eq!(judge(&bomb(10)), Ok(()), "1 024 fields");
        assert_eq!(judge(&bomb(11)), Err(ErrorCode::LimitExceeded), "2 048 fields");
        assert_eq!(judge(&bomb(24)), Err(ErrorCode::LimitExceeded), "sixteen million fields");
        assert_eq!(judge(&bomb(90)), Err(ErrorCode::LimitExceeded), "more than any number holds");
    }

    #[test]
    fn each_limit_is_allowed_and_one_more_is_not() {
        let many = |count: usize, what: &str| what.repeat(count);
        let aliased = |count| format!("{{ {} }}", many(count, "x: a "));
        assert_eq!(judge(&aliased(MAX_ALIASES)), Ok(()));
        assert_eq!(judge(&aliased(MAX_ALIASES + 1)), Err(ErrorCode::LimitExceeded));
        let directed = |count| format!("{{ a {} }}", many(count, "@b "));
        assert_eq!(judge(&directed(MAX_DIRECTIVES)), Ok(()));
        assert_eq!(judge(&directed(MAX_DIRECTIVES + 1)), Err(ErrorCode::LimitExceeded));
        let deep = |count| format!("{}a{}", many(count, "{ a "), many(count, "}"));
        assert_eq!(judge(&deep(MAX_DEPTH)), Ok(()));
        assert_eq!(judge(&deep(MAX_DEPTH + 1)), Err(ErrorCode::LimitExceeded));
        let arguments = |count| format!("{{ a({}) }}", many(count, "b: 1 "));
        assert_eq!(judge(&arguments(MAX_ARGUMENTS)), Ok(()));
        assert_eq!(judge(&arguments(MAX_ARGUMENTS + 1)), Err(ErrorCode::LimitExceeded));
    }

    #[test]
    fn what_no_operation_reaches_is_bound_too() {
        let unused = format!("{{ a }} fragment f on Query {{ {} }}", "a ".repeat(MAX_FIELDS + 1));
        assert_eq!(judge(&unused), Err(ErrorCode::LimitExceeded));
        let mut chain = String::from("{ a }");
        for link in 0..MAX_DEFINITIONS - 1 {
            write!(chain, " fragment f{link} on Query {{ ...f{} }}", link + 1).expect("a string takes all");
        }
        assert_eq!(judge(&chain), Err(ErrorCode::LimitExceeded));
        let fragments: Vec<String> =
            (0..MAX_DEFINITIONS).map(|n| format!("fragment f{n} on Query {{ a }}")).collect();
        assert_eq!(judge(&format!("{{ a }} {}", fragments.join(" "))), Err(ErrorCode::LimitExceeded));
    }

    #[test]
    fn a_fragment_that_contains_itself_is_named_and_an_unknown_one_is_left_to_validation() {
        assert_eq!(
            judge("{ ...f } fragment f on Query { a ...g } fragment g on Query { ...f }"),
            Err(ErrorCode::BadUserInput)
        );
        assert_eq!(judge("{ ...nowhere }"), Ok(()));
    }

    proptest! {
        #[test]
        fn the_count_of_fields_is_that_of_the_unfolded_document(spreads in prop::collection::vec(0_usize..4, 1..8)) {
            let mut document = String::from("{ ...f0 }");
            for (level, times) in spreads.iter().enumerate() {
                let spread = format!("...f{} ", level + 1).repeat(*times);
                write!(document, " fragment f{level} on Query {{ a {spread} }}").expect("a string takes all");
            }
            write!(document, " fragment f{} on Query {{ a }}", spreads.len()).expect("a string takes all");
            let unfolded = spreads.iter().rev().fold(1, |below, times| 1 + times * below);
            let document = parse_query(&document).expect("the document parses");
            let mut walk = Walk { document: &document, fragments: HashMap::new() };
            prop_assert_eq!(walk.fragment("f0", 0).expect("a small document").fields, unfolded);
        }
    }
}
