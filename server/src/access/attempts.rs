//! How often somebody may try to sign in: each name from each address a few times, each address some times, and then only after
//! waits that double. A name alone is never held up, so that nobody can keep its owner out from elsewhere.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// How many failures in a row one name from one address has without a wait.
const FREE_OF_NAME: u32 = 5;
/// How many failures in a row one address has without a wait: a plant's people may share one.
const FREE_OF_ADDRESS: u32 = 20;
/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// How long a failure is remembered.
const REMEMBERED: Duration = Duration::from_mins(30);
/// The most names and the most addresses that are remembered.
const MAX_REMEMBERED: usize = 20_000;

/// Failures to sign in, as far as they are remembered.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Failures>);

#[derive(Debug, Default)]
struct Failures {
    /// By address and the hash of the name, so that a long name takes no more memory.
    of_names: HashMap<(IpAddr, [u8; 32]), Failed>,
    of_addresses: HashMap<IpAddr, Failed>,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    last: Instant,
}

impl Failed {
    /// How much of the wait is left.
    fn wait(self, free: u32, now: Instant) -> Option<Duration> {
        let over = self.times.checked_sub(free)?;
        let wait = FIRST_WAIT.saturating_mul(1_u32.checked_shl(over).unwrap_or(u32::MAX)).min(LONGEST_WAIT);
        (self.last + wait).checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

impl Attempts {
    /// How long somebody has to wait before they try again; none where they may now.
    pub(super) fn wait(&self, address: IpAddr, name: &str, now: Instant) -> Option<Duration> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name =
            failures.of_names.get(&(address, hash(name))).and_then(|failed| failed.wait(FREE_OF_NAME, now));
        let of_address =
            failures.of_addresses.get(&address).and_then(|failed| failed.wait(FREE_OF_ADDRESS, now));
        of_name.max(of_address)
    }

    /// Takes note of a failure.
    pub(super) fn failed(&self, address: IpAddr, name: &str, now: Instant) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut failures.of_names, (address, hash(name)), now);
        count(&mut failures.of_addresses, address, now);
    }

    /// Forgets the failures of a name from an address whose owner has signed in.
    pub(super) fn succeeded(&self, address: IpAddr, name: &str) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.of_names.remove(&(address, hash(name)));
        if let Some(failed) = failures.of_addresses.get_mut(&address) {
            failed.times = failed.times.saturating_sub(1);
        }
    }
}

fn count<K: Hash + Eq + Copy>(failures: &mut HashMap<K, Failed>, key: K, now: Instant) {
    let is_recent = |failed: &Failed| now.saturating_duration_since(failed.last) < REMEMBERED;
    if failures.len() >= MAX_REMEMBERED && !failures.contains_key(&key) {
        failures.retain(|_, failed| is_recent(failed));
        // Whoever makes up that many pushes out the one that is the longest ago.
        if failures.len() >= MAX_REMEMBERED
            && let Some(oldest) = failures.iter().min_by_key(|(_, failed)| failed.last).map(|(key, _)| *key)
        {
            failures.remove(&oldest);
        }
    }
    let failed = failures.entry(key).or_insert(Failed { times: 0, last: now });
    failed.times = if is_recent(failed) { failed.times.saturating_add(1) } else { 1 };
    failed.last = now;
}

fn hash(name: &str) -> [u8; 32] {
    Sha256::digest(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn other(number: u8) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, number))
    }

    #[test]
    fn the_waits_of_a_name_from_an_address_double_up_to_a_quarter_of_an_hour() {
        let (attempts, mut now) = (Attempts::default(), Instant::now());
        for _ in 0..FREE_OF_NAME {
            assert_eq!(attempts.wait(HERE, "kim", now), None);
            attempts.failed(HERE, "kim", now);
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(attempts.wait(HERE, "kim", now), Some(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            assert_eq!(attempts.wait(HERE, "kim", now), None);
            attempts.failed(HERE, "kim", now);
        }
    }

    #[test]
    fn who_tries_one_name_from_many_addresses_does_not_keep_its_owner_out() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for number in 0..=255 {
            (0..10).for_each(|_| attempts.failed(other(number), "kim", now));
        }
        assert!(attempts.wait(other(7), "kim", now).is_some());
        assert_eq!(attempts.wait(HERE, "kim", now), None);
    }

    #[test]
    fn who_tries_many_names_from_one_address_waits_and_memory_stays_bounded() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for number in 0..MAX_REMEMBERED + 10 {
            attempts.failed(HERE, &number.to_string(), now);
        }
        assert!(attempts.wait(HERE, "never tried", now).is_some());
        assert_eq!(attempts.0.lock().expect("no panic").of_names.len(), MAX_REMEMBERED);
    }

    #[test]
    fn whoever_has_signed_in_begins_anew() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        (0..10).for_each(|_| attempts.failed(HERE, "kim", now));
        assert!(attempts.wait(HERE, "kim", now).is_some());
        attempts.succeeded(HERE, "kim");
        assert_eq!(attempts.wait(HERE, "kim", now), None);
    }
}
