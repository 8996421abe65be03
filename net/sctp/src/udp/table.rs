//! The table of associations of one UDP socket: which one a datagram belongs to.
//!
//! The key is the source address of a datagram and the SCTP source port in it; where a peer's UDP
//! port has changed, the verification tag (RFC 6951 §5.4). The table also keeps the tags that were
//! issued: a COOKIE ECHO has to carry one, which proves that its sender received the INIT ACK at
//! that address.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use super::packet::{COOKIE_ECHO, Head, INIT};

/// Associations that may be in setup at the same time; the oldest is dropped for the next.
const PENDING_MAX: usize = 64;

/// Tags that are kept for one peer: its own, and those of an INIT that it may have repeated.
const TAGS_MAX: usize = 8;

/// Identifies an association of one socket; never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Id(u64);

/// All associations of one socket. `D` is the channel to the task of each.
pub(super) struct Table<D> {
    peers: HashMap<Id, Peer<D>>,
    keys: HashMap<Key, Id>,
    tags: HashMap<u32, Id>,
    /// Those in setup, the oldest first.
    pending: VecDeque<Id>,
    peers_max: usize,
    next: u64,
}

/// Address of a peer, and its SCTP port.
type Key = (SocketAddr, u16);

struct Peer<D> {
    key: Key,
    channel: D,
    /// Tags that were issued; the first is in use.
    tags: VecDeque<u32>,
}

/// The destination of a datagram.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Route<'a, D> {
    /// To this association.
    To(&'a D),
    /// It opens a new one.
    New,
    /// Dropped without an answer. RFC 9260 §8.4 requires one, but other stacks of the same machine
    /// receive the same packets.
    Drop,
}

impl<D> Table<D> {
    /// A table for so many associations.
    pub(super) fn new(peers_max: usize) -> Self {
        let (peers, keys, tags) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { peers, keys, tags, pending: VecDeque::new(), peers_max, next: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Adds an association in setup. `None` if there are too many.
    pub(super) fn add(&mut self, source: SocketAddr, port: u16, channel: D) -> Option<Id> {
        if self.pending.len() >= PENDING_MAX {
            let oldest = self.pending.front().copied();
            oldest.inspect(|oldest| self.remove(*oldest));
        }
        if self.peers.len() >= self.peers_max {
            return None;
        }
        let (id, key) = (Id(self.next), (source, port));
        self.next += 1;
        self.keys.insert(key, id);
        self.peers.insert(id, Peer { key, channel, tags: VecDeque::new() });
        self.pending.push_back(id);
        Some(id)
    }

    /// Marks it as established.
    pub(super) fn mark_established(&mut self, id: Id) {
        self.pending.retain(|pending| *pending != id);
    }

    /// Adds a tag that was issued for it.
    pub(super) fn add_tag(&mut self, id: Id, tag: u32) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.tags.contains(&tag) {
            return;
        }
        if peer.tags.len() >= TAGS_MAX
            && let Some(forgotten) = peer.tags.remove(1)
        {
            self.tags.remove(&forgotten);
        }
        peer.tags.push_back(tag);
        self.tags.insert(tag, id);
    }

    /// Removes it and its tags.
    pub(super) fn remove(&mut self, id: Id) {
        let Some(peer) = self.peers.remove(&id) else { return };
        self.pending.retain(|pending| *pending != id);
        self.tags.retain(|_, of| *of != id);
        if self.keys.get(&peer.key) == Some(&id) {
            self.keys.remove(&peer.key);
        }
    }

    /// The destination of a datagram.
    pub(super) fn route(&mut self, source: SocketAddr, head: &Head) -> Route<'_, D> {
        let key = (source, head.source_port);
        let Some(id) = self.keys.get(&key).copied().or_else(|| self.find_by_tag(key, head)) else {
            return if head.chunk == INIT { Route::New } else { Route::Drop };
        };
        let Some(peer) = self.peers.get_mut(&id) else { return Route::Drop };
        if head.chunk == COOKIE_ECHO {
            let known = peer.tags.iter().position(|tag| *tag == head.verification_tag);
            let Some(known) = known else { return Route::Drop };
            peer.tags.swap(0, known);
        }
        Route::To(&peer.channel)
    }

