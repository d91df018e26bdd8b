//! A tab: what it shows, and waiting until it shows what a test expects.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::chrome::{Chrome, LIMIT};

/// Between two looks at the page.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) struct Page<'chrome> {
    chrome: &'chrome Chrome,
    session: String,
}

impl<'chrome> Page<'chrome> {
    pub(crate) fn new(chrome: &'chrome Chrome, session: String) -> Self {
        Self { chrome, session }
    }

    /// Loads the address; requests are recorded from the first one on.
    pub(crate) async fn show(&self, address: &str) {
        for domain in ["Network.enable", "Page.enable", "Runtime.enable", "Log.enable"] {
            self.command(domain, json!({})).await;
        }
        self.command("Page.navigate", json!({ "url": address })).await;
    }

    /// The value of a JavaScript expression; null when it throws because the page is not that far.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "userGesture": true });
        let answer = self.command("Runtime.evaluate", params).await;
        answer["result"]["value"].clone()
    }

    /// Waits until the expression is true, else fails with what the page shows and a screenshot of it.
    pub(crate) async fn wait_until(&self, expression: &str) {
        let start = Instant::now();
        while self.evaluate(expression).await != true {
            if start.elapsed() > LIMIT {
                self.fail(expression).await;
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until the element with this test id carries exactly this number.
    pub(crate) async fn wait_for_number(&self, test_id: &str, number: f64) {
        self.wait_until(&format!("Number({}.dataset.value) === {number}", element(test_id))).await;
    }

    /// Waits until a row's cell carries exactly this number.
    pub(crate) async fn wait_for_cell(&self, row: &str, field: &str, number: f64) {
        let cell = format!(r#"{}.querySelector("[data-field='{field}']")"#, element(row));
        self.wait_until(&format!("Number({cell}.dataset.value) === {number}")).await;
    }

    /// Waits until the page says that its connection is in this state.
    pub(crate) async fn wait_for_connection(&self, state: &str) {
        self.wait_until(&format!("{}.dataset.state === '{state}'", element("connection"))).await;
    }

    /// Leaves a mark that a reload would wipe out.
    pub(crate) async fn mark(&self) {
        self.evaluate("window.marked = true").await;
    }

    /// Whether the page is still the one that was marked.
    pub(crate) async fn is_marked(&self) -> bool {
        self.evaluate("window.marked === true").await == true
    }

    async fn command(&self, method: &str, params: Value) -> Value {
        self.chrome.command(Some(&self.session), method, params).await
    }

    async fn fail(&self, expression: &str) -> ! {
        let text = self.evaluate("document.body.innerText").await;
        let screenshot = self.command("Page.captureScreenshot", json!({ "format": "png" })).await;
        let image = BASE64.decode(screenshot["data"].as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let file =
            folder.join(format!("{}.png", thread::current().name().unwrap_or("browser").replace("::", "-")));
        std::fs::write(&file, image).unwrap();
        panic!(
            "not within {} s: {expression}\nthe page shows: {}\nit complained: {:#?}\na screenshot is in {}",
            LIMIT.as_secs(),
            text.as_str().unwrap_or("nothing"),
            self.chrome.seen().complaints,
            file.display()
        );
    }
}

fn element(test_id: &str) -> String {
    format!(r#"document.querySelector("[data-testid='{test_id}']")"#)
}
