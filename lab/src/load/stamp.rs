//! Send timestamps at the head of message texts, from which a sink of the same process computes
//! latencies.

use std::sync::OnceLock;

use tokio::time::Instant;

/// Characters of a timestamp.
const LENGTH: usize = 16;

static ORIGIN: OnceLock<Instant> = OnceLock::new();

/// The text with the present time at its head.
pub fn stamped(text: &str) -> String {
    format!("{:0LENGTH$x} {text}", micros())
}

/// The timestamp of `text`, in the microseconds of [`micros`]; `None` if it has none.
pub fn stamped_at(text: &str) -> Option<u64> {
    u64::from_str_radix(text.get(..LENGTH)?, 16).ok().filter(|at| *at <= micros())
}

/// Microseconds since the first timestamp of this process.
pub fn micros() -> u64 {
    let origin = ORIGIN.get_or_init(Instant::now);
    u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_and_read() {
        let before = micros();
        let at = stamped_at(&stamped("hello")).unwrap();
        assert!((before..=micros()).contains(&at));
        for other in ["hello", "", "ffffffffffffffff x", "0123456789abcde"] {
            assert_eq!(stamped_at(other), None, "{other}");
        }
    }
}
