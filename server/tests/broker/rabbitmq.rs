//! A RabbitMQ of a test's own: Debian's package, as the account that it brings, on 127.0.0.1 with ports, folder and epmd
//! of its own.

use std::{fs, path::Path, process::Child};

use tempfile::TempDir;
use test_harness::until;

use crate::process::{accepts, command, free_ports, own};

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
        own(folder.path(), ACCOUNT);
        let ports = free_ports();
        let epmd = command(folder.path(), ACCOUNT, "epmd")
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

    /// Waits until it has written down where a quorum queue's messages are. RabbitMQ 3.10 takes seconds for that: killed
    /// before, it makes an empty queue in the place of the one that confirmed messages, and that one never gets a leader.
    pub(crate) async fn until_written_down(&self, queue: &str) {
        let name = format!("%2F_{queue}");
        let is_in = |path: &Path| {
            let bytes = fs::read(path).unwrap_or_default();
            let mut places = bytes.windows(name.len() + 1);
            // Not the beginning of a longer name.
            places.any(|place| place.strip_prefix(name.as_bytes()).is_some_and(|behind| behind != b"."))
        };
        let node = format!("andon-{}@localhost", self.ports[1]);
        let names =
            self.folder.path().join("mnesia").join(&node).join("quorum").join(&node).join("names.dets");
        until("the queue on the disk", async || is_in(&names)).await;
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
        let mut server = command(folder, ACCOUNT, SERVER);
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
