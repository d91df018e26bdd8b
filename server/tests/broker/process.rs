//! Programs that a test starts for itself: as an account that may run them, on ports of their own, and never for longer than
//! the test.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
    process::{Command, Stdio},
};

/// The first port and how many: below those that systems hand out by themselves.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 5_000;

/// A command as this account, where we are root, that ends when this thread does, even when that is killed.
pub(crate) fn command(folder: &Path, account: &str, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args([&format!("--reuid={account}"), &format!("--regid={account}"), "--clear-groups"]);
    }
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    command.arg(program).env_clear().env("PATH", path).env("HOME", folder).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Gives a folder to the account that [`command`] runs as.
pub(crate) fn own(folder: &Path, account: &str) {
    if is_root() {
        let [user, group] = ["-u", "-g"].map(|what| id(&[what, account]));
        chown(folder, Some(user), Some(group)).expect("a folder of its own");
    }
}

/// Ports that are free now, of those that nobody is given unasked.
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    // Other tests do the same: each looks from a place of its own.
    let start = (RandomState::new().hash_one(0) % u64::from(PORTS)) as u16;
    let all = (0..PORTS).map(|number| FIRST_PORT + (start + number) % PORTS);
    let free = all.filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()).take(COUNT);
    // All are held until all are found.
    let held: Vec<TcpListener> = free.collect();
    std::array::from_fn(|number| held[number].local_addr().expect("an address").port())
}

/// Whether somebody listens there.
pub(crate) fn accepts(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("a process").uid() == 0
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().parse().expect("the broker's account; `cargo xtask test` installs it")
}
