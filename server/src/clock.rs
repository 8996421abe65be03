//! The only file that reads the clock, and asks the system for chance.

use std::sync::Arc;
use std::time::Duration;

use platform::ports::{BoxFuture, Environment};
use smsc::timestamp::{Clock, Timestamp};

/// The time of day of this machine.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock for everybody")]
pub fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_1970.as_millis()).unwrap_or(0))
}

/// [`now`] as the centre and the gateways take it.
pub fn clock() -> Clock {
    Arc::new(now)
}

/// A time that never steps back, for measuring.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock for everybody")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// Unpredictable octets. A system that gives none cannot make secrets, and the process ends.
pub fn random<const COUNT: usize>() -> [u8; COUNT] {
    let mut octets = [0; COUNT];
    fill_random(&mut octets);
    octets
}

fn fill_random(octets: &mut [u8]) {
    if let Err(error) = getrandom::fill(octets) {
        tracing::error!(%error, "the system gives no random octets");
        std::process::exit(1);
    }
}

/// Letters and digits that cannot be guessed, `count` of them.
pub fn random_text(count: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let octets: Vec<u8> = std::iter::repeat_with(random::<1>).take(count).flatten().collect();
    octets
        .iter()
        .filter_map(|octet| LETTERS.get(usize::from(octet & 31)))
        .map(|letter| char::from(*letter))
        .collect()
}

/// Time and chance as the platform takes them.
pub struct Machine;

impl Environment for Machine {
    fn now(&self) -> Timestamp {
        now()
    }

    fn fill_random(&self, octets: &mut [u8]) {
        fill_random(octets);
    }

    fn sleep_until(&self, moment: Timestamp) -> BoxFuture<'static, ()> {
        let left: Duration = moment.since(now());
        Box::pin(tokio::time::sleep(left))
    }
}

/// A time as people and logs read it, in UTC with milliseconds.
pub fn written(moment: Timestamp) -> String {
    let millis = i64::try_from(moment.millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| "never".to_owned(), |time| format!("{time:.3}"))
}
