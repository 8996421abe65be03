//! Retry plans are data: for each class of failure a list of delays.

use std::time::Duration;

use crate::failure::RetryClass;
use crate::timestamp::Timestamp;

/// Delays that [`Plan::delay_at`] adds up at most.
const NUMBER_MAX: u16 = 64;

/// The delays of one class of failure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// The first delays, in their order.
    pub delays: Vec<Duration>,
    /// After the list: each delay is this many percent of the one before; 100 repeats the last.
    pub growth_percent: u32,
    /// No delay is longer.
    pub delay_max: Duration,
}

impl Plan {
    /// The delay of a message that has been tried by this plan for `age` without a count: the first
    /// delay that leads beyond it.
    pub fn delay_at(&self, age: Duration) -> Duration {
        let mut reached = Duration::ZERO;
        for number in 1..=NUMBER_MAX {
            let delay = self.delay_after(number);
            reached += delay;
            if reached > age || delay >= self.delay_max {
                return delay;
            }
        }
        self.delay_after(NUMBER_MAX)
    }

    /// The delay after attempt `number` (1 for the first) has failed.
    pub fn delay_after(&self, number: u16) -> Duration {
        let index = usize::from(number.max(1)) - 1;
        if let Some(delay) = self.delays.get(index) {
            return (*delay).min(self.delay_max);
        }
        let last = self.delays.last().copied().unwrap_or(Duration::from_secs(60));
        let mut delay = last.min(self.delay_max);
        for _ in self.delays.len()..=index {
            delay = (delay * self.growth_percent.max(100) / 100).min(self.delay_max);
            if delay == self.delay_max {
                break;
            }
        }
        delay
    }
}

/// The plans of all classes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plans {
    /// Any temporary failure without a plan of its own.
    pub ordinary: Plan,
    /// The subscriber was busy.
    pub busy: Plan,
    /// The subscriber was away; an alert or a registration comes before.
    pub absent: Plan,
    /// The link was gone or congested.
    pub congestion: Plan,
}

impl Default for Plans {
    /// 20 s, 300 s, then doubling to 24 h; busy every 120 s; congestion from 1 s to 60 s.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let day = seconds(86_400);
        let ordinary = Plan { delays: vec![seconds(20), seconds(300)], growth_percent: 200, delay_max: day };
        Self {
            busy: Plan { delays: vec![seconds(120)], growth_percent: 100, delay_max: day },
            absent: ordinary.clone(),
            congestion: Plan { delays: vec![seconds(1)], growth_percent: 200, delay_max: seconds(60) },
            ordinary,
        }
    }
}

impl Plans {
    /// When to try again after attempt `number` failed with `class`; the wait that a peer requests wins
    /// if it is longer. Never after `expires_at`: there the message ends.
    ///
    /// Congestion is the link's, and does not use up the message's attempts: its delay goes by `age`,
    /// the time since the message might go first.
    pub fn next(
        &self,
        class: RetryClass,
        number: u16,
        age: Duration,
        peer_wish: Option<Duration>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Timestamp {
        let delay = match class {
            RetryClass::Ordinary => self.ordinary.delay_after(number),
            RetryClass::Busy => self.busy.delay_after(number),
            RetryClass::Absent => self.absent.delay_after(number),
            RetryClass::Congestion => self.congestion.delay_at(age),
        };
        let delay = delay.max(peer_wish.unwrap_or_default());
        (now + delay).min(expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_plan_doubles_from_five_minutes_to_a_day() {
        let plan = Plans::default().ordinary;
        let seconds: Vec<u64> = (1..=12).map(|n| plan.delay_after(n).as_secs()).collect();
        assert_eq!(seconds, [20, 300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800, 86_400, 86_400]);
        assert_eq!(plan.delay_after(u16::MAX).as_secs(), 86_400);
    }

    #[test]
    fn a_busy_subscriber_is_tried_every_two_minutes() {
        let plan = Plans::default().busy;
        assert!((1..50).all(|n| plan.delay_after(n).as_secs() == 120));
    }

    #[test]
    fn congestion_backs_off_by_age() {
        let plan = Plans::default().congestion;
        let delays: Vec<u64> = [0, 1, 2, 3, 6, 7, 30, 62, 63, 100_000]
            .iter()
            .map(|age| plan.delay_at(Duration::from_secs(*age)).as_secs())
            .collect();
        assert_eq!(delays, [1, 2, 2, 4, 4, 8, 16, 32, 60, 60][..].to_vec());
    }

    #[test]
    fn no_retry_lies_beyond_the_validity() {
        let now = Timestamp::from_millis(1_000_000);
        let soon = now + Duration::from_secs(5);
        assert_eq!(Plans::default().next(RetryClass::Ordinary, 1, Duration::ZERO, None, now, soon), soon);
    }

    #[test]
    fn field_43_a_peers_retry_after_is_honoured() {
        let now = Timestamp::from_millis(1_000_000);
        let wish = Some(Duration::from_secs(30));
        let next =
            Plans::default().next(RetryClass::Congestion, 1, Duration::ZERO, wish, now, Timestamp::NEVER);
        assert_eq!(next, now + Duration::from_secs(30));
    }
}
