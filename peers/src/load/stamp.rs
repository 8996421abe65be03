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

/// Microseconds since `text` was stamped; `None` if it is not.
pub fn age_micros(text: &str) -> Option<u64> {
    let sent = u64::from_str_radix(text.get(..LENGTH)?, 16).ok()?;
    micros().checked_sub(sent)
}

fn micros() -> u64 {
    let origin = ORIGIN.get_or_init(Instant::now);
    u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamped_text_tells_its_age() {
        assert!(age_micros(&stamped("hello")).unwrap() < 60_000_000);
        for other in ["hello", "", "ffffffffffffffff x", "0123456789abcde"] {
            assert_eq!(age_micros(other), None, "{other}");
        }
    }
}
