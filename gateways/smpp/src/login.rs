//! Slows down whoever guesses passwords. SMPP's have eight octets at most.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use smsc::names::Name;

/// Failures from one address for one system_id before it has to wait.
const FREE_FAILURES: u32 = 5;
/// The first wait; each further failure doubles it.
const WAIT_FIRST: Duration = Duration::from_secs(1);
/// The longest wait, and how long a failure is remembered.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// Pairs that are remembered at the same time.
const REMEMBERED_MAX: usize = 4096;

/// Who failed to bind, how often, and until when it is not listened to.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    by_guesser: HashMap<(IpAddr, Name), Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    count: u32,
    last: Instant,
}

impl Record {
    /// The wait that this many failures cost.
    fn wait(&self) -> Duration {
        match self.count.checked_sub(FREE_FAILURES) {
            None => Duration::ZERO,
            Some(over) => WAIT_FIRST.saturating_mul(1 << over.min(16)).min(WAIT_MAX),
        }
    }
}

impl Failures {
    /// Whether a bind of this guesser is refused without a look at its password.
    pub(crate) fn is_barred(&self, address: IpAddr, system_id: &Name, now: Instant) -> bool {
        let record = self.by_guesser.get(&(address, system_id.clone()));
        record.is_some_and(|record| now.saturating_duration_since(record.last) < record.wait())
    }

    /// Notes a failure.
    pub(crate) fn failed(&mut self, address: IpAddr, system_id: &Name, now: Instant) {
        if self.by_guesser.len() >= REMEMBERED_MAX {
            self.by_guesser.retain(|_, record| now.saturating_duration_since(record.last) < WAIT_MAX);
        }
        if self.by_guesser.len() >= REMEMBERED_MAX {
            let oldest = self.by_guesser.iter().min_by_key(|(_, record)| record.last);
            if let Some(oldest) = oldest.map(|(guesser, _)| guesser.clone()) {
                self.by_guesser.remove(&oldest);
            }
        }
        let fresh = Record { count: 0, last: now };
        let record = self.by_guesser.entry((address, system_id.clone())).or_insert(fresh);
        if now.saturating_duration_since(record.last) >= WAIT_MAX {
            record.count = 0;
        }
        record.count = record.count.saturating_add(1);
        record.last = now;
    }

    /// Forgets the failures of one that knew the password.
    pub(crate) fn succeeded(&mut self, address: IpAddr, system_id: &Name) {
        self.by_guesser.remove(&(address, system_id.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn start() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[test]
    fn the_sixth_guess_waits_and_each_further_one_longer() {
        let (mut failures, name, now) = (Failures::default(), Name::from("acme"), start());
        for _ in 0..4 {
            failures.failed(HERE, &name, now);
            assert!(!failures.is_barred(HERE, &name, now));
        }
        failures.failed(HERE, &name, now);
        assert!(failures.is_barred(HERE, &name, now));
        assert!(!failures.is_barred(HERE, &Name::from("other"), now), "others may bind");
        let later = now + Duration::from_secs(1);
        assert!(!failures.is_barred(HERE, &name, later));
        failures.failed(HERE, &name, later);
        assert!(failures.is_barred(HERE, &name, later + Duration::from_millis(1999)));
        assert!(!failures.is_barred(HERE, &name, later + Duration::from_secs(2)));
        failures.succeeded(HERE, &name);
        assert!(!failures.is_barred(HERE, &name, later));
    }

    #[test]
    fn a_flood_of_names_is_not_remembered_for_ever() {
        let (mut failures, now) = (Failures::default(), start());
        for number in 0..REMEMBERED_MAX + 100 {
            failures.failed(HERE, &Name::from(number.to_string()), now);
        }
        assert_eq!(failures.by_guesser.len(), REMEMBERED_MAX);
    }
}
