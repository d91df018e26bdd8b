//! What a page costs: frames, memory, elements.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::Page;
use crate::LIMIT;

/// Notes the memories of a page's WebAssembly programs as they are started, before the page runs any script. The browser
/// could be asked for them (`Runtime.queryObjects`), but with a program that is loaded in parts that never answers.
pub(super) const NOTE_MEMORIES: &str = "
    window.webAssemblyMemories = [];
    const Memory = WebAssembly.Memory;
    WebAssembly.Memory = class extends Memory {
        constructor(...args) {
            super(...args);
            window.webAssemblyMemories.push(this);
        }
    };
    for (const start of ['instantiate', 'instantiateStreaming']) {
        const original = WebAssembly[start];
        WebAssembly[start] = async (...args) => {
            const started = await original.apply(WebAssembly, args);
            const exported = Object.values((started.instance ?? started).exports);
            window.webAssemblyMemories.push(...exported.filter((one) => one instanceof Memory));
            return started;
        };
    }
";

/// How smoothly a page was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frames {
    /// Frames drawn in a second, on average.
    pub per_s: f64,
    /// The longest time between two frames, in milliseconds.
    pub longest_gap_ms: f64,
}

/// What a page holds once its garbage is collected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// JavaScript's objects, in bytes.
    pub js_heap_bytes: u64,
    /// What they refer to outside of that heap, such as the content of buffers, in bytes.
    pub backing_bytes: u64,
    /// The memory of WebAssembly's programs, in bytes; it never shrinks.
    pub webassembly_bytes: u64,
    /// Elements and texts of all documents, those that nobody sees any more included.
    pub dom_nodes: u64,
    /// Functions that wait for an event.
    pub event_listeners: u64,
}

impl Page<'_> {
    /// Counts the frames of some time, shorter than [`LIMIT`].
    pub async fn frames(&self, span: Duration) -> Result<Frames> {
        ensure!(span < LIMIT, "frames are counted for less than {} s at a time", LIMIT.as_secs());
        let counted = self
            .compute(&format!(
                "new Promise((done) => {{
                    let [begun, last, frames, longest] = [null, null, 0, 0];
                    const step = (now) => {{
                        begun ??= now;
                        if (last !== null) {{ frames += 1; longest = Math.max(longest, now - last); }}
                        last = now;
                        if (now - begun < {}) requestAnimationFrame(step);
                        else done([frames / (now - begun) * 1000, longest]);
                    }};
                    requestAnimationFrame(step);
                }})",
                span.as_millis()
            ))
            .await?;
        let number = |position: usize| counted[position].as_f64().context("no frame was drawn");
        Ok(Frames { per_s: number(0)?, longest_gap_ms: number(1)? })
    }

    /// What the page holds after its garbage was collected.
    pub async fn memory(&self) -> Result<Memory> {
        self.command("HeapProfiler.collectGarbage", json!({})).await?;
        let heap = self.command("Runtime.getHeapUsage", json!({})).await?;
        let counters = self.command("Memory.getDOMCounters", json!({})).await?;
        // The protocol writes counts of bytes as floating-point numbers.
        let number = |value: &Value| value.as_f64().unwrap_or_default() as u64;
        Ok(Memory {
            js_heap_bytes: number(&heap["usedSize"]),
            backing_bytes: number(&heap["backingStorageSize"]),
            webassembly_bytes: self.webassembly_bytes().await?,
            dom_nodes: number(&counters["nodes"]),
            event_listeners: number(&counters["jsEventListeners"]),
        })
    }

    /// The sum of the memories that [`NOTE_MEMORIES`] noted.
    async fn webassembly_bytes(&self) -> Result<u64> {
        let sum = "window.webAssemblyMemories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)";
        self.compute(sum).await?.as_u64().context("the page's WebAssembly memories have no size")
    }
}
