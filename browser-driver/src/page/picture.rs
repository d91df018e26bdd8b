//! Pictures of pages, and pages on paper.

use std::path::Path;

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::json;

use super::Page;

impl Page<'_> {
    /// Writes a picture of the whole page, also of what one would have to scroll to, into a PNG file.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let metrics = self.command("Page.getLayoutMetrics", json!({})).await?;
        let (content, view) = (&metrics["cssContentSize"], &metrics["cssLayoutViewport"]);
        let height = content["height"].as_f64().unwrap_or_default();
        let clip = json!({
            "x": 0, "y": 0, "width": view["clientWidth"],
            "height": height.max(view["clientHeight"].as_f64().unwrap_or_default()), "scale": 1
        });
        let capture = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.command("Page.captureScreenshot", capture).await?;
        let image = BASE64.decode(picture["data"].as_str().context("Chromium drew no picture")?)?;
        write(file, &image).await
    }

    /// What the page is on paper, as a PDF: its size and margins are those of its stylesheet. It is written to the file too.
    pub async fn print(&self, file: &Path) -> Result<Vec<u8>> {
        let printed = self.command("Page.printToPDF", json!({ "preferCSSPageSize": true })).await?;
        let paper = BASE64.decode(printed["data"].as_str().context("Chromium printed nothing")?)?;
        write(file, &paper).await?;
        Ok(paper)
    }
}

async fn write(file: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    tokio::fs::write(file, content).await.with_context(|| format!("{} cannot be written", file.display()))
}
