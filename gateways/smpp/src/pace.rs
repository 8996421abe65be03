//! Rate limit of one link: the configured rate, lowered while the peer throttles.
//!
//! A token bucket with a burst of a tenth of a second. A peer that answers "throttled"
//! closes the link for a moment and then gets seven tenths of what it took before; each
//! quiet second after that gives a quarter more, up to the configured rate.

use std::time::Duration;

use tokio::time::Instant;

/// How long a throttling peer is left alone.
const HOLD: Duration = Duration::from_millis(250);
/// Seven tenths of what the peer took are asked of it next.
const SLOWER: f64 = 0.7;
/// What a quiet second gives back.
const FASTER: f64 = 1.25;
/// The span over which the rate is measured and given back.
const SPAN: Duration = Duration::from_secs(1);

/// The pace of one link over all its sessions.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Messages a second that the operator allows; infinite without a limit.
    configured: f64,
    /// Messages a second that are allowed now.
    allowed: f64,
    tokens: f64,
    filled: Instant,
    /// No message before this.
    held: Option<Instant>,
    /// When `allowed` was changed last.
    changed: Instant,
    /// What the peer has taken since `counted_from`.
    taken: f64,
    counted_from: Instant,
    /// The most that it took in a second while it did not throttle.
    peak: f64,
}

impl Pace {
    /// A link that may send `per_second` messages; 0 sets no limit.
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        let configured = if per_second == 0 { f64::INFINITY } else { f64::from(per_second) };
        Self {
            configured,
            allowed: configured,
            tokens: 1.0,
            filled: now,
            held: None,
            changed: now,
            taken: 0.0,
            counted_from: now,
            peak: 0.0,
        }
    }

    /// Takes a token for one message.
    ///
    /// # Errors
    /// The time of the next attempt if there is no token.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.held {
            if now < until {
                return Err(until);
            }
            self.held = None;
        }
        self.recover(now);
        if self.allowed.is_infinite() {
            return Ok(());
        }
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let room = (self.allowed / 10.0).max(1.0);
        self.tokens = (self.tokens + passed * self.allowed).min(room);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(now + Duration::from_secs_f64(((1.0 - self.tokens) / self.allowed).clamp(0.001, 10.0)))
    }

    /// The peer took a message.
    pub(crate) fn succeeded(&mut self, now: Instant) {
        self.taken += 1.0;
        if now.saturating_duration_since(self.counted_from) >= SPAN {
            self.peak = self.peak.max(self.rate(now));
            self.taken = 0.0;
            self.counted_from = now;
        }
    }

    /// The peer asked us to slow down. Returns until when the link is held, or `None` if it has
    /// been slowed down for this already.
    pub(crate) fn throttled(&mut self, now: Instant) -> Option<Instant> {
        if self.held.is_some_and(|until| now < until) {
            return None;
        }
        let until = now + HOLD;
        self.held = Some(until);
        let basis = self.rate(now).max(1.0).min(self.allowed);
        self.allowed = (basis * SLOWER).max(1.0).min(self.configured);
        self.changed = until;
        self.tokens = 0.0;
        self.filled = until;
        self.taken = 0.0;
        self.counted_from = until;
        Some(until)
    }

    /// Messages a second that are allowed now; infinite without a limit.
    #[cfg(test)]
    fn allowed(&self) -> f64 {
        self.allowed
    }

    fn rate(&self, now: Instant) -> f64 {
        let span = now.saturating_duration_since(self.counted_from).as_secs_f64();
        (self.taken / span.max(0.1)).max(if span < 0.1 { self.peak } else { 0.0 })
    }

    fn recover(&mut self, now: Instant) {
        if self.allowed >= self.configured || now.saturating_duration_since(self.changed) < SPAN {
            return;
        }
        self.allowed = (self.allowed * FASTER).min(self.configured);
        self.changed = now;
        // A limit far above the peak rate of the link has no effect.
        if self.configured.is_infinite() && self.allowed > self.peak.max(100.0) * 4.0 {
            self.allowed = f64::INFINITY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pace: &mut Pace, from: Instant, span: Duration) -> u32 {
        let mut count = 0;
        for millis in 0..u32::try_from(span.as_millis()).unwrap() {
            let now = from + Duration::from_millis(millis.into());
            while count < 1_000_000 && pace.take(now).is_ok() {
                pace.succeeded(now);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn a_limit_is_kept_without_a_burst_at_the_edge() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        let first = sent(&mut pace, start, Duration::from_secs(1));
        assert!((95..=110).contains(&first), "{first}");
        let idle = start + Duration::from_secs(60);
        let burst = sent(&mut pace, idle, Duration::from_millis(10));
        assert!(burst <= 12, "an idle minute saves up a tenth of a second, not a minute: {burst}");
    }

    #[test]
    fn field_43_a_throttling_peer_slows_the_whole_link_and_gets_it_back() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        sent(&mut pace, start, Duration::from_millis(900));
        let then = start + Duration::from_millis(900);
        let until = pace.throttled(then).unwrap();
        assert_eq!(pace.take(then), Err(until), "nothing goes while the peer rests");
        assert_eq!(pace.throttled(then), None, "the rest of the window tells nothing new");
        assert!((50.0..80.0).contains(&pace.allowed()), "{}", pace.allowed());
        let mut now = until;
        for _ in 0..10 {
            sent(&mut pace, now, Duration::from_secs(1));
            now += Duration::from_secs(1);
        }
        assert!((pace.allowed() - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_link_without_a_limit_learns_one_and_forgets_it() {
        let start = Instant::now();
        let mut pace = Pace::new(0, start);
        for _ in 0..500 {
            assert!(pace.take(start).is_ok());
            pace.succeeded(start);
        }
        let mut now = pace.throttled(start + Duration::from_millis(500)).unwrap();
        assert!(pace.allowed() < 1000.0);
        for _ in 0..40 {
            now += Duration::from_secs(1);
            let _ = pace.take(now);
        }
        assert!(pace.allowed().is_infinite());
    }
}
