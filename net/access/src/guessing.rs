//! The one policy of wrong passwords: counts failures by address and name, and limits attempts.
//!
//! Three counts exist. Failures of one address for one name, and of one address for all names,
//! refuse further attempts for a growing time. Failures for one name from all addresses only
//! delay its attempts by a bounded time, so that no flood locks an account out.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// The limits; the default is what every gateway uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Failures of one address for one name before it is refused.
    pub pair_failures_max: u32,
    /// Failures of one address for all names before it is refused.
    pub address_failures_max: u32,
    /// Failures for one name from all addresses before its attempts are delayed.
    pub name_failures_max: u32,
    /// The first time of refusal; each further failure doubles it.
    pub wait_first: Duration,
    /// The longest time of refusal, and how long a failure counts.
    pub wait_max: Duration,
    /// The longest delay of a name.
    pub name_delay_max: Duration,
    /// Entries of each of the three counts; beyond that the oldest goes.
    pub entries_max: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pair_failures_max: 5,
            address_failures_max: 20,
            name_failures_max: 20,
            wait_first: Duration::from_secs(1),
            wait_max: Duration::from_secs(300),
            name_delay_max: Duration::from_secs(2),
            entries_max: 4096,
        }
    }
}

/// How an attempt is treated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Verdict {
    /// The password is verified at once.
    Verify,
    /// The password is verified after this time.
    Delay(Duration),
    /// The attempt is refused without a look at the password.
    Refuse {
        /// Time until attempts are verified again.
        retry_after: Duration,
    },
}

/// Failures that are remembered.
#[derive(Debug)]
pub struct Guessing {
    policy: Policy,
    hasher: RandomState,
    pairs: Table<(IpAddr, u64)>,
    addresses: Table<IpAddr>,
    names: Table<u64>,
}

impl Default for Guessing {
    fn default() -> Self {
        Self::new(Policy::default())
    }
}

impl Guessing {
    /// No failures yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            hasher: RandomState::new(),
            pairs: Table::default(),
            addresses: Table::default(),
            names: Table::default(),
        }
    }

    /// Notes a wrong password or an unknown name.
    pub fn failed(&mut self, address: IpAddr, name: &str, now: Instant) {
        let (address, name) = self.key(address, name);
        self.pairs.add((address, name), now, &self.policy);
        self.addresses.add(address, now, &self.policy);
        self.names.add(name, now, &self.policy);
    }

    /// Forgets the failures of this address for this name after a right password.
    pub fn succeeded(&mut self, address: IpAddr, name: &str) {
        let (address, name) = self.key(address, name);
        let forgotten = self.pairs.remove(&(address, name));
        self.addresses.subtract(&address, forgotten);
    }

    /// How an attempt is treated now.
    pub fn check(&self, address: IpAddr, name: &str, now: Instant) -> Verdict {
        let policy = &self.policy;
        let (address, name) = self.key(address, name);
        let pair = self.pairs.refusal(&(address, name), policy.pair_failures_max, now, policy);
        let all = self.addresses.refusal(&address, policy.address_failures_max, now, policy);
        let retry_after = pair.max(all);
        if !retry_after.is_zero() {
            return Verdict::Refuse { retry_after };
        }
        let failures = self.names.count(&name, now, policy);
        match policy.wait(failures, policy.name_failures_max).min(policy.name_delay_max) {
            Duration::ZERO => Verdict::Verify,
            delay => Verdict::Delay(delay),
        }
    }

    /// An IPv6 subscriber has a /64; a name costs the same memory whatever its length.
    fn key(&self, address: IpAddr, name: &str) -> (IpAddr, u64) {
        let address = match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        };
        (address, self.hasher.hash_one(name))
    }
}

impl Policy {
    fn wait(&self, failures: u32, failures_max: u32) -> Duration {
        match failures.checked_sub(failures_max) {
            None => Duration::ZERO,
            Some(over) => self.wait_first.saturating_mul(1 << over.min(16)).min(self.wait_max),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Record {
    count: u32,
    last: Instant,
    place: u64,
}

/// Failures by key, with the keys in the order of their last failure.
#[derive(Debug)]
struct Table<K> {
    records: HashMap<K, Record>,
    order: BTreeMap<u64, K>,
    next_place: u64,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { records: HashMap::new(), order: BTreeMap::new(), next_place: 0 }
    }
}

impl<K: Copy + Eq + Hash> Table<K> {
    fn add(&mut self, key: K, now: Instant, policy: &Policy) {
        let count = self.count(&key, now, policy).saturating_add(1);
        self.remove(&key);
        while self.records.len() >= policy.entries_max.max(1) {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.records.remove(&oldest);
        }
        self.order.insert(self.next_place, key);
        self.records.insert(key, Record { count, last: now, place: self.next_place });
        self.next_place += 1;
    }

    /// Returns how many failures were removed.
    fn remove(&mut self, key: &K) -> u32 {
        let Some(record) = self.records.remove(key) else { return 0 };
        self.order.remove(&record.place);
        record.count
    }

    fn subtract(&mut self, key: &K, failures: u32) {
        if let Some(record) = self.records.get_mut(key) {
            record.count = record.count.saturating_sub(failures);
        }
    }

    fn count(&self, key: &K, now: Instant, policy: &Policy) -> u32 {
        let recent = |record: &&Record| now.saturating_duration_since(record.last) < policy.wait_max;
        self.records.get(key).filter(recent).map_or(0, |record| record.count)
    }

    fn refusal(&self, key: &K, failures_max: u32, now: Instant, policy: &Policy) -> Duration {
        let Some(record) = self.records.get(key) else { return Duration::ZERO };
        let elapsed = now.saturating_duration_since(record.last);
        policy.wait(record.count, failures_max).saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests;
