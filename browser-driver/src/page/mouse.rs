//! The mouse, which reaches only what can be seen.

use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Page, text_literal};
use crate::{LIMIT, LOOK_INTERVAL};

/// Brings an element into view and answers with its middle if the mouse would meet it there, else with null.
pub(super) const REACH: &str = "function reach(element) {
    if (!element) return null;
    element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    const box = element.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const met = document.elementFromPoint(x, y);
    const label = element.labels ? [...element.labels] : [];
    const is_met = met && [element, ...label].some((one) => one.contains(met));
    return is_met ? [x, y] : null;
}";

impl Page<'_> {
    /// Clicks the middle of the first element that the selector finds, once it is there, at rest, and nothing covers it.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let (x, y) = self.reached(selector).await?;
        self.click_at(x, y).await
    }

    /// Moves the mouse over the first element that the selector finds, once it is there, at rest, and nothing covers it.
    pub async fn hover(&self, selector: &str) -> Result<()> {
        let (x, y) = self.reached(selector).await?;
        self.move_mouse(x, y).await
    }

    /// Clicks at a place of the window, in CSS pixels.
    pub async fn click_at(&self, x: f64, y: f64) -> Result<()> {
        self.move_mouse(x, y).await?;
        for kind in ["mousePressed", "mouseReleased"] {
            let press = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.command("Input.dispatchMouseEvent", press).await?;
        }
        Ok(())
    }

    /// Presses the button at a place of the window, in CSS pixels, moves the mouse to another with it, and lets it go there.
    pub async fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        self.move_mouse(from.0, from.1).await?;
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        for (kind, (x, y)) in
            [("mousePressed", from), ("mouseMoved", middle), ("mouseMoved", to), ("mouseReleased", to)]
        {
            let held = u32::from(kind != "mouseReleased");
            let event =
                json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": held, "clickCount": 1 });
            self.command("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    /// Moves the mouse to a place of the window, in CSS pixels.
    pub async fn move_mouse(&self, x: f64, y: f64) -> Result<()> {
        let there = json!({ "type": "mouseMoved", "x": x, "y": y });
        self.command("Input.dispatchMouseEvent", there).await?;
        Ok(())
    }

    async fn reached(&self, selector: &str) -> Result<(f64, f64)> {
        let expression = format!("({REACH})(document.querySelector({}))", text_literal(selector));
        let start = Instant::now();
        let mut before = Value::Null;
        loop {
            let middle = self.evaluate(&expression).await?;
            // What still moves would no longer be there when the button goes down.
            if !middle.is_null() && middle == before {
                return place(&middle);
            }
            before = middle;
            if start.elapsed() > LIMIT {
                return Err(self.in_vain(&format!("the mouse reaches {selector}")).await);
            }
            sleep(LOOK_INTERVAL).await;
        }
    }
}

/// The place that [`REACH`] answered with.
pub(super) fn place(middle: &Value) -> Result<(f64, f64)> {
    let x = middle[0].as_f64();
    x.zip(middle[1].as_f64()).context("the page named no place")
}
