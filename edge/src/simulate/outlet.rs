//! Where simulated events go.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use domain::event::RawEvent;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Url, redirect};
use tokio::time::Instant;

use crate::answer::{self, SHOWN_CHARACTERS, printable};
use crate::backoff;
use crate::batch::Cutter;
use crate::line::{self, Judgement};
use crate::send::{
    self, AddressError, CONNECT_TIMEOUT, DEFAULT_RETRY_FOR, Destination, REQUEST_TIMEOUT, SendError,
};

/// How many events one request holds: what a busy camera has gathered.
const REQUEST_EVENTS: usize = 500;

/// Where simulated events go.
pub enum Outlet {
    /// JSON lines.
    Lines(Box<dyn Write + Send>),
    /// The HTTP input of an agent.
    Input(Client, Url),
    /// A server.
    Server(Destination),
}

/// Why events could not be brought.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// Whoever reads the lines has gone.
    #[error("cannot write the events: {0}")]
    Lines(io::Error),
    /// The server.
    #[error(transparent)]
    Server(#[from] SendError),
    /// The agent's input refuses them for good.
    #[error("the agent refused {events} events with HTTP {status}: {said}")]
    Refused {
        /// How many were sent.
        events: usize,
        /// The HTTP status.
        status: u16,
        /// What the agent said.
        said: String,
    },
    /// The agent did not take them in all this time.
    #[error("gave up after {tried_seconds} s; the last attempt failed because {reason}")]
    GaveUp {
        /// How long it was tried, in seconds.
        tried_seconds: u64,
        /// The last failure.
        reason: String,
    },
    /// Not a batch that can be sent.
    #[error("made an event that is none: {0}")]
    Malformed(String),
}

impl Outlet {
    /// JSON lines into a writer.
    pub fn lines(out: impl Write + Send + 'static) -> Self {
        Self::Lines(Box::new(out))
    }

    /// The HTTP input of an agent, by its whole URL.
    pub fn input(url: &str) -> Result<Self, AddressError> {
        let parsed =
            Url::parse(url).map_err(|error| AddressError::NotAUrl(url.to_owned(), error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(parsed.scheme().to_owned()));
        }
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        let builder = if parsed.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(|error| AddressError::Client(parsed.clone(), error))?;
        Ok(Self::Input(client, parsed))
    }

    /// A factory of a server.
    pub fn server(url: &str, factory_id: &str) -> Result<Self, AddressError> {
        Destination::new(url, factory_id, DEFAULT_RETRY_FOR).map(Self::Server)
    }

    /// Brings events, and tries again for ten minutes where that may help, telling `warn` about it.
    pub async fn bring(&mut self, events: &[RawEvent], warn: &impl Fn(&str)) -> Result<(), OutletError> {
        for events in events.chunks(REQUEST_EVENTS) {
            let lines: Vec<String> = events
                .iter()
                .map(serde_json::to_string)
                .collect::<Result<_, _>>()
                .map_err(|error| OutletError::Malformed(error.to_string()))?;
            match self {
                Self::Lines(out) => write_lines(out, &lines).map_err(OutletError::Lines)?,
                Self::Input(client, url) => post(client, url, &lines, warn).await?,
                Self::Server(destination) => ingest(destination, &lines, warn).await?,
            }
        }
        Ok(())
    }
}

fn write_lines(out: &mut dyn Write, lines: &[String]) -> io::Result<()> {
    for line in lines {
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Posts JSON lines as a camera does: until it is told that they are kept.
async fn post(client: &Client, url: &Url, lines: &[String], warn: &impl Fn(&str)) -> Result<(), OutletError> {
    let body = lines.join("\n");
    let began = Instant::now();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let request =
            client.post(url.clone()).header(CONTENT_TYPE, "application/x-ndjson").body(body.clone());
        let (reason, asked) = match request.send().await {
            Ok(response) if response.status().is_success() => return Ok(()),
            Ok(response) => {
                let status = response.status().as_u16();
                let header = response.headers().get(RETRY_AFTER).and_then(|header| header.to_str().ok());
                let asked = header.and_then(|header| answer::retry_after(header, SystemTime::now()));
                let said = printable(&response.text().await.unwrap_or_default(), SHOWN_CHARACTERS);
                if !answer::is_passing(status) {
                    return Err(OutletError::Refused { events: lines.len(), status, said });
                }
                (format!("the agent answered HTTP {status}: {said}"), asked)
            }
            Err(error) => (send::in_words(&error.without_url()), None),
        };
        let wait = backoff::wait(attempts, asked, fastrand::f64());
        let tried = began.elapsed();
        if tried.saturating_add(wait) > DEFAULT_RETRY_FOR {
            return Err(OutletError::GaveUp { tried_seconds: tried.as_secs(), reason });
        }
        tell(warn, &reason, wait);
        tokio::time::sleep(wait).await;
    }
}

async fn ingest(
    destination: &Destination,
    lines: &[String],
    warn: &impl Fn(&str),
) -> Result<(), OutletError> {
    let mut cutter = Cutter::new(lines.len());
    let mut batches = Vec::new();
    for (number, line) in (1..).zip(lines) {
        match line::judge(number, line.as_bytes()) {
            Judgement::Event(event) => batches.extend(cutter.push(&event)),
            Judgement::Blank => {}
            Judgement::Malformed(reason) => return Err(OutletError::Malformed(reason)),
        }
    }
    batches.extend(cutter.finish());
    for batch in batches {
        let receipt = send::send(destination, &batch, |reason, wait| tell(warn, reason, wait)).await?;
        if let Some(issue) = receipt.issues.first() {
            let troubled = receipt.conflicts + receipt.rejected;
            let said = printable(&issue.message, SHOWN_CHARACTERS);
            warn(&format!("{troubled} events were not accepted; the first: {}: {said}", issue.code));
        }
    }
    Ok(())
}

fn tell(warn: &impl Fn(&str), reason: &str, wait: Duration) {
    warn(&format!("{reason}; trying again in {:.1} s", wait.as_secs_f64()));
}
