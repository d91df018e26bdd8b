//! Where simulated events go.

use std::io::{self, Write};
use std::time::Duration;

use domain::event::RawEvent;
use domain::limits::MAX_MESSAGE_CHARS;

use crate::outlet::address::AddressError;
use crate::outlet::http::{Content, Endpoint};
use crate::outlet::response::{is_transient, printable};
use crate::outlet::server::Server;
use crate::outlet::token::Token;
use crate::replay::{self, SendError};
use crate::retry::{DEFAULT_RETRY_FOR, GaveUp, Retry};

/// How many events one request holds: what a busy camera has gathered.
const REQUEST_EVENTS: usize = 500;

/// Where simulated events go.
pub enum Sink {
    /// JSON lines.
    Lines(Box<dyn Write + Send>),
    /// The HTTP input of an agent.
    Agent(Endpoint),
    /// A server.
    Server(Box<Server>),
}

/// Why events could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
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
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
    /// Not an event that can be sent.
    #[error("made an event that is none: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl Sink {
    /// JSON lines into a writer.
    pub fn lines(out: impl Write + Send + 'static) -> Self {
        Self::Lines(Box::new(out))
    }

    /// The HTTP input of an agent, by its whole URL.
    pub fn agent(url: &str) -> Result<Self, AddressError> {
        Endpoint::exact(url).map(Self::Agent)
    }

    /// A factory of a server, which may ask for a token.
    pub fn server(url: &str, factory_id: &str, token: Option<Token>) -> Result<Self, AddressError> {
        let server = Server::new(url, factory_id)?.with_token(token).without_compression();
        Ok(Self::Server(Box::new(server)))
    }

    /// Delivers events, and tries again for ten minutes where that may help, telling `warn` about it.
    pub async fn send(&mut self, events: &[RawEvent], warn: &impl Fn(&str)) -> Result<(), SinkError> {
        for events in events.chunks(REQUEST_EVENTS) {
            let lines = events.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
            match self {
                Self::Lines(out) => write_lines(out, &lines).map_err(SinkError::Lines)?,
                Self::Agent(endpoint) => post(endpoint, &lines, warn).await?,
                Self::Server(server) => ingest(server, &lines, warn).await?,
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

/// Posts JSON lines as a camera does: until it is answered that they are kept.
async fn post(endpoint: &Endpoint, lines: &[String], warn: &impl Fn(&str)) -> Result<(), SinkError> {
    let body = lines.join("\n");
    let mut retry = Retry::new(DEFAULT_RETRY_FOR);
    loop {
        let (reason, retry_after) = match endpoint.post(body.clone(), Content::JsonLines).await {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
            Ok(answer) => {
                let status = answer.status;
                let said = printable(&String::from_utf8_lossy(&answer.body), MAX_MESSAGE_CHARS);
                if !is_transient(status) {
                    return Err(SinkError::Refused { events: lines.len(), status, said });
                }
                (format!("the agent answered HTTP {status}: {said}"), answer.retry_after)
            }
            Err(reason) => (reason, None),
        };
        retry.wait(reason, retry_after, |reason, wait| tell(warn, reason, wait)).await?;
    }
}

async fn ingest(server: &mut Server, lines: &[String], warn: &impl Fn(&str)) -> Result<(), SinkError> {
    let result =
        replay::send(server, lines, DEFAULT_RETRY_FOR, |reason, wait| tell(warn, reason, wait)).await?;
    if let Some(issue) = result.issues.first() {
        let refused = result.conflicts + result.rejected;
        let said = printable(&issue.message, MAX_MESSAGE_CHARS);
        warn(&format!("{refused} events were not accepted; the first: {}: {said}", issue.code));
    }
    Ok(())
}

fn tell(warn: &impl Fn(&str), reason: &str, wait: Duration) {
    warn(&format!("{reason}; trying again in {:.1} s", wait.as_secs_f64()));
}
