//! The command line: every option is an environment variable too, and the option wins.

pub mod access;
pub mod oidc;
mod secret_file;

use std::{env, net::SocketAddr, path::PathBuf};

use clap::{Args, CommandFactory as _, Parser, Subcommand, builder::BoolishValueParser, error::ErrorKind};
use domain::time::DurationMs;
use secrecy::ExposeSecret as _;
use time_zones::{FolderError, TimeZones};

use crate::{
    access::{AccessMode, SetupCode, oidc::OidcSettings},
    app::DEFAULT_MAX_CLOCK_SKEW_MINUTES,
    http::{ConnectionLimits, Hosts, Origins, TrustedProxies},
};

/// The environment variable that names a folder of time zones.
const TIME_ZONES: &str = "ANDON_TIME_ZONES";

/// Live, exact, explainable productivity numbers for factory floors.
#[derive(Debug, Parser)]
#[command(name = "andon", version)]
pub struct Config {
    /// A folder of compiled time zones, such as /usr/share/zoneinfo, that says which version it is; used if it is newer than
    /// the zones in the program [default: the system's]
    #[arg(long, env = TIME_ZONES, value_name = "FOLDER", global = true)]
    pub time_zones: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Config {
    /// Reads the command line and the environment; ends the process after `--help`, `--version` and a mistake.
    pub fn from_command_line() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            if error.kind() == ErrorKind::DisplayVersion {
                // The version of the zones is looked up only where it is asked for. This ends the process.
                Self::command().version(version().leak() as &str).get_matches();
            }
            error.exit()
        })
    }

    /// Puts the newest rules of time zones into use.
    ///
    /// # Errors
    /// The folder that was named is of no use.
    pub fn use_time_zones(&self) -> Result<&'static TimeZones, FolderError> {
        Ok(time_zones::use_table(TimeZones::newest(self.time_zones.as_deref())?))
    }
}

/// Such as `0.1.0 (time zones: tzdb 2026f, bundled)`.
fn version() -> String {
    let folder = env::var_os(TIME_ZONES).map(PathBuf::from);
    let zones = match TimeZones::newest(folder.as_deref()) {
        Ok(zones) => zones.to_string(),
        Err(error) => error.to_string(),
    };
    format!("{} (time zones: {zones})", env!("CARGO_PKG_VERSION"))
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API, the dashboard and GraphiQL
    Serve(Box<ServeConfig>),
    /// Recompute every sum from the raw events: exit 0 if all agree, 1 with a list if not, 2 if it could not run
    Audit(DatabaseConfig),
    /// Write every sum anew from the raw events; no server may have the file open meanwhile
    Rebuild(DatabaseConfig),
    /// Create tokens for devices and programs, and take them back; beside a running server, too
    #[command(subcommand)]
    Token(access::TokenCommand),
    /// Create people and let them in no more; beside a running server, too
    #[command(subcommand)]
    Person(access::PersonCommand),
    /// Say what people may do in a factory; beside a running server, too
    #[command(subcommand)]
    Grant(access::GrantCommand),
    /// Copy the audit log, or check that nobody has changed it; beside a running server, too
    #[command(subcommand)]
    AuditLog(access::AuditLogCommand),
    /// Print the API's schema
    Schema,
}

/// Which database to use.
#[derive(Args, Debug)]
pub struct DatabaseConfig {
    /// The database: a file such as sqlite://andon.db?mode=rwc, where mode=rwc creates it when it is missing, or a
    /// PostgreSQL such as postgres://USER:PASSWORD@HOST:PORT/DATABASE, which several servers may share
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://andon.db?mode=rwc", value_name = "URL")]
    pub database_url: String,
}

/// How to serve.
#[derive(Args, Debug)]
pub struct ServeConfig {
    /// Which database to use.
    #[command(flatten)]
    pub database: DatabaseConfig,

    /// How large an SQLite file may grow, in mebibytes, so that it never fills its disk; without it, as large as it needs
    #[arg(
        long,
        env = "ANDON_MAX_DATABASE_MB",
        value_name = "MEBIBYTES",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_database_mb: Option<u32>,

    /// The address to listen on; port 0 takes any free one
    #[arg(long, env = "ANDON_LISTEN", default_value = "127.0.0.1:8000", value_name = "IP:PORT", value_parser = address)]
    pub listen: SocketAddr,

    /// Who may use the server [default: everybody as long as it listens to this machine alone and nobody was created by
    /// `andon person` or `andon token`, else those who prove who they are]
    #[arg(long, env = "ANDON_ACCESS", value_enum)]
    pub access: Option<access::Access>,

    /// File with the code by which the first operator is created, of 32 to 256 characters; without it the server makes one and
    /// writes it to its log
    #[arg(long, env = "ANDON_SETUP_CODE_FILE", value_name = "FILE")]
    pub setup_code_file: Option<PathBuf>,

    /// An identity provider.
    #[command(flatten)]
    pub oidc: oidc::OidcConfig,

