//! The options of `andon-edge run`; each is an environment variable too.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use domain::limits::MAX_BATCH_EVENTS;
use http_listener::{BrowserRules, ConnectionLimits, Hosts, Origins};

use crate::delivery::schedule::{DEFAULT_BATCH_EVENTS, DeliveryOptions};
use crate::input::http::{self, InputToken, InputTokenError, UploadLimits};
use crate::input::mqtt::Topic;
use crate::outlet::token::TokenArgs;
use crate::quantity;
use crate::spool::{SpoolOptions, WhenFull};
use crate::try_mapping::MappingArgs;

/// How to run the agent.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// URL of the server, to which /graphql is added; or kafka://HOST:PORT/TOPIC, or amqp://USER:PASSWORD@HOST:PORT/VHOST,
    /// where this agent was built for that
    #[arg(long = "to", value_name = "URL", env = "ANDON_URL", hide_env_values = true)]
    pub url: String,

    /// Factory that the events belong to; it must exist
    #[arg(long = "factory", value_name = "ID", env = "ANDON_FACTORY")]
    pub factory_id: String,

    /// The token that the server asks for
    #[command(flatten)]
    pub token: TokenArgs,

    /// File that keeps events until they are delivered; it is made if it does not exist
    #[arg(long, value_name = "FILE", env = "ANDON_EDGE_SPOOL")]
    pub spool: PathBuf,

    /// Take events at POST /events of this address; GET /health and GET /metrics tell how the agent is doing
    #[arg(long, value_name = "HOST:PORT", env = "ANDON_EDGE_LISTEN")]
    pub listen: Option<String>,

    /// File with a token of 32 to 256 characters that those must have who send events to --listen; without it everybody may who
    /// reaches the agent
    #[arg(long, value_name = "FILE", env = "ANDON_EDGE_INPUT_TOKEN_FILE", requires = "listen")]
    pub input_token_file: Option<PathBuf>,

    /// Names by which the agent may be asked for over HTTP, besides its addresses, localhost and the host of --listen;
    /// separate several by commas, * allows all
    #[arg(long, value_name = "HOST", env = "ANDON_EDGE_ALLOW_HOST", value_delimiter = ',', value_parser = hosts)]
    pub allow_host: Vec<Hosts>,

    /// Take events from the standard input, one JSON object a line; if that is the only input, the agent ends with it
    #[arg(long, env = "ANDON_EDGE_STDIN")]
    pub stdin: bool,

    /// Take events from a file that grows, one JSON object a line; may be given several times
    #[arg(long, value_name = "FILE", env = "ANDON_EDGE_FOLLOW", value_delimiter = ',')]
    pub follow: Vec<PathBuf>,

    /// Take events from a topic of an MQTT broker, as mqtt://HOST:PORT/TOPIC or mqtt://USER:PASSWORD@HOST:PORT/TOPIC; may be
    /// given several times
    #[arg(long, value_name = "URL", env = "ANDON_EDGE_MQTT", value_delimiter = ',', hide_env_values = true)]
    pub mqtt: Vec<Topic>,

    /// What all inputs bring, where it is not events
    #[command(flatten)]
    pub mapping: MappingArgs,

    /// Name of this device at the server, 1 to 64 characters [default: the host's name]
    #[arg(long, value_name = "NAME", env = "ANDON_EDGE_DEVICE")]
    pub device: Option<String>,

    /// The most bytes that the spool may use
    #[arg(long, value_name = "SIZE", env = "ANDON_EDGE_MAX_BYTES", default_value = "1GiB", value_parser = quantity::bytes)]
    pub max_bytes: u64,

    /// How long an event is kept that cannot be delivered
    #[arg(long, value_name = "TIME", env = "ANDON_EDGE_MAX_AGE", default_value = "30d", value_parser = quantity::duration)]
    pub max_age: Duration,

    /// What happens to new events when the spool is full
    #[arg(long, value_name = "POLICY", env = "ANDON_EDGE_WHEN_FULL", default_value = "block")]
    pub when_full: WhenFull,

    /// Events sent in one request, 1 to 10000
    #[arg(long, value_name = "N", env = "ANDON_EDGE_BATCH_EVENTS", default_value_t = DEFAULT_BATCH_EVENTS as u64,
        value_parser = clap::value_parser!(u64).range(1..=MAX_BATCH_EVENTS as u64))]
    pub batch_events: u64,

    /// How long an event waits for others to travel with
    #[arg(long, value_name = "TIME", env = "ANDON_EDGE_LINGER", default_value = "1s", value_parser = quantity::duration)]
    pub linger: Duration,

    /// Events a second from the backlog of an outage, at most [default: as fast as it goes]
    #[arg(long, value_name = "N", env = "ANDON_EDGE_BACKLOG_RATE", value_parser = clap::value_parser!(u32).range(1..))]
    pub backlog_rate: Option<u32>,

    /// The longest wait between two attempts; waits begin at 1 s, double, and are random up to that
    #[arg(long, value_name = "TIME", env = "ANDON_EDGE_LONGEST_WAIT", default_value = "60s", value_parser = quantity::duration)]
    pub longest_wait: Duration,
}

impl RunArgs {
    /// How to serve the HTTP input, with as many connections as there may be files for.
    ///
    /// # Errors
    /// The token that senders must have cannot be read.
    pub fn http_options(&self) -> Result<http::Options, InputTokenError> {
        // An address needs no permission.
        let listening = self.listen.as_deref().and_then(|listen| listen.rsplit_once(':'));
        let listening = listening.and_then(|(host, _)| Hosts::parse([host]).ok()).unwrap_or_default();
        let hosts = self.allow_host.iter().cloned().fold(listening, Hosts::and);
        let max_connections = http_listener::make_room(http::MAX_CONNECTIONS);
        let token = self.input_token_file.as_deref().map(InputToken::read).transpose()?;
        Ok(http::Options {
            browsers: BrowserRules { hosts, origins: Origins::default() },
            connections: ConnectionLimits { max_connections, ..ConnectionLimits::default() },
            uploads: UploadLimits::default(),
            token,
        })
    }

    /// How the spool is to behave.
    pub fn spool_options(&self) -> SpoolOptions {
        SpoolOptions {
            device: self.device.clone(),
            cap_bytes: self.max_bytes,
            max_age: self.max_age,
            when_full: self.when_full,
        }
    }

    /// How delivery is to go.
    pub fn delivery_options(&self) -> DeliveryOptions {
        DeliveryOptions {
            batch_events: usize::try_from(self.batch_events).unwrap_or(DEFAULT_BATCH_EVENTS),
            backlog_rate: self.backlog_rate,
            longest_wait: self.longest_wait,
        }
    }
}

fn hosts(text: &str) -> Result<Hosts, String> {
    Hosts::parse([text])
}
