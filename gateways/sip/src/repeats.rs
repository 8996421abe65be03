//! Messages that were accepted a short while ago, so that none is accepted twice.
//!
//! A retransmission is answered by its server transaction. A client that saw a time-out sends
//! the same message in a new transaction; Call-ID, CSeq and From tag give it away. The body
//! counts too: some scripts never change their Call-ID, and their next message is not a copy.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use sip::Request;
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;

/// How long a message is remembered.
const SPAN: Duration = Duration::from_secs(300);

/// What identifies a message across transactions: 128 bits of keyed hash.
pub(crate) type Key = (u64, u64);

/// What is known of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    /// Nothing.
    Never,
    /// It is being stored at this moment.
    Pending,
    /// It was accepted under this id.
    Accepted(MessageId),
}

/// The messages of the last five minutes, the newest `max` of them.
pub(crate) struct Repeats {
    hashers: (RandomState, RandomState),
    by_key: HashMap<Key, Option<MessageId>>,
    oldest_first: VecDeque<(Key, Instant)>,
    max: usize,
}

impl Repeats {
    pub(crate) fn new(max: usize) -> Self {
        let hashers = (RandomState::new(), RandomState::new());
        Self { hashers, by_key: HashMap::new(), oldest_first: VecDeque::new(), max }
    }

    /// The key of a request of `sender`; `None` without the header fields that make it up.
    pub(crate) fn key(&self, sender: &Endpoint, request: &Request) -> Option<Key> {
        let headers = &request.headers;
        let (call, cseq, from) = (headers.call_id().ok()?, headers.cseq().ok()?, headers.from().ok()?);
        let parts = (sender, call, cseq.number, from.tag(), &request.uri, &request.body[..]);
        Some((self.hashers.0.hash_one(parts), self.hashers.1.hash_one(parts)))
    }

    pub(crate) fn seen(&self, key: Key) -> Seen {
        match self.by_key.get(&key) {
            None => Seen::Never,
            Some(None) => Seen::Pending,
            Some(Some(id)) => Seen::Accepted(*id),
        }
    }

    /// Notes a message that is about to be stored.
    pub(crate) fn begin(&mut self, key: Key, now: Instant) {
        self.forget_old(now);
        if self.by_key.insert(key, None).is_none() {
            self.oldest_first.push_back((key, now));
        }
    }

    /// Notes that it was accepted.
    pub(crate) fn accepted(&mut self, key: Key, id: MessageId) {
        if let Some(known) = self.by_key.get_mut(&key) {
            *known = Some(id);
        }
    }

    /// Forgets a message that was refused: it may be tried again.
    pub(crate) fn refused(&mut self, key: Key) {
        self.by_key.remove(&key);
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some(&(key, since)) = self.oldest_first.front() {
            if self.oldest_first.len() < self.max && now.saturating_duration_since(since) < SPAN {
                return;
            }
            self.oldest_first.pop_front();
            self.by_key.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn request(call: &str, cseq: u32, body: &'static str) -> Request {
        let mut request = Request::new(sip::Method::Message, "sip:+49151@example.com");
        request.headers.push(sip::Name::CallId, call);
        request.headers.push(sip::Name::CSeq, format_args!("{cseq} MESSAGE"));
        request.headers.push(sip::Name::From, "<sip:a@b>;tag=1");
        request.body = Bytes::from_static(body.as_bytes());
        request
    }

    fn peer() -> Endpoint {
        Endpoint::SipPeer("peer".into())
    }

    #[test]
    fn the_same_message_is_recognised_and_another_is_not() {
        let mut repeats = Repeats::new(10);
        let now = tokio::time::Instant::now().into_std();
        let key = repeats.key(&peer(), &request("a", 1, "x")).unwrap();
        assert_eq!(repeats.seen(key), Seen::Never);
        repeats.begin(key, now);
        assert_eq!(repeats.seen(key), Seen::Pending);
        repeats.accepted(key, MessageId::from_u64(7));
        let again = repeats.key(&peer(), &request("a", 1, "x")).unwrap();
        assert_eq!(repeats.seen(again), Seen::Accepted(MessageId::from_u64(7)));
        for (sender, other) in [
            (Endpoint::SipPeer("other".into()), request("a", 1, "x")),
            (peer(), request("b", 1, "x")),
            (peer(), request("a", 2, "x")),
            (peer(), request("a", 1, "y")),
        ] {
            assert_eq!(repeats.seen(repeats.key(&sender, &other).unwrap()), Seen::Never);
        }
        repeats.refused(key);
        assert_eq!(repeats.seen(key), Seen::Never, "may be tried again");
    }

    #[test]
    fn five_minutes_and_a_bounded_number() {
        let mut repeats = Repeats::new(3);
        let start = tokio::time::Instant::now().into_std();
        let keys: Vec<Key> = (0..5).map(|each| (each, 0)).collect();
        for key in &keys {
            repeats.begin(*key, start);
            repeats.accepted(*key, MessageId::from_u64(1));
        }
        assert_eq!(repeats.seen(keys[0]), Seen::Never, "the oldest made room");
        assert_ne!(repeats.seen(keys[4]), Seen::Never);
        repeats.begin((9, 9), start + SPAN);
        assert_eq!(repeats.seen(keys[4]), Seen::Never);
    }
}
