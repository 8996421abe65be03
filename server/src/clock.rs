//! The only file that reads the clock.

use std::sync::Arc;

use smsc::journey::Clock;
use smsc::message::Timestamp;

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
