//! Receipts that came too early: before the response with the peer's message id
//! has been recorded. They are held for a while, and only so many of them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;

use crate::ids::MessageId;
use crate::names::Name;
use crate::receipt::RemoteReceipt;
use crate::timestamp::Timestamp;

const HELD_FOR: Duration = Duration::from_secs(30);
const HELD_MAX: usize = 50_000;

/// Early receipts by link and remote id.
#[derive(Debug, Default)]
pub(crate) struct EarlyReceipts(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    receipts: HashMap<(Name, Name), (Timestamp, RemoteReceipt)>,
    order: VecDeque<(Timestamp, (Name, Name))>,
}

impl EarlyReceipts {
    /// Keeps a receipt for 30 seconds; the oldest one goes when there are too many.
    pub(crate) fn hold(&self, receipt: &RemoteReceipt, now: Timestamp) {
        let mut held = self.0.lock();
        held.forget_old(now);
        for remote_id in &receipt.remote_ids {
            let key = (receipt.link.clone(), remote_id.clone());
            if held.receipts.get(&key).is_some_and(|(_, first)| first.state.is_final()) {
                continue; // the first final word counts
            }
            held.receipts.insert(key.clone(), (now, receipt.clone()));
            held.order.push_back((now, key));
        }
    }

    /// Takes the receipt about `remote_id` of `link`, if it came early.
    pub(crate) fn take(&self, link: &Name, remote_id: &Name) -> Option<RemoteReceipt> {
        let mut held = self.0.lock();
        if held.receipts.is_empty() {
            return None;
        }
        let (_, receipt) = held.receipts.remove(&(link.clone(), remote_id.clone()))?;
        for other in &receipt.remote_ids {
            held.receipts.remove(&(link.clone(), other.clone()));
        }
        Some(receipt)
    }
}

impl Held {
    fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.order.front() {
            if now.since(*at) < HELD_FOR && self.order.len() < HELD_MAX {
                break;
            }
            if let Some((at, key)) = self.order.pop_front()
                && self.receipts.get(&key).is_some_and(|(held_at, _)| *held_at == at)
            {
                self.receipts.remove(&key);
            }
        }
    }
}

/// Messages that are being ended at this moment by a report from outside: each is ended by
/// one of them only.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<HashSet<MessageId>>);

/// The right to end a message; gone when dropped.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    claims: &'a Claims,
    id: MessageId,
}

impl Claims {
    /// Claims a message, unless it is claimed.
    pub(crate) fn claim(&self, id: MessageId) -> Option<Claim<'_>> {
        let is_free = self.0.lock().insert(id);
        // Lazily: a claim that is made and dropped would set the other one's message free.
        is_free.then(|| Claim { claims: self, id })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.0.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::State;

    fn receipt(id: &str) -> RemoteReceipt {
        RemoteReceipt {
            link: "a".into(),
            remote_ids: vec![id.into(), compact_str::format_compact!("0x{id}")],
            state: State::Delivered,
            error: 0,
        }
    }

    #[test]
    fn field_41_an_early_receipt_is_held_for_thirty_seconds() {
        let early = EarlyReceipts::default();
        let now = Timestamp::from_millis(1_000_000);
        early.hold(&receipt("1"), now);
        assert_eq!(early.take(&"b".into(), &"1".into()), None);
        assert_eq!(early.take(&"a".into(), &"0x1".into()), Some(receipt("1")));
        assert_eq!(early.take(&"a".into(), &"1".into()), None, "taken once, whatever the form of its id");
        early.hold(&receipt("2"), now);
        early.hold(&receipt("3"), now + HELD_FOR);
        assert_eq!(early.take(&"a".into(), &"2".into()), None);
        assert!(early.take(&"a".into(), &"3".into()).is_some());
    }

    #[test]
    fn the_first_final_word_counts() {
        let early = EarlyReceipts::default();
        let now = Timestamp::from_millis(1_000_000);
        let enroute = RemoteReceipt { state: State::Enroute, ..receipt("1") };
        early.hold(&enroute, now);
        early.hold(&receipt("1"), now);
        early.hold(&enroute, now);
        early.hold(&RemoteReceipt { state: State::Unknown, ..receipt("1") }, now);
        assert_eq!(early.take(&"a".into(), &"1".into()), Some(receipt("1")));
    }

    #[test]
    fn a_taken_receipt_does_not_shorten_the_life_of_the_next() {
        let early = EarlyReceipts::default();
        let now = Timestamp::from_millis(1_000_000);
        early.hold(&receipt("1"), now);
        assert!(early.take(&"a".into(), &"1".into()).is_some());
        early.hold(&receipt("1"), now + HELD_FOR / 2);
        early.hold(&receipt("2"), now + HELD_FOR);
        assert!(early.take(&"a".into(), &"1".into()).is_some());
    }

    #[test]
    fn a_message_is_claimed_once_at_a_time() {
        let claims = Claims::default();
        let id = MessageId::from_u64(1);
        let claim = claims.claim(id);
        assert!(claim.is_some() && claims.claim(id).is_none());
        drop(claim);
        assert!(claims.claim(id).is_some());
    }
}
