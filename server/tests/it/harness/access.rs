//! A server that lets in only who proves who they are, and tokens for it.

use std::net::SocketAddr;

use domain::{
    access::{Role, TokenKind},
    id::CredentialId,
    time::DurationMs,
};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use server::{
    access::AccessMode,
    clock::Clock,
    store::{
        Store,
        access::{Access, Author, ChangeSettings, Scope, credentials::NewToken},
    },
};

use super::{Socket, TestDatabase, TestServer, millis, patient, soon};

/// Somebody whom a server lets in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) token: String,
    pub(crate) id: CredentialId,
}

impl TestServer {
    /// One that lets in only who proves who they are, with a clock that stands.
    pub(crate) async fn closed_at(now: &str) -> Self {
        Self::closed_on(TestDatabase::new().await, now).await
    }

    /// As [`Self::closed_at`], on the database that another server left behind.
    pub(crate) async fn closed_on(database: TestDatabase, now: &str) -> Self {
        let store = Store::open(database.url()).await.expect("a database");
        let mode = AccessMode::Required;
        Self::with_access(store, database, Clock::manual(millis(now)), (patient(), mode)).await
    }

    /// What may be done to a factory by the machine's own command line.
    pub(crate) async fn settings_of(&self, factory: &str) -> Scope<ChangeSettings> {
        let snapshot = self.app.store.snapshot().await.expect("a snapshot");
        Access::OPEN.open(&snapshot, factory).await.expect("the factory")
    }

    pub(crate) fn author(&self) -> Author {
        Author::command_line(self.clock.now_ms())
    }

    /// Creates a token that is valid for a day. The server hears of it by itself.
    pub(crate) async fn token(&self, factory: &str, role: Role, name: &str) -> Caller {
        let kind = if role == Role::Device { TokenKind::Device } else { TokenKind::Service };
        let new = NewToken { name: name.to_owned(), kind, role, valid_ms: DurationMs(domain::MS_PER_DAY) };
        let scope = self.settings_of(factory).await;
        let created = self.app.store.create_token(&scope, &new, &self.author()).await.expect("a commit");
        let (record, token) = created.expect("a token");
        Caller { token: token.text(), id: record.id }
    }

    /// Creates a person with these roles, who has signed in for a day.
    pub(crate) async fn person(&self, name: &str, roles: &[(&str, Role)]) -> Caller {
        self.create_person(name, false).await;
        for (factory, role) in roles {
            self.change_grant(factory, name, *role, true).await;
        }
        self.session(name).await
    }

    /// Creates an operator, who has signed in for a day.
    pub(crate) async fn operator(&self, name: &str) -> Caller {
        self.create_person(name, true).await;
        self.session(name).await
    }

    async fn create_person(&self, name: &str, is_operator: bool) {
        let created = self.app.store.create_person(name, is_operator, &self.author()).await;
        created.expect("a commit").expect("a person");
    }

    async fn session(&self, person: &str) -> Caller {
        let valid_ms = DurationMs(domain::MS_PER_DAY);
        let begun = self.app.store.create_session(person, valid_ms, &self.author()).await;
        let token = begun.expect("a commit").expect("a session");
        Caller { token: token.text(), id: token.id }
    }

    /// Grants a person a role, or takes it away. The server hears of it by itself.
    pub(crate) async fn change_grant(&self, factory: &str, person: &str, role: Role, is_granted: bool) {
        let (store, scope, author) = (&self.app.store, self.settings_of(factory).await, &self.author());
        let changed = if is_granted {
            store.grant(&scope, person, role, None, author).await
        } else {
            store.revoke_grant(&scope, person, role, None, author).await
        };
        changed.expect("a commit").expect("a person");
    }

    pub(crate) async fn revoke(&self, factory: &str, caller: &Caller) {
        let scope = self.settings_of(factory).await;
        let revoked = self.app.store.revoke_token(&scope, caller.id, &self.author()).await;
        revoked.expect("a commit").expect("a token");
    }

    /// A POST of somebody.
    pub(crate) fn request_of(&self, caller: &Caller, query: &str, variables: &Value) -> RequestBuilder {
        let body = json!({ "query": query, "variables": variables });
        self.request(body.to_string()).bearer_auth(&caller.token)
    }

    /// The whole answer to somebody, errors and all.
    pub(crate) async fn answer_to(&self, caller: &Caller, query: &str, variables: Value) -> Value {
        let request = self.request_of(caller, query, &variables);
        soon("an answer", request.send()).await.expect("a response").json().await.expect("JSON")
    }

    /// A websocket of somebody that has been acknowledged.
    pub(crate) async fn socket_of(&self, caller: &Caller) -> Socket {
        Socket::acknowledged_with(self.address, &caller.token).await
    }
}

impl Socket {
    /// Opens a socket and says hello with a token.
    pub(crate) async fn acknowledged_with(address: SocketAddr, token: &str) -> Self {
        let mut socket = Self::open(address).await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }
}