    /// Create the factory "demo", fill today from a simulation and keep it running
    #[arg(
        long,
        env = "ANDON_DEMO",
        value_parser = BoolishValueParser::new(),
        default_value = "false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub demo: bool,

    /// Pages from elsewhere that may use the API, such as https://board.example.com; separate several by commas, * allows
    /// all
    #[arg(long, env = "ANDON_ALLOW_ORIGIN", value_delimiter = ',', value_name = "ORIGIN", value_parser = origin)]
    pub allow_origin: Vec<String>,

    /// Names by which the server may be asked for, such as andon.example.com, besides its addresses, localhost and the
    /// hosts of allowed origins; separate several by commas, * allows all
    #[arg(long, env = "ANDON_ALLOW_HOST", value_delimiter = ',', value_name = "HOST", value_parser = host)]
    pub allow_host: Vec<String>,

    /// Reverse proxies before this server, as addresses or networks such as 10.0.0.0/8; limits by address then count the
    /// last address in X-Forwarded-For that is none of theirs
    #[arg(long, env = "ANDON_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR", value_parser = network)]
    pub trusted_proxies: Vec<String>,

    /// The most connections of one address, this machine's included [default: two thirds of all, and as many as this
    /// machine opens]
    #[arg(
        long,
        env = "ANDON_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_connections_per_address: Option<u32>,

    /// How far an event may end after the server's now, in minutes
    #[arg(
        long,
        env = "ANDON_MAX_CLOCK_SKEW_MINUTES",
        default_value_t = DEFAULT_MAX_CLOCK_SKEW_MINUTES,
        value_name = "MINUTES"
    )]
    pub max_clock_skew_minutes: u16,

    /// A Kafka to read from.
    #[cfg(feature = "kafka")]
    #[command(flatten)]
    pub kafka: crate::broker::kafka::Settings,

    /// A RabbitMQ to read from.
    #[cfg(feature = "amqp")]
    #[command(flatten)]
    pub amqp: crate::broker::amqp::Settings,
}

impl ServeConfig {
    /// The allowed origins; each entry was judged when the command line was read.
    pub fn origins(&self) -> Result<Origins, String> {
        Origins::parse(self.allow_origin.iter().map(String::as_str))
    }

    /// The allowed hosts, that of the server's public address among them; each entry was judged when the command line was read.
    pub fn hosts(&self) -> Result<Hosts, String> {
        let public = self.oidc.public_host();
        Hosts::parse(self.allow_host.iter().chain(&public).map(String::as_str))
    }

    /// The identity provider that was named.
    pub fn oidc(&self) -> Result<Option<OidcSettings>, String> {
        self.oidc.settings(self.access)
    }

    /// The code by which the first operator is created, if a file has it.
    ///
    /// # Errors
    /// A sentence about why the file cannot be used.
    pub fn setup_code(&self) -> Result<Option<SetupCode>, String> {
        const OPTION: &str = "--setup-code-file";
        let Some(path) = self.setup_code_file.as_deref().filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(None);
        };
        let code = secret_file::read(path, OPTION)?;
        let unusable = |error| format!("the file {} of {OPTION} has none: {error}", path.display());
        SetupCode::of_text(code.expose_secret()).map(Some).map_err(unusable)
    }

    /// The limits of connections; each proxy was judged when the command line was read.
    pub fn connections(&self) -> Result<ConnectionLimits, String> {
        let proxies = self.trusted_proxies.iter().map(String::as_str);
        Ok(ConnectionLimits {
            max_connections_per_address: self.max_connections_per_address.map(|most| most as usize),
            trusted_proxies: TrustedProxies::parse(proxies)?,
            ..ConnectionLimits::default()
        })
    }

    /// The brokers that were named.
    #[cfg(any(feature = "kafka", feature = "amqp"))]
    pub fn brokers(&self) -> crate::broker::Brokers {
        crate::broker::Brokers {
            #[cfg(feature = "kafka")]
            kafka: Some(self.kafka.clone()).filter(|kafka| !kafka.servers.is_empty()),
            #[cfg(feature = "amqp")]
            amqp: Some(self.amqp.clone()).filter(|amqp| !amqp.url().is_empty()),
        }
    }

    /// Who is let in.
    pub fn access_mode(&self) -> AccessMode {
        match self.access {
            Some(access::Access::Open) => AccessMode::Open,
            // Who names an identity provider has people sign in.
            None if self.listen.ip().is_loopback() && !self.oidc.is_named() => {
                AccessMode::OpenUntilFirstPrincipal
            }
            Some(access::Access::Required) | None => AccessMode::Required,
        }
    }

    /// How large an SQLite file may grow, in bytes.
    pub fn max_database_bytes(&self) -> Option<u64> {
        self.max_database_mb.map(|mebibytes| u64::from(mebibytes) * 1024 * 1024)
    }

    /// How far an event may end after the server's now, in milliseconds.
    pub fn max_clock_skew_ms(&self) -> DurationMs {
        DurationMs(i64::from(self.max_clock_skew_minutes) * 60_000)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write it as IP:PORT, such as 127.0.0.1:8000, or 0.0.0.0:8000 for all interfaces".to_owned()
    })
}

