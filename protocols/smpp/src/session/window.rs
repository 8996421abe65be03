//! The window of our requests without a response (SMPP 3.4 §2.9), by sequence number.
//!
//! We choose the sequence numbers, so a request's place in the table is its
//! number modulo the table's size: a number with an occupied place is skipped.
//! Finding a response is one look, without hashing. The table starts empty
//! and doubles as needed, so an idle session costs next to nothing.

use std::time::{Duration, Instant};

use crate::command::CommandId;

/// Sequence numbers run from 1 to this and start again (SMPP 3.4 §5.1.4).
const SEQUENCE_MAX: u32 = 0x7fff_ffff;

/// One request without a response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) sequence: u32,
    pub(super) command_id: CommandId,
    pub(super) token: u64,
    pub(super) sent: Instant,
}

#[derive(Debug)]
pub(super) struct Window {
    /// A power of two, at least twice `live`, or empty.
    slots: Vec<Option<Pending>>,
    live: usize,
    live_max: usize,
    timeout: Duration,
    /// The number that was given out last.
    sequence: u32,
    /// No request expires before this; the earliest one may have been answered since.
    deadline: Option<Instant>,
}

impl Window {
    pub(super) const fn new(live_max: usize, timeout: Duration) -> Self {
        Self { slots: Vec::new(), live: 0, live_max, timeout, sequence: 0, deadline: None }
    }

    /// Records a request and gives its sequence number, or `None` if the window is full.
    pub(super) fn insert(&mut self, command_id: CommandId, token: u64, now: Instant) -> Option<u32> {
        if self.live >= self.live_max {
            return None;
        }
        if (self.live + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let sequence = self.next_sequence();
        *self.slot(sequence)? = Some(Pending { sequence, command_id, token, sent: now });
        self.live += 1;
        self.deadline = self.deadline.or_else(|| now.checked_add(self.timeout));
        Some(sequence)
    }

    /// Takes out the request that a response with this number answers.
    pub(super) fn remove(&mut self, sequence: u32) -> Option<Pending> {
        let pending = self.slot(sequence)?.take_if(|pending| pending.sequence == sequence)?;
        self.live -= 1;
        if self.live == 0 {
            self.deadline = None;
        }
        Some(pending)
    }

    /// The request with this number.
    pub(super) fn get(&mut self, sequence: u32) -> Option<&Pending> {
        self.slot(sequence)?.as_ref().filter(|pending| pending.sequence == sequence)
    }

    /// Removes the requests with a response overdue, in the order in which they were sent.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Pending> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        let timeout = self.timeout;
        let expired = self.take_if(|pending| now.duration_since(pending.sent) >= timeout);
        let oldest = self.slots.iter().flatten().map(|pending| pending.sent).min();
        // A search of the table for each single request would be quadratic, so
        // a short delay removes them together.
        let patience = now.checked_add(timeout / 64);
        self.deadline =
            oldest.and_then(|sent| sent.checked_add(timeout)).max(patience).filter(|_| self.live > 0);
        expired
    }

    /// Takes out everything, in the order in which it was sent.
    pub(super) fn drain(&mut self) -> Vec<Pending> {
        self.deadline = None;
        self.take_if(|_| true)
    }

    /// When [`Window::expire`] is due.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// How many more requests fit.
    pub(super) const fn room(&self) -> usize {
        self.live_max.saturating_sub(self.live)
    }

    /// The next number that no waiting request has. The table is at most half
    /// full, so the search is short and ends.
    pub(super) fn next_sequence(&mut self) -> u32 {
        loop {
            self.sequence = if self.sequence >= SEQUENCE_MAX { 1 } else { self.sequence + 1 };
            let sequence = self.sequence;
            if self.slot(sequence).is_none_or(|slot| slot.is_none()) {
                return sequence;
            }
        }
    }

    #[cfg(test)]
    pub(super) const fn start_after(&mut self, sequence: u32) {
        self.sequence = sequence;
    }

    fn take_if(&mut self, mut predicate: impl FnMut(&Pending) -> bool) -> Vec<Pending> {
        let taken = self.slots.iter_mut().filter_map(|slot| slot.take_if(|pending| predicate(pending)));
        let mut taken: Vec<_> = taken.collect();
        self.live -= taken.len();
        taken.sort_by_key(|pending| (pending.sent, pending.sequence));
        taken
    }

    fn slot(&mut self, sequence: u32) -> Option<&mut Option<Pending>> {
        let mask = self.slots.len().checked_sub(1)?;
        let index = usize::try_from(sequence).ok()? & mask;
        self.slots.get_mut(index)
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(8);
        let old = std::mem::replace(&mut self.slots, vec![None; length]);
        for pending in old.into_iter().flatten() {
            // Numbers that differ modulo a power of two differ modulo the next.
            if let Some(slot) = self.slot(pending.sequence) {
                *slot = Some(pending);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
        Instant::now()
    }

    #[test]
    fn field_46_sequence_wraps_and_skips_numbers_in_flight() {
        let mut window = Window::new(8, TIMEOUT);
        window.start_after(SEQUENCE_MAX - 1);
        let now = start();
        let first = window.insert(CommandId::SUBMIT_SM, 1, now);
        let second = window.insert(CommandId::SUBMIT_SM, 2, now);
        assert_eq!((first, second), (Some(SEQUENCE_MAX), Some(1)));
        window.start_after(0);
        assert_eq!(window.insert(CommandId::SUBMIT_SM, 3, now), Some(2), "1 is still waiting");
    }

    #[test]
    fn finds_every_request_once_while_it_grows() {
        let mut window = Window::new(1000, TIMEOUT);
        let now = start();
        let sequences: Vec<u32> =
            (0..1000).map(|token| window.insert(CommandId::SUBMIT_SM, token, now).unwrap()).collect();
        assert_eq!(window.insert(CommandId::SUBMIT_SM, 1000, now), None, "the window is full");
        for (token, &sequence) in (0..).zip(&sequences) {
            assert_eq!(window.remove(sequence).unwrap().token, token);
            assert!(window.remove(sequence).is_none());
        }
        assert_eq!((window.len(), window.deadline()), (0, None));
    }

    #[test]
    fn one_slow_answer_does_not_make_the_table_grow() {
        let mut window = Window::new(4, TIMEOUT);
        let now = start();
        window.insert(CommandId::SUBMIT_SM, 0, now).unwrap();
        for token in 1..100_000 {
            let sequence = window.insert(CommandId::SUBMIT_SM, token, now).unwrap();
            assert_eq!(window.remove(sequence).unwrap().token, token);
        }
        assert_eq!(window.slots.len(), 8);
    }

    #[test]
    fn expires_in_order_and_not_too_early() {
        let mut window = Window::new(100, TIMEOUT);
        let now = start();
        for second in 0..5 {
            window.insert(CommandId::SUBMIT_SM, second, now + Duration::from_secs(second)).unwrap();
        }
        assert_eq!(window.deadline(), Some(now + TIMEOUT));
        assert!(window.expire(now + TIMEOUT - Duration::from_millis(1)).is_empty());
        let tokens: Vec<u64> =
            window.expire(now + TIMEOUT + Duration::from_secs(2)).iter().map(|p| p.token).collect();
        assert_eq!(tokens, [0, 1, 2]);
        assert_eq!(window.deadline(), Some(now + TIMEOUT + Duration::from_secs(3)));
        assert_eq!(window.drain().len(), 2);
        assert_eq!(window.deadline(), None);
    }
}
