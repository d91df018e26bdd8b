//! A RabbitMQ of a test's own: Debian's package, as the account that it brings, on 127.0.0.1 with ports, folder and epmd
//! of its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::stored::until;

/// The script behind the wrapper, which would become another account by itself.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// As whom root runs it.
const ACCOUNT: &str = "rabbitmq";
/// One scheduler that does not spin, because tests share a machine, and no daemon that outlives us.
const ERLANG: &str = "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 2 +sbwt none +sbwtdcpu none +sbwtdio none";

/// A broker, which can be killed and started again. It ends with the test's thread.
pub(crate) struct RabbitMq {
    folder: TempDir,
    ports: [u16; 3],
    epmd: Child,
    server: Option<Child>,
}

impl RabbitMq {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        if is_root(folder.path()) {
            let [user, group] = ["-u", "-g"].map(|what| id(&[what, ACCOUNT]));
            chown(folder.path(), Some(user), Some(group)).expect("a folder of its own");
        }
        let ports = free_ports();
        let epmd = command(folder.path(), "epmd")
            .args(["-port", &ports[0].to_string(), "-address", "127.0.0.1"])
            .spawn()
            .expect("epmd");
        let mut broker = Self { folder, ports, epmd, server: None };
        until("epmd", async || accepts(broker.ports[0])).await;
        broker.start_again().await;
        broker
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports[1])
    }

    /// Kills it (`kill -9`).
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("a kill");
            server.wait().expect("an end");
        }
    }

    /// Starts one that was killed, with the same data, and waits until it is ready.
    pub(crate) async fn start_again(&mut self) {
        let folder = self.folder.path();
        let place = |name: &str| folder.join(name);
        let [epmd, amqp, erlang] = self.ports.map(|port| port.to_string());
        let log = fs::File::options().create(true).append(true).open(place("log")).expect("a log");
        let mut server = command(folder, SERVER);
        server
            // Otherwise a shell would stand between us and the server, and be killed in its place.
            .env("RUNNING_UNDER_SYSTEMD", "1")
            .env("ERL_EPMD_PORT", epmd)
            .env("RABBITMQ_NODENAME", format!("andon-{amqp}@localhost"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", amqp)
            .env("RABBITMQ_DIST_PORT", erlang)
            .env("RABBITMQ_MNESIA_BASE", place("mnesia"))
            .env("RABBITMQ_LOG_BASE", folder)
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", place("plugins"))
            .env("RABBITMQ_CONFIG_FILE", place("none"))
            .env("RABBITMQ_CONF_ENV_FILE", place("none"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", ERLANG)
            .stdout(log);
        let mut server = server.spawn().expect("RabbitMQ; `cargo xtask test` installs it");
        until("RabbitMQ", async || {
            let ended = server.try_wait().expect("a status");
            assert!(ended.is_none(), "{}", fs::read_to_string(place("log")).unwrap_or_default());
            accepts(self.ports[1])
        })
        .await;
        self.server = Some(server);
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.kill();
        self.epmd.kill().ok();
        self.epmd.wait().ok();
    }
}

/// A command as the broker's account that ends when this thread does, even when that is killed.
fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root(Path::new("/proc/self")) {
        command.args([&format!("--reuid={ACCOUNT}"), &format!("--regid={ACCOUNT}"), "--clear-groups"]);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.arg(program).env_clear().env("PATH", path).env("HOME", folder).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether something of ours belongs to root.
fn is_root(path: &Path) -> bool {
    fs::metadata(path).expect("a file").uid() == 0
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .parse()
        .expect("RabbitMQ's account; is it installed?")
}

/// Ports that are free now, of those that nobody is given unasked.
fn free_ports() -> [u16; 3] {
    let first = 20_000 + (std::process::id() as u16 % 3_000);
    let mut held: Vec<TcpListener> = Vec::new();
    // Another test of this process may be at the same: each looks from a place of its own.
    let start = first.wrapping_add(rand::random::<u16>() % 8_000);
    for port in start.. {
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
        if let [epmd, amqp, erlang] = &held[..] {
            return [epmd, amqp, erlang].map(|held| held.local_addr().expect("an address").port());
        }
    }
    unreachable!("there are free ports")
}

fn accepts(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}