fn origin(text: &str) -> Result<String, String> {
    Origins::parse([text]).map(|_| text.trim().to_owned())
}

fn host(text: &str) -> Result<String, String> {
    Hosts::parse([text]).map(|_| text.trim().to_owned())
}

fn network(text: &str) -> Result<String, String> {
    TrustedProxies::parse([text]).map(|_| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use domain::access::{Role, TokenKind};

    use super::*;

    fn serve(arguments: &[&str]) -> Result<ServeConfig, clap::Error> {
        let arguments = ["andon", "serve"].iter().chain(arguments);
        Config::try_parse_from(arguments).map(|config| match config.command {
            Command::Serve(serve) => *serve,
            other => panic!("{other:?} is not serve"),
        })
    }

    #[test]
    fn the_command_line_is_consistent() {
        Config::command().debug_assert();
    }

    #[test]
    fn demo_is_a_flag_that_can_be_turned_off() {
        assert!(!serve(&[]).expect("defaults").demo);
        assert!(serve(&["--demo"]).expect("a flag").demo);
        assert!(!serve(&["--demo=false"]).expect("a value").demo);
        assert!(serve(&["--demo=perhaps"]).is_err());
    }

    #[test]
    fn origins_come_one_by_one_or_by_commas() {
        let config = serve(&[
            "--allow-origin",
            "http://a.example,http://b.example",
            "--allow-origin",
            "http://c.example",
        ]);
        assert_eq!(
            config.expect("origins").allow_origin,
            ["http://a.example", "http://b.example", "http://c.example"]
        );
        assert!(serve(&["--allow-origin", "a.example"]).is_err());
    }

    #[test]
    fn a_server_is_open_where_only_this_machine_reaches_it_or_where_that_is_said() {
        let mode = |arguments: &[&str]| serve(arguments).expect("options").access_mode();
        assert_eq!(mode(&[]), AccessMode::OpenUntilFirstPrincipal);
        assert_eq!(mode(&["--listen", "[::1]:8000"]), AccessMode::OpenUntilFirstPrincipal);
        assert_eq!(mode(&["--listen", "0.0.0.0:8000"]), AccessMode::Required);
        assert_eq!(mode(&["--listen", "0.0.0.0:8000", "--access", "open"]), AccessMode::Open);
        assert_eq!(mode(&["--access", "required"]), AccessMode::Required);
        assert!(serve(&["--access", "closed"]).is_err());
        assert_eq!(mode(&["--oidc-issuer", "https://sso.example.com"]), AccessMode::Required);
    }

    #[test]
    fn a_file_with_a_setup_code_has_one_that_nobody_guesses() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("code");
        let option = format!("--setup-code-file={}", file.display());
        let code = || serve(&[&option]).expect("options").setup_code();
        assert!(code().expect_err("no file").contains("cannot be read"));
        for (text, is_one) in [
            ("", false),
            ("short", false),
            ("two words, which nobody can type without an error", false),
            (&"a".repeat(31), false),
            (&"a".repeat(32), true),
            (&format!("{}\r\n", "a".repeat(256)), true),
            (&"a".repeat(257), false),
        ] {
            std::fs::write(&file, text).expect("a file");
            assert_eq!(code().is_ok(), is_one, "{text:?}: {:?}", code().err());
        }
        assert!(serve(&[]).expect("options").setup_code().expect("nothing to read").is_none());
    }

    #[test]
    fn a_token_is_of_a_device_or_of_a_program_that_has_a_role() {
        let create = |arguments: &[&str]| {
            let before = ["andon", "token", "create", "--factory", "plant"];
            Config::try_parse_from(before.iter().chain(arguments)).map(|config| match config.command {
                Command::Token(access::TokenCommand::Create(create)) => {
                    let (kind, name, role) = create.holder();
                    (kind, name.to_owned(), role)
                }
                other => panic!("{other:?} creates no token"),
            })
        };
        let of_device = create(&["--device", "cam-7"]).expect("a token");
        assert_eq!(of_device, (TokenKind::Device, "cam-7".to_owned(), Role::Device));
        let of_program = create(&["--service", "bi", "--role", "viewer"]).expect("a token");
        assert_eq!(of_program, (TokenKind::Service, "bi".to_owned(), Role::Viewer));
        for wrong in [
            &[][..],
            &["--service", "bi"],
            &["--device", "cam-7", "--role", "admin"],
            &["--device", "cam-7", "--service", "bi", "--role", "viewer"],
            &["--device", ""],
        ] {
            assert!(create(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_without_a_port_is_explained() {
        let error = serve(&["--listen", "localhost"]).expect_err("no address").to_string();
        assert!(error.contains("127.0.0.1:8000"), "{error}");
    }
}
