//! The moment of sending, written at the head of a text, so that a sink of the same process knows how
//! old a message is.

use std::sync::OnceLock;

use tokio::time::Instant;

/// Letters of a stamp.
const LENGTH: usize = 16;

static ORIGIN: OnceLock<Instant> = OnceLock::new();

/// A text that says when it was sent.
pub fn stamped(text: &str) -> String {
    format!("{:0LENGTH$x} {text}", micros())
}

/// When `text` was stamped, in the microseconds of [`micros`]; `None` if it was not.
pub fn stamped_at(text: &str) -> Option<u64> {
    u64::from_str_radix(text.get(..LENGTH)?, 16).ok().filter(|at| *at <= micros())
}

/// Microseconds since the first stamp of this process.
pub fn micros() -> u64 {
    let origin = ORIGIN.get_or_init(Instant::now);
    u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamped_text_tells_its_moment() {
        let before = micros();
        let at = stamped_at(&stamped("hello")).unwrap();
        assert!((before..=micros()).contains(&at));
        for other in ["hello", "", "ffffffffffffffff x", "0123456789abcde"] {
            assert_eq!(stamped_at(other), None, "{other}");
        }
    }
}