    /// The association of a peer that sends from another UDP port than before.
    fn find_by_tag(&mut self, key: Key, head: &Head) -> Option<Id> {
        // Chunks that open an association have to come from its address.
        let known = !matches!(head.chunk, INIT | COOKIE_ECHO);
        let id = *self.tags.get(&head.verification_tag).filter(|_| known)?;
        let peer = self.peers.get_mut(&id)?;
        if (peer.key.0.ip(), peer.key.1) != (key.0.ip(), key.1) {
            return None;
        }
        self.keys.remove(&peer.key);
        self.keys.insert(key, id);
        peer.key = key;
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{ABORT, INIT_ACK};
    use super::*;

    const DATA: u8 = 0;

    fn source(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn head(chunk: u8, verification_tag: u32) -> Head {
        let initiate_tag = matches!(chunk, INIT | INIT_ACK).then_some(7);
        Head { source_port: 2905, destination_port: 2905, verification_tag, chunk, initiate_tag }
    }

    #[test]
    fn an_init_from_an_unknown_address_opens_and_all_else_is_ignored() {
        let mut table = Table::<char>::new(8);
        assert_eq!(table.route(source(9899), &head(INIT, 0)), Route::New);
        for chunk in [DATA, ABORT, COOKIE_ECHO, INIT_ACK] {
            assert_eq!(table.route(source(9899), &head(chunk, 1)), Route::Drop);
        }
    }

    #[test]
    fn peers_are_distinguished_by_address_and_port() {
        let mut table = Table::new(8);
        table.add(source(1), 2905, 'a').unwrap();
        table.add(source(2), 2905, 'b').unwrap();
        table.add(source(1), 2906, 'c').unwrap();
        assert_eq!(table.route(source(1), &head(DATA, 1)), Route::To(&'a'));
        assert_eq!(table.route(source(2), &head(DATA, 1)), Route::To(&'b'));
        let other = Head { source_port: 2906, ..head(DATA, 1) };
        assert_eq!(table.route(source(1), &other), Route::To(&'c'));
        assert_eq!(
            table.route(source(1), &head(INIT, 0)),
            Route::To(&'a'),
            "an INIT of a known peer restarts"
        );
    }

    #[test]
    fn a_cookie_has_to_echo_a_tag_that_was_issued() {
        let mut table = Table::new(8);
        let id = table.add(source(1), 2905, 'a').unwrap();
        assert_eq!(table.route(source(1), &head(COOKIE_ECHO, 5)), Route::Drop);
        table.add_tag(id, 5);
        assert_eq!(table.route(source(1), &head(COOKIE_ECHO, 5)), Route::To(&'a'));
    }

    #[test]
    fn forged_inits_do_not_evict_the_tag_in_use() {
        let mut table = Table::new(8);
        let id = table.add(source(1), 2905, 'a').unwrap();
        (1..100).for_each(|tag| table.add_tag(id, tag));
        assert_eq!(table.route(source(1), &head(COOKIE_ECHO, 1)), Route::To(&'a'));
        assert_eq!(table.route(source(1), &head(COOKIE_ECHO, 99)), Route::To(&'a'));
        assert_eq!(table.route(source(1), &head(COOKIE_ECHO, 50)), Route::Drop);
        assert_eq!(table.tags.len(), TAGS_MAX);
    }

    #[test]
    fn a_peer_with_another_udp_port_is_found_by_its_tag() {
        let mut table = Table::new(8);
        let id = table.add(source(1), 2905, 'a').unwrap();
        table.add_tag(id, 5);
        assert_eq!(table.route(source(2), &head(DATA, 6)), Route::Drop);
        assert_eq!(table.route(source(2), &head(COOKIE_ECHO, 5)), Route::Drop);
        assert_eq!(table.route(source(2), &head(DATA, 5)), Route::To(&'a'));
        assert_eq!(
            table.route(source(1), &head(DATA, 6)),
            Route::Drop,
            "the old address is no longer its own"
        );
        let elsewhere = SocketAddr::from(([192, 0, 2, 9], 2));
        assert_eq!(table.route(elsewhere, &head(DATA, 5)), Route::Drop);
    }

    #[test]
    fn the_oldest_in_setup_is_dropped_and_none_that_is_established() {
        let mut table = Table::new(PENDING_MAX + 2);
        let up = table.add(source(1), 2905, 1).unwrap();
        table.mark_established(up);
        (2..200).for_each(|port| {
            table.add(source(port), 2905, port).unwrap();
        });
        assert_eq!(table.peers.len(), PENDING_MAX + 1);
        assert_eq!(table.route(source(1), &head(DATA, 1)), Route::To(&1));
        assert_eq!(table.route(source(2), &head(DATA, 1)), Route::Drop);
        assert_eq!(table.route(source(199), &head(DATA, 1)), Route::To(&199));
    }

    #[test]
    fn a_full_table_refuses_and_a_removal_leaves_nothing() {
        let mut table = Table::new(1);
        let id = table.add(source(1), 2905, 'a').unwrap();
        table.add_tag(id, 5);
        table.mark_established(id);
        assert_eq!(table.add(source(2), 2905, 'b'), None);
        table.remove(id);
        assert!(table.is_empty() && table.keys.is_empty() && table.tags.is_empty());
    }
}
