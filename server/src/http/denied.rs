//! What somebody asked for who may not: it goes to the audit log.

use async_graphql::{PathSegment, ServerError, Value};

use crate::{
    app::App,
    error::{ErrorCode, FACTORY_ID},
    store::access::{Access, Author, Origin},
};

/// Whoever sent an operation.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) access: Access,
    pub(super) origin: Origin,
}

/// Takes note of the fields of an answer that its caller may not ask for.
pub(super) fn note(app: &App, caller: &Caller, errors: &[ServerError]) {
    let Some(holder) = caller.access.holder() else { return };
    for error in errors {
        let extension = |name| match error.extensions.as_ref()?.get(name)? {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        };
        let Some(PathSegment::Field(field)) = error.path.first() else { continue };
        if extension("code") != Some(ErrorCode::Forbidden.as_str()) {
            continue;
        }
        let slug = extension(FACTORY_ID).unwrap_or_default();
        let granted = holder.grants.iter().find(|grant| grant.factory_slug.as_str() == slug);
        let author = Author::of(&caller.access, Some(caller.origin.clone()), app.clock.now_ms());
        app.access.note_denied(&author, granted.map(|grant| grant.factory_id), field);
    }
}
