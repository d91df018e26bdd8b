//! A tab: what it shows, and waiting until it shows what is expected.

pub(crate) mod accessibility;
pub(crate) mod axe;
mod keyboard;
mod mouse;
pub(crate) mod performance;
mod picture;

use std::{thread, time::Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};
use tokio::time::sleep;

use self::performance::NOTE_MEMORIES;
use crate::{Chrome, LIMIT, LOOK_INTERVAL, Medium, Message, Network, Screen};

/// What the browser says of a question whose page is left before it is answered.
const NAVIGATED: &str = "navigated or closed";

/// What a page reports.
const REPORTS: [&str; 4] = ["Network.enable", "Page.enable", "Runtime.enable", "Log.enable"];

/// The language of a browser whose person has set none.
const LOCALE: &str = "en-GB";

/// A tab of a [`Chrome`].
pub struct Page<'chrome> {
    chrome: &'chrome Chrome,
    session: String,
}

impl<'chrome> Page<'chrome> {
    pub(crate) async fn prepare(chrome: &'chrome Chrome, session: String) -> Result<Self> {
        let page = Self { chrome, session };
        for domain in REPORTS {
            page.command(domain, json!({})).await?;
        }
        page.run_first(NOTE_MEMORIES).await?;
        // A tab behaves as the one in front, whichever that is.
        page.command("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
        // As on telephones, they take no room from the page.
        page.command("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await?;
        page.set_screen(&Screen::default()).await?;
        // Whatever the machine's language is.
        page.set_locale(LOCALE).await?;
        Ok(page)
    }

    /// Loads the address. It answers before the page has everything: wait for what is to be seen.
    pub async fn show(&self, address: &str) -> Result<()> {
        let answer = self.command("Page.navigate", json!({ "url": address })).await?;
        match answer["errorText"].as_str() {
            Some(error) => bail!("{address} cannot be shown: {error}"),
            None => Ok(()),
        }
    }

    /// Changes the window's size and what its person has set.
    pub async fn set_screen(&self, screen: &Screen) -> Result<()> {
        for (method, params) in screen.commands() {
            self.command(method, params).await?;
        }
        Ok(())
    }

    /// Makes the browser's clock show this zone's time, such as `America/New_York`.
    pub async fn set_time_zone(&self, zone: &str) -> Result<()> {
        self.command("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })).await?;
        Ok(())
    }

    /// Makes the browser speak this language, such as `de-DE`.
    pub async fn set_locale(&self, locale: &str) -> Result<()> {
        self.command("Emulation.setLocaleOverride", json!({ "locale": locale })).await?;
        Ok(())
    }

    /// Shows the page as it is on paper, or as it is on the screen again.
    pub async fn set_medium(&self, medium: Medium) -> Result<()> {
        self.command("Emulation.setEmulatedMedia", json!({ "media": medium.name() })).await?;
        Ok(())
    }

    /// Runs a script in every document that is shown from now on, before those of the document.
    pub async fn run_first(&self, script: &str) -> Result<()> {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
        Ok(())
    }

    /// Cuts the page off, or connects it again.
    pub async fn set_network(&self, network: Network) -> Result<()> {
        let conditions = json!({
            "offline": network == Network::Cut,
            "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1
        });
        self.command("Network.emulateNetworkConditions", conditions).await?;
        Ok(())
    }

    /// The value of a JavaScript expression, a promise's once it is kept; null when it throws because the page is not
    /// that far.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let answer = self.command("Runtime.evaluate", by_value(expression)).await?;
        Ok(answer["result"]["value"].clone())
    }

    /// The value of a JavaScript expression; an error when it throws.
    pub(crate) async fn compute(&self, expression: &str) -> Result<Value> {
        let mut answer = self.command("Runtime.evaluate", by_value(expression)).await?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(anyhow!("a script of the driver failed in the page: {thrown}")),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Waits until the expression is true, else fails with what the page shows and a picture of it.
    pub async fn wait_until(&self, expression: &str) -> Result<()> {
        let start = Instant::now();
        while !self.holds(expression).await? {
            if start.elapsed() > LIMIT {
                return Err(self.in_vain(expression).await);
            }
            sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// Whether the expression is true now. What is asked of a page that is on its way to another one, neither answers.
    async fn holds(&self, expression: &str) -> Result<bool> {
        match self.evaluate(expression).await {
            Ok(value) => Ok(value == true),
            Err(error) if error.to_string().contains(NAVIGATED) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until an element that the selector finds can be seen.
    pub async fn wait_for(&self, selector: &str) -> Result<()> {
        let found = format!("document.querySelectorAll({})", text_literal(selector));
        self.wait_until(&format!("[...{found}].some((element) => element.checkVisibility())")).await
    }

    /// The text of the first element that the selector finds, as it can be read on the screen.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let expression = format!("document.querySelector({}).innerText", text_literal(selector));
        let text = self.compute(&expression).await?;
        Ok(text.as_str().context("the element has no text")?.to_owned())
    }

    /// What this page has said on its console so far, uncaught exceptions included.
    pub fn messages(&self) -> Vec<Message> {
        let messages = self.chrome.seen().messages;
        messages.into_iter().filter(|message| message.session == self.session).collect()
    }

    pub(crate) async fn command(&self, method: &str, params: Value) -> Result<Value> {
        self.chrome.command(Some(&self.session), method, params).await
    }

    /// What to say when a wait for this ended without it.
    pub(crate) async fn in_vain(&self, expected: &str) -> anyhow::Error {
        let text = self.evaluate("document.body.innerText").await.unwrap_or_default();
        let name = thread::current().name().unwrap_or("page").replace("::", "-");
        let picture = self.chrome.evidence().join(format!("{name}.png"));
        let where_it_is = match self.screenshot(&picture).await {
            Ok(()) => format!("a picture of it is in {}", picture.display()),
            Err(error) => format!("there is no picture of it: {error:#}"),
        };
        let said = self.messages().iter().map(Message::to_string).collect::<Vec<_>>().join("\n  ");
        anyhow!(
            "not within {} s: {expected}\nthe page shows: {}\nits console says:\n  {said}\n{where_it_is}",
            LIMIT.as_secs(),
            text.as_str().unwrap_or("nothing")
        )
    }
}

fn by_value(expression: &str) -> Value {
    json!({ "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true })
}

/// The text as JavaScript writes it.
pub(crate) fn text_literal(text: &str) -> String {
    Value::from(text).to_string()
}
