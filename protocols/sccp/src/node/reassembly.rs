//! Reassembly of segmented messages (Q.714 §4.1.1).

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{Due, Origin, RoutedMessage, Sccp};
use crate::message::{Message, Segmentation};
use crate::{Address, NetworkId, Output, ReturnCause};

/// Identifies the segments of one message.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    network: NetworkId,
    opc: u32,
    calling: Address,
    reference: u32,
}

/// The incomplete messages.
#[derive(Debug, Default)]
pub(super) struct Reassemblies {
    open: BTreeMap<Key, Reassembly>,
    /// Octets reserved for all of them.
    octets: usize,
}

#[derive(Debug)]
struct Reassembly {
    /// The first segment, without its data.
    first: RoutedMessage,
    first_octets: usize,
    /// The data so far. It is copied: a segment shares its receive buffer, and many small segments would
    /// keep many large buffers.
    data: BytesMut,
    remaining: u8,
    /// The limit of the whole message: no segment is longer than the first.
    octets_max: usize,
    deadline: Instant,
}

impl Sccp {
    /// Adds a segment for a local user, and indicates the message when it is complete.
    pub(super) fn segment(&mut self, routed: &RoutedMessage, segmentation: Segmentation, now: Instant) {
        // Messages between local users are not segmented.
        let Origin::Network { opc, .. } = routed.origin else { return };
        let key = Key {
            network: routed.network,
            opc,
            calling: routed.message.calling.clone(),
            reference: segmentation.reference,
        };
        if segmentation.first {
            self.first_segment(key, routed, segmentation, now);
        } else {
            self.later_segment(&key, routed, segmentation);
        }
    }

    /// The reassembly timer has expired.
    pub(super) fn reassembly_expired(&mut self, key: &Key) {
        if let Some(reassembly) = self.close(key) {
            self.refuse(&reassembly.first(), ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
        }
    }

    fn first_segment(&mut self, key: Key, routed: &RoutedMessage, segmentation: Segmentation, now: Instant) {
        // The sender restarts the message. Nothing is returned: the sender would attribute it to the new one.
        if self.close(&key).is_some() {
            let cause = ReturnCause::ERROR_IN_MESSAGE_TRANSPORT;
            self.outputs.push_back(Output::Refused {
                network: key.network,
                opc: key.opc,
                cause,
                returned: false,
            });
        }
        if segmentation.remaining == 0 {
            self.indicate(routed);
            return;
        }
        let octets = routed.message.data.len();
        let octets_max = octets * (usize::from(segmentation.remaining) + 1);
        let Reassemblies { open, octets: held } = &mut self.reassemblies;
        let full = open.len() >= self.limits.reassemblies_max
            || *held + octets_max > self.limits.reassembly_octets_max;
        let Some(deadline) = now.checked_add(self.timers.reassembly).filter(|_| !full) else {
            self.refuse(routed, ReturnCause::DESTINATION_CANNOT_REASSEMBLE);
            return;
        };
        *held += octets_max;
        self.due.insert((deadline, Due::Reassembly(key.clone())));
        let message = Message { data: Bytes::new(), ..routed.message.clone() };
        let reassembly = Reassembly {
            first: RoutedMessage { message, ..routed.clone() },
            first_octets: octets,
            data: BytesMut::from(routed.message.data.as_ref()),
            remaining: segmentation.remaining,
            octets_max,
            deadline,
        };
        open.insert(key, reassembly);
    }

    fn later_segment(&mut self, key: &Key, routed: &RoutedMessage, segmentation: Segmentation) {
        let Some(open) = self.reassemblies.open.get_mut(key) else {
            self.refuse(routed, ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
            return;
        };
        let octets = open.data.len() + routed.message.data.len();
        if open.remaining.checked_sub(1) != Some(segmentation.remaining) || octets > open.octets_max {
            self.reassembly_expired(key);
            return;
        }
        open.remaining = segmentation.remaining;
        open.data.extend_from_slice(&routed.message.data);
        if segmentation.remaining == 0
            && let Some(complete) = self.close(key)
        {
            self.indicate(&complete.whole());
        }
    }

    /// Removes a reassembly and its timer.
    fn close(&mut self, key: &Key) -> Option<Reassembly> {
        let closed = self.reassemblies.open.remove(key)?;
        self.reassemblies.octets -= closed.octets_max;
        self.due.remove(&(closed.deadline, Due::Reassembly(key.clone())));
        Some(closed)
    }
}

impl Reassembly {
    /// The first segment as received.
    fn first(mut self) -> RoutedMessage {
        self.data.truncate(self.first_octets);
        self.whole()
    }

    /// All data so far, as one message.
    fn whole(self) -> RoutedMessage {
        let message = Message { data: self.data.freeze(), ..self.first.message };
        RoutedMessage { message, ..self.first }
    }
}
