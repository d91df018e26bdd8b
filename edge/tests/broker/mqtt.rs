//! MQTT as an input of the real agent, which is killed as its broker is.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use test_harness::until;

use crate::delivering::events;
use crate::mosquitto::Mosquitto;

const TOPIC: &str = "line1/camera7/events";

/// An agent whose server is away for good, so that everything stays in its spool.
struct Agent(Child);

impl Agent {
    /// Starts it and waits until it reads the topic.
    async fn start(folder: &Path, broker: &Mosquitto) -> Self {
        let log = folder.join("log");
        let child = Command::new(env!("CARGO_BIN_EXE_andon-edge"))
            .args([
                "run",
                "--to",
                "http://127.0.0.1:9",
                "--factory",
                "plant",
                "--device",
                "edge-1",
                "--spool",
            ])
            .arg(folder.join("spool.db"))
            .args(["--mqtt", &format!("mqtt://127.0.0.1:{}/line1/+/events", broker.port())])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("an agent");
        let agent = Self(child);
        until("reading", async || {
            std::fs::read_to_string(&log).expect("a log").contains("reading mqtt://127.0.0.1")
        })
        .await;
        agent
    }

    fn kill(&mut self) {
        self.0.kill().expect("a kill");
        self.0.wait().expect("an end");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Publishes messages and waits until the broker has said of each that it has it.
async fn publish(broker: &Mosquitto, messages: &[String]) {
    let options = MqttOptions::new("camera-7", "127.0.0.1", broker.port());
    let (client, mut connection) = AsyncClient::new(options, messages.len());
    for message in messages {
        client.publish(TOPIC, QoS::AtLeastOnce, false, message.as_bytes()).await.expect("room");
    }
    let mut answered = 0;
    while answered < messages.len() {
        let event = connection.poll().await.expect("a broker");
        answered += usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
}

/// How many different events are in the spool, which the agent has open.
fn spooled(folder: &Path) -> usize {
    let spool = Connection::open_with_flags(folder.join("spool.db"), OpenFlags::SQLITE_OPEN_READ_WRITE);
    let spool = spool.expect("a spool");
    let count = spool.query_row("SELECT COUNT(DISTINCT body) FROM queue", [], |row| row.get::<_, i64>(0));
    count.expect("a number") as usize
}

/// What is no event in the spool: the topic, the message, and how often it came.
fn malformed(folder: &Path) -> Vec<(String, String, i64)> {
    let spool = Connection::open_with_flags(folder.join("spool.db"), OpenFlags::SQLITE_OPEN_READ_WRITE);
    let spool = spool.expect("a spool");
    let mut query = spool.prepare("SELECT input, body, times FROM malformed ORDER BY id").expect("a table");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

async fn until_spooled(folder: &Path, count: usize) {
    until(&format!("{count} events on the disk"), async || spooled(folder) >= count).await;
    assert_eq!(spooled(folder), count);
}

#[tokio::test]
async fn every_message_that_a_broker_took_is_on_the_agents_disk_however_often_both_are_killed() {
    let folder = TempDir::new().expect("a folder");
    let mut broker = Mosquitto::start().await;
    let mut agent = Agent::start(folder.path(), &broker).await;
    let events = events(500);
    publish(&broker, &events[..100]).await;
    until_spooled(folder.path(), 100).await;

    // Killed with messages on the way, and away while more come: the broker keeps them.
    let (on_the_way, later) = (&events[100..200], &events[200..300]);
    publish(&broker, on_the_way).await;
    agent.kill();
    publish(&broker, later).await;
    let mut agent = Agent::start(folder.path(), &broker).await;
    until_spooled(folder.path(), 300).await;

    // The broker is killed: the agent comes back to it by itself.
    broker.kill();
    broker.start_again().await;
    // Whatever became of the session, it is read again once the agent said so; until then nobody would keep a message.
    until("a message that is spooled again", async || {
        publish(&broker, &events[300..301]).await;
        spooled(folder.path()) == 301
    })
    .await;
    publish(&broker, &events[301..400]).await;
    until_spooled(folder.path(), 400).await;

    // A list and lines are events too, and what is no event is left out.
    let list = format!("[{}]", events[400..450].join(","));
    let lines = format!("{}\nnot an event\n", events[450..].join("\n"));
    publish(&broker, &[list, "{ half".to_owned(), lines]).await;
    until_spooled(folder.path(), 500).await;
    // It waits for a person, with the topic that it came by.
    assert_eq!(
        malformed(folder.path()),
        [("{ half", 1), ("not an event", 1)].map(|(body, times)| {
            (format!("mqtt://127.0.0.1:{}/{TOPIC}", broker.port()), body.to_owned(), times)
        })
    );
    agent.kill();
}
