//! A mosquitto of a test's own, which keeps its sessions on the disk.

use std::fs;
use std::process::Child;

use tempfile::TempDir;
use test_harness::until;

use crate::process::{accepts, command, free_ports, own};

/// As whom root runs it.
const ACCOUNT: &str = "mosquitto";

/// A broker, which can be killed and started again. It ends with the test's thread.
pub(crate) struct Mosquitto {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Mosquitto {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let [port] = free_ports();
        // Otherwise it writes its sessions every half hour, and one that is killed forgets them.
        let config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {}/\n\
             autosave_on_changes true\nautosave_interval 1\n",
            folder.path().display()
        );
        fs::write(folder.path().join("config"), config).expect("a file");
        own(folder.path(), ACCOUNT);
        let mut broker = Self { folder, port, server: None };
        broker.start_again().await;
        broker
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills it (`kill -9`).
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("a kill");
            server.wait().expect("an end");
        }
    }

    /// Starts one that was killed, with what it wrote down, and waits until it is ready.
    pub(crate) async fn start_again(&mut self) {
        let mut server = command(self.folder.path(), ACCOUNT, "mosquitto");
        let server = server.arg("-c").arg(self.folder.path().join("config")).spawn();
        self.server = Some(server.expect("mosquitto; `cargo xtask test` installs it"));
        until("mosquitto", async || accepts(self.port)).await;
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}
