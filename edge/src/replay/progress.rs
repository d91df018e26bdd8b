//! Shows how far a replay has come: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often at most a line is written where no bar can be shown, so that a log stays readable.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often the bar moves by itself, so that a wait does not look like a hang.
const TICK: Duration = Duration::from_millis(200);

const KNOWN_LENGTH: &str = "{bar:30} {percent:>3} % {bytes}/{total_bytes} {msg}";
const UNKNOWN_LENGTH: &str = "{spinner} {bytes} {msg}";

/// A replay's progress on stderr.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    lines: Option<Mutex<Option<Instant>>>,
}

impl Progress {
    /// Progress on stderr through an input of `total_bytes`, if that is known.
    pub fn on_stderr(total_bytes: Option<u64>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { lines: Some(Mutex::new(None)), ..Self::silent() };
        }
        let bar = ProgressBar::with_draw_target(total_bytes, ProgressDrawTarget::stderr());
        let template = if total_bytes.is_some() { KNOWN_LENGTH } else { UNKNOWN_LENGTH };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self { bar, lines: None }
    }

    /// Progress that nobody wants to see.
    pub fn silent() -> Self {
        Self { bar: ProgressBar::hidden(), lines: None }
    }

    /// So many more bytes of the input are dealt with; the counts so far.
    pub fn advance(&self, bytes: u64, counts: &str) {
        self.bar.inc(bytes);
        self.say(counts);
    }

    /// A batch failed and is sent again after the wait.
    pub fn waiting(&self, reason: &str, wait: Duration) {
        self.say(&format!("waiting {:.1} s because {reason}", wait.as_secs_f64()));
    }

    /// The replay is over: the bar goes, for the summary to take its place.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, message: &str) {
        self.bar.set_message(message.to_owned());
        let Some(lines) = &self.lines else { return };
        let mut last = lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= LINE_EVERY) {
            *last = Some(Instant::now());
            eprintln!("{message}");
        }
    }
}
