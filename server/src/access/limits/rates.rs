//! How often something may happen for each of many: so often at once, and then so often a second.

use std::{
    fmt,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference as _},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

/// The most keys that are counted one by one, some megabytes. Those of whom all of the burst is there again are forgotten then,
/// and if they are still too many, all share one.
const MAX_KEYS: usize = 100_000;
/// How often it is looked which keys can be forgotten, at most.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often at once.
    pub burst: NonZeroU32,
    /// How long until it may happen once more: a nanosecond at least, which limits nobody.
    pub interval: Duration,
}

impl Rate {
    /// So often a second, and at first or after a pause as often as a burst at once. Zero of either counts as one.
    pub const fn per_second(count: u32, burst: u32) -> Self {
        let count = if count == 0 { 1 } else { count };
        let burst = match NonZeroU32::new(burst) {
            Some(burst) => burst,
            None => NonZeroU32::MIN,
        };
        Self { burst, interval: Duration::from_nanos(1_000_000_000 / count as u64) }
    }

    fn quota(self) -> Quota {
        let interval = self.interval.max(Duration::from_nanos(1));
        Quota::with_period(interval).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(self.burst)
    }
}

/// To be read after "may send".
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { burst, interval } = self;
        if *interval > Duration::from_secs(1) {
            return write!(f, "{burst} at once and then one each {} s", interval.as_secs());
        }
        write!(f, "{burst} at once and then {:.0} a second", interval.as_secs_f64().recip())
    }
}

type Limiter<K, C> =
    RateLimiter<Option<K>, HashMapStateStore<Option<K>>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// What is left of a rate for each key.
pub(super) struct Rates<K: Clone + Eq + Hash, C: Clock = DefaultClock> {
    rate: Rate,
    max_keys: usize,
    /// None is the key that all share for whom there is no room.
    limiter: Limiter<K, C>,
    clock: C,
    swept_at: Mutex<Option<C::Instant>>,
}

impl<K: Clone + Eq + Hash> Rates<K> {
    /// Nothing has happened yet.
    pub(super) fn new(rate: Rate) -> Self {
        Self::with(rate, MAX_KEYS, DefaultClock::default())
    }
}

impl<K: Clone + Eq + Hash, C: Clock + Clone> Rates<K, C> {
    fn with(rate: Rate, max_keys: usize, clock: C) -> Self {
        let limiter = RateLimiter::hashmap_with_clock(rate.quota(), clock.clone());
        Self { rate, max_keys, limiter, clock, swept_at: Mutex::default() }
    }

    /// The rate of each.
    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Counts it so often for a key. More than a burst counts as a burst, so that it can be counted at all.
    ///
    /// # Errors
    /// It is too often, and none of it counts: how long to wait.
    pub(super) fn take(&self, key: K, count: usize) -> Result<(), Duration> {
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(self.rate.burst.get());
        let Some(count) = NonZeroU32::new(count) else { return Ok(()) };
        let key = Some(key).filter(|_| self.has_room());
        match self.limiter.check_key_n(&key, count) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(until.wait_time_from(self.clock.now())),
            // Only what is more than a burst.
            Err(_) => Err(self.rate.interval.saturating_mul(count.get())),
        }
    }

    /// Whether keys are counted one by one.
    fn has_room(&self) -> bool {
        if self.limiter.len() < self.max_keys {
            return true;
        }
        let now = self.clock.now();
        {
            let mut swept_at = self.swept_at.lock().unwrap_or_else(PoisonError::into_inner);
            if swept_at.is_some_and(|at| Duration::from(now.duration_since(at)) < SWEEP_INTERVAL) {
                return false;
            }
            *swept_at = Some(now);
        }
        self.limiter.retain_recent();
        self.limiter.len() < self.max_keys
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(max_keys: usize) -> (Rates<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Rates::with(Rate::per_second(10, 20), max_keys, clock.clone()), clock)
    }

    #[test]
    fn a_burst_is_allowed_and_then_what_time_gives_back_to_each_key() {
        let (rates, clock) = rates(100);
        assert!((0..20).all(|_| rates.take(1, 1).is_ok()));
        assert_eq!(rates.take(1, 1), Err(Duration::from_millis(100)));
        assert_eq!(rates.take(2, 20), Ok(()), "another one has its own");
        clock.advance(Duration::from_millis(100));
        assert_eq!(rates.take(1, 1), Ok(()), "what was refused took nothing");
        assert_eq!(rates.take(1, 1), Err(Duration::from_millis(100)));
        clock.advance(Duration::from_mins(1));
        assert!((0..20).all(|_| rates.take(1, 1).is_ok()), "a pause gives back the burst");
        assert!(rates.take(1, 1).is_err(), "and no more than that");
    }

    #[test]
    fn many_at_once_count_together_or_not_at_all() {
        let (rates, clock) = rates(100);
        assert_eq!(rates.take(1, 15), Ok(()));
        assert_eq!(rates.take(1, 10), Err(Duration::from_millis(500)));
        assert_eq!(rates.take(1, 5), Ok(()));
        assert_eq!(rates.take(1, 0), Ok(()), "nothing is never too much");
        clock.advance(Duration::from_secs(2));
        assert_eq!(rates.take(1, usize::MAX), Ok(()), "more than a burst is a burst");
        assert!(rates.take(1, 1).is_err());
    }

    #[test]
    fn memory_is_bounded_and_who_finds_no_room_shares_one_rate() {
        let (rates, clock) = rates(50);
        for key in 0..1_000 {
            rates.take(key, 5).ok();
            assert!(rates.limiter.len() <= 51);
        }
        assert!(rates.take(2_000, 1).is_err(), "the shared one is used up");
        clock.advance(Duration::from_secs(3));
        assert_eq!(rates.take(2_001, 20), Ok(()));
        assert_eq!(rates.limiter.len(), 1, "those who have all of it again are forgotten");
        assert_eq!(rates.take(2_002, 20), Ok(()), "and each has a rate of its own again");
    }

    #[test]
    fn a_rate_says_what_it_allows() {
        assert_eq!(Rate::per_second(50, 200).to_string(), "200 at once and then 50 a second");
        assert_eq!(Rate::per_second(20_000, 100_000).to_string(), "100000 at once and then 20000 a second");
        let slow = Rate { interval: Duration::from_mins(1), ..Rate::per_second(1, 5) };
        assert_eq!(slow.to_string(), "5 at once and then one each 60 s");
    }
}
