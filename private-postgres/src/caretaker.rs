//! Who cleans up when the owner cannot, because it was killed: a shell that waits for the end of a pipe which only the
//! owner holds.

#[cfg(unix)]
use std::os::unix::process::CommandExt as _;
use std::{
    io::Write as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context as _, Result};

/// Reads what is running, a line each time that changes, until the owner has ended; then ends that, waits for at most 10 s
/// (where nobody collects ended processes it would seem to run for ever) and removes the folder.
const SCRIPT: &str = r#"
running=
while read -r line; do running=$line; done
if [ -n "$running" ]; then
    kill -QUIT "$running"
    looks=100
    while [ "$looks" -gt 0 ] && kill -0 "$running"; do
        sleep 0.1
        looks=$((looks - 1))
    done
fi
rm -rf "$1"
"#;

/// The waiting shell.
#[derive(Debug)]
pub(crate) struct Caretaker {
    shell: Child,
    orders: Option<ChildStdin>,
}

impl Caretaker {
    /// Waits beside the owner of this folder.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let mut shell = Command::new("sh");
        // A Ctrl-C in the terminal is for the owner.
        #[cfg(unix)]
        shell.process_group(0);
        let mut shell = shell
            .args(["-c", SCRIPT, "caretaker"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start sh")?;
        let orders = shell.stdin.take();
        Ok(Self { shell, orders })
    }

    /// From now on this process is to be ended.
    pub(crate) fn expect_running(&mut self, id: u32) -> Result<()> {
        self.tell(&id.to_string())
    }

    /// From now on there is nothing to be ended.
    pub(crate) fn expect_nothing_running(&mut self) -> Result<()> {
        self.tell("")
    }

    fn tell(&mut self, line: &str) -> Result<()> {
        let Some(orders) = &mut self.orders else { return Ok(()) };
        writeln!(orders, "{line}").context("nobody is left to clean up")
    }
}

impl Drop for Caretaker {
    fn drop(&mut self) {
        self.orders.take();
        // It ends by itself; without this wait it would stay as a zombie.
        self.shell.wait().ok();
    }
}
