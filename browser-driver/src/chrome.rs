//! A browser process with a profile of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Child, time::timeout};

use crate::{Download, LIMIT, Page, Seen, connection::Connection, program};

/// A running Chromium, killed when dropped.
pub struct Chrome {
    process: Child,
    connection: Connection,
    /// Where pictures of pages go that never showed what was waited for.
    evidence: PathBuf,
    downloads: PathBuf,
    _profile: TempDir,
}

impl Chrome {
    /// Starts a browser that nobody has used before. Pictures of pages on which a wait ended in vain go to `evidence`.
    pub async fn launch(evidence: impl Into<PathBuf>) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let downloads = profile.path().join("downloads");
        let mut process = program::start(profile.path())?;
        let stderr = process.stderr.take().context("Chromium has no standard error")?;
        let address = timeout(LIMIT, program::announced(stderr))
            .await
            .with_context(|| format!("Chromium did not start within {} s", LIMIT.as_secs()))??;
        let connection = Connection::open(&address).await?;
        // Named by their ids, because two files may have the same name.
        let saving = json!({ "behavior": "allowAndName", "downloadPath": downloads, "eventsEnabled": true });
        connection.command(None, "Browser.setDownloadBehavior", saving).await?;
        Ok(Self { process, connection, evidence: evidence.into(), downloads, _profile: profile })
    }

    /// A new tab that shows the address.
    pub async fn open(&self, address: &str) -> Result<Page<'_>> {
        let page = self.blank().await?;
        page.show(address).await?;
        Ok(page)
    }

    /// A new tab that shows nothing yet, for settings that a page is to find when it is loaded.
    pub async fn blank(&self) -> Result<Page<'_>> {
        let target = self.command(None, "Target.createTarget", json!({ "url": "about:blank" })).await?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.command(None, "Target.attachToTarget", attach).await?;
        let session = session["sessionId"].as_str().context("Chromium named no session")?;
        Page::prepare(self, session.to_owned()).await
    }

    /// What the browser has reported so far.
    pub fn seen(&self) -> Seen {
        self.connection.seen()
    }

    /// The file that was downloaded as the `number`th, counted from 0, once it is complete.
    pub async fn download(&self, number: usize) -> Result<Download> {
        let complete = |seen: &Seen| {
            let (id, name) = seen.downloads.get(number)?;
            seen.complete.contains(id).then(|| (id.clone(), name.clone()))
        };
        let (id, name) = self
            .connection
            .once(complete)
            .await
            .with_context(|| format!("there is no download number {number}"))?;
        let content = tokio::fs::read(self.downloads.join(id)).await?;
        Ok(Download { name, content })
    }

    /// The ids of the processes that draw pages, for what the system knows of them.
    pub async fn page_processes(&self) -> Result<Vec<u32>> {
        let answer = self.command(None, "SystemInfo.getProcessInfo", json!({})).await?;
        let processes = answer["processInfo"].as_array().context("Chromium listed no processes")?;
        let drawing = processes.iter().filter(|process| process["type"] == "renderer");
        Ok(drawing.filter_map(|process| process["id"].as_u64()).map(|id| id as u32).collect())
    }

    /// Ends the browser and answers with everything it reported. Fails when a page asked for anything beyond this host or
    /// tried what its content security policy forbids.
    pub async fn close(mut self) -> Result<Seen> {
        let seen = self.seen();
        self.command(None, "Browser.close", json!({})).await?;
        timeout(LIMIT, self.process.wait())
            .await
            .with_context(|| format!("Chromium did not end within {} s", LIMIT.as_secs()))??;
        let elsewhere = seen.elsewhere();
        ensure!(elsewhere.is_empty(), "requests left this host: {elsewhere:?}");
        let violations = seen.policy_violations();
        ensure!(violations.is_empty(), "the content security policy forbids: {violations:?}");
        Ok(seen)
    }

    pub(crate) async fn command(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        self.connection.command(session, method, params).await
    }

    pub(crate) fn evidence(&self) -> &Path {
        &self.evidence
    }
}
