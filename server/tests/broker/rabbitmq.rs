//! A RabbitMQ of a test's own: Debian's package, as the account that it brings, on 127.0.0.1 with ports, folder and epmd
//! of its own.

use std::{collections::BTreeSet, fs, net::Ipv4Addr, process::Child};

use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::process::{accepts, command, free_ports, own, until};

/// The script behind the wrapper, which would become another account by itself.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// As whom root runs it.
const ACCOUNT: &str = "rabbitmq";
/// One scheduler that does not spin, because tests share a machine, and no daemon that outlives us.
const ERLANG: &str = "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 2 +sbwt none +sbwtdcpu none +sbwtdio none";

/// What the log says of a quorum queue that is ready, around its name.
const QUEUE: &str = "queue '";
const IS_READY: &str = "' in vhost '/': candidate -> leader";

/// A broker, which can be killed and started again. It ends with the test's thread.
///
/// Clients come in by a gate, which opens when every queue has its leader. RabbitMQ 3.10 takes clients a tenth of a second
/// earlier, and a queue that is asked for then may never get a leader until the next start.
pub(crate) struct RabbitMq {
    folder: TempDir,
    ports: [u16; 4],
    epmd: Child,
    server: Option<Child>,
    /// The connections, while it runs.
    gate: JoinSet<()>,
    /// The quorum queues that it had.
    queues: BTreeSet<String>,
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
        let mut broker =
            Self { folder, ports, epmd, server: None, gate: JoinSet::new(), queues: BTreeSet::new() };
        until("epmd", async || accepts(broker.ports[0])).await;
        broker.start_again().await;
        broker
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports[3])
    }

    /// Kills it (`kill -9`).
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("a kill");
            server.wait().expect("an end");
            self.queues = self.ready_queues();
        }
        self.gate = JoinSet::new();
    }

    /// Starts one that was killed, with the same data, and waits until it is ready.
    pub(crate) async fn start_again(&mut self) {
        let folder = self.folder.path();
        let place = |name: &str| folder.join(name);
        let [epmd, amqp, erlang, _] = self.ports.map(|port| port.to_string());
        let log = fs::File::create(place("log")).expect("a log");
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
            accepts(self.ports[1]) && self.ready_queues().is_superset(&self.queues)
        })
        .await;
        self.server = Some(server);
        let gate = TcpListener::bind((Ipv4Addr::LOCALHOST, self.ports[3])).await.expect("the gate's port");
        self.gate.spawn(let_in(gate, self.ports[1]));
    }

    /// The quorum queues that have got a leader since the start.
    fn ready_queues(&self) -> BTreeSet<String> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let names = log.lines().filter_map(|line| Some(line.split_once(QUEUE)?.1.split_once(IS_READY)?.0));
        names.map(str::to_owned).collect()
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.kill();
        self.epmd.kill().ok();
        self.epmd.wait().ok();
    }
}

/// Passes connections on to a port of this machine until it is dropped.
async fn let_in(gate: TcpListener, port: u16) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = gate.accept().await {
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                // Whichever side ends it, both see its end.
                tokio::io::copy_bidirectional(&mut client, &mut server).await.ok();
            }
        });
    }
}
