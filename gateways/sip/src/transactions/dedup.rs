//! Duplicate detection: messages of the last five minutes, so that none is accepted twice.
//!
//! A server transaction answers retransmissions. A client that saw a timeout sends the same message in
//! a new transaction, with the same Call-ID, CSeq and From tag. The key contains the body too, since
//! some clients never change their Call-ID.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use sip::Request;
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;

/// How long an entry is kept.
const SPAN: Duration = Duration::from_secs(300);

/// Identifies a message across transactions: 128 bits of keyed hash.
pub(crate) type Key = (u64, u64);

/// The state of a message in the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lookup {
    /// No entry.
    Absent,
    /// The centre has not answered yet.
    Pending,
    /// The centre accepted it under this id.
    Accepted(MessageId),
}

/// The table of recent messages, at most `max`.
pub(crate) struct Dedup {
    hashers: (RandomState, RandomState),
    by_key: HashMap<Key, Option<MessageId>>,
    oldest_first: VecDeque<(Key, Instant)>,
    max: usize,
}

impl Dedup {
    pub(crate) fn new(max: usize) -> Self {
        let hashers = (RandomState::new(), RandomState::new());
        Self { hashers, by_key: HashMap::new(), oldest_first: VecDeque::new(), max }
    }

    /// The key of a request of `sender`; `None` if a header field of the key is missing.
    pub(crate) fn key(&self, sender: &Endpoint, request: &Request) -> Option<Key> {
        let headers = &request.headers;
        let (call, cseq, from) = (headers.call_id().ok()?, headers.cseq().ok()?, headers.from().ok()?);
        let parts = (sender, call, cseq.number, from.tag(), &request.uri, &request.body[..]);
        Some((self.hashers.0.hash_one(parts), self.hashers.1.hash_one(parts)))
    }

    pub(crate) fn lookup(&self, key: Key) -> Lookup {
        match self.by_key.get(&key) {
            None => Lookup::Absent,
            Some(None) => Lookup::Pending,
            Some(Some(id)) => Lookup::Accepted(*id),
        }
    }

    /// Adds a message that is about to be submitted.
    pub(crate) fn begin(&mut self, key: Key, now: Instant) {
        self.evict_expired(now);
        if self.by_key.insert(key, None).is_none() {
            self.oldest_first.push_back((key, now));
        }
    }

    /// Sets the id of an accepted message.
    pub(crate) fn accepted(&mut self, key: Key, id: MessageId) {
        if let Some(known) = self.by_key.get_mut(&key) {
            *known = Some(id);
        }
    }

    /// Removes a refused message: the client may repeat it.
    pub(crate) fn refused(&mut self, key: Key) {
        self.by_key.remove(&key);
    }

    fn evict_expired(&mut self, now: Instant) {
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
    fn a_duplicate_is_found_and_other_messages_are_not() {
        let mut dedup = Dedup::new(10);
        let now = tokio::time::Instant::now().into_std();
        let key = dedup.key(&peer(), &request("a", 1, "x")).unwrap();
        assert_eq!(dedup.lookup(key), Lookup::Absent);
        dedup.begin(key, now);
        assert_eq!(dedup.lookup(key), Lookup::Pending);
        dedup.accepted(key, MessageId::from_u64(7));
        let again = dedup.key(&peer(), &request("a", 1, "x")).unwrap();
        assert_eq!(dedup.lookup(again), Lookup::Accepted(MessageId::from_u64(7)));
        for (sender, other) in [
            (Endpoint::SipPeer("other".into()), request("a", 1, "x")),
            (peer(), request("b", 1, "x")),
            (peer(), request("a", 2, "x")),
            (peer(), request("a", 1, "y")),
        ] {
            assert_eq!(dedup.lookup(dedup.key(&sender, &other).unwrap()), Lookup::Absent);
        }
        dedup.refused(key);
        assert_eq!(dedup.lookup(key), Lookup::Absent, "may be repeated");
    }

    #[test]
    fn entries_expire_and_are_bounded() {
        let mut dedup = Dedup::new(3);
        let start = tokio::time::Instant::now().into_std();
        let keys: Vec<Key> = (0..5).map(|each| (each, 0)).collect();
        for key in &keys {
            dedup.begin(*key, start);
            dedup.accepted(*key, MessageId::from_u64(1));
        }
        assert_eq!(dedup.lookup(keys[0]), Lookup::Absent, "the oldest is evicted");
        assert_ne!(dedup.lookup(keys[4]), Lookup::Absent);
        dedup.begin((9, 9), start + SPAN);
        assert_eq!(dedup.lookup(keys[4]), Lookup::Absent);
    }
}
