//! oidc-provider, in a process of its own.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::PUBLIC;
use crate::harness::node::{self, Script};

/// With which the provider knows the server again.
pub(super) const SECRET: &str = "secret of the client";

/// A provider whose accounts a test changes.
pub(super) struct IdentityProvider {
    pub(super) issuer: String,
    accounts: TempDir,
    script: Script,
}

/// One that is down.
pub(super) struct StoppedProvider {
    issuer: String,
    accounts: TempDir,
}

impl IdentityProvider {
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these variables of the script.
    pub(super) async fn start_with(variables: &[(&str, String)]) -> Self {
        let accounts = TempDir::new().expect("a folder");
        let script = start(&accounts, "0", variables).await;
        Self { issuer: script.url.clone(), accounts, script }
    }

    /// Creates an account, or changes its groups.
    pub(super) fn set_groups(&self, name: &str, groups: &[&str]) {
        let file = accounts_file(&self.accounts);
        let text = std::fs::read_to_string(&file).expect("accounts");
        let mut accounts: Value = serde_json::from_str(&text).expect("accounts");
        accounts[name] = json!({ "groups": groups });
        std::fs::write(file, accounts.to_string()).expect("accounts");
    }

    pub(super) async fn stop(self) -> StoppedProvider {
        self.script.stop().await;
        StoppedProvider { issuer: self.issuer, accounts: self.accounts }
    }
}

impl StoppedProvider {
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Starts it where it was, with other keys.
    pub(super) async fn start_again(self) -> IdentityProvider {
        let (_, port) = self.issuer.rsplit_once(':').expect("a port");
        let script = start(&self.accounts, port, &[]).await;
        IdentityProvider { issuer: self.issuer, accounts: self.accounts, script }
    }
}

async fn start(accounts: &TempDir, port: &str, variables: &[(&str, String)]) -> Script {
    let file = accounts_file(accounts);
    if !file.exists() {
        std::fs::write(&file, "{}").expect("accounts");
    }
    let callback = format!("{PUBLIC}/auth/oidc/callback");
    let arguments = ["provider.mjs", file.to_str().expect("text"), port, &callback];
    Script::start(packages().await, &arguments, variables).await
}

fn accounts_file(folder: &TempDir) -> PathBuf {
    folder.path().join("accounts.json")
}

/// Where the packages are, installed once for all tests.
pub(super) async fn packages() -> &'static Path {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    INSTALLED.get_or_init(async || node::installed("oidc").await).await
}
