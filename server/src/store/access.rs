//! Who may read and change what of a factory.
//!
//! * Every public function of the store that is about one factory takes a [`Scope`] of it, so that nothing can be read for somebody
//!   who may not see it. [`Access`] alone makes one: [`Access::open`] by what somebody was granted, [`Access::open_own`] of workers
//!   that they are.
//! * What a scope permits is its type: a function about devices takes a `Scope<SeeDevices>`, and one that answers several kinds of
//!   questions a scope of any. What is sent, whose factory is found by the writer, takes a [`Permit`].
//! * What the server does for nobody, such as to hear of what other servers stored, has a [`ServerScope`].
//! * What is kept: [`principals`], what each was granted, and the [`credentials`] with which they prove who they are. Every
//!   [change] of it is made by one transaction at a time.
//!
//! ```compile_fail
//! # use server::store::{Snapshot, access::{SeePeople, Scope, SeeDevices}, devices};
//! // A list of devices for somebody who may see people.
//! async fn read(snapshot: &Snapshot, scope: &Scope<SeePeople>) {
//!     devices::codes(snapshot, scope).await;
//! }
//! ```
//!
//! ```compile_fail
//! # use server::store::access::{SeePeople, Scope, View};
//! // A scope that nobody opened.
//! let scope: Scope<SeePeople> = Scope { view: View::All };
//! ```

mod author;
pub(in crate::store) mod change;
pub mod credentials;
mod holder;
pub mod identities;
pub mod passwords;
pub mod pending_sign_ins;
mod permission;
pub mod principals;
mod scope;

pub(crate) use self::change::access_revision;
pub use self::{
    author::{Author, Origin},
    change::NotChanged,
    holder::{Grant, Holder, Refused},
    permission::{
        ChangeSettings, Correct, DecideModels, NameEntities, Permission, SeeDevices, SeeFigures, SeePeople,
        SendEvents,
    },
    scope::{Access, AccessError, AccessLogScope, Permit, Scope, ScopeKey, ServerScope, View},
};
