//! Putting segments together again (Q.714 §4.1.1).

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{Due, Origin, Parcel, Sccp};
use crate::message::{Message, Segmentation};
use crate::{Address, NetworkId, Output, ReturnCause};

/// What the segments of one message have in common.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    network: NetworkId,
    opc: u32,
    calling: Address,
    reference: u32,
}

/// Messages of which segments are missing.
#[derive(Debug, Default)]
pub(super) struct Reassemblies {
    open: BTreeMap<Key, Reassembly>,
    /// What they may come to together.
    octets: usize,
}

#[derive(Debug)]
struct Reassembly {
    /// The first segment, without its data.
    first: Parcel,
    first_octets: usize,
    /// What has come. It is copied, because a segment shares the buffer that it was read into, and
    /// many small ones would keep many large buffers.
    data: BytesMut,
    remaining: u8,
    /// All segments are at most as long as the first, so this is what the message may come to.
    octets_max: usize,
    deadline: Instant,
}

impl Sccp {
    /// Takes a segment for a local user, and gives the message to the user when it is whole.
    pub(super) fn segment(&mut self, parcel: &Parcel, segmentation: Segmentation, now: Instant) {
        // Within this node nothing is segmented.
        let Origin::Network { opc, .. } = parcel.origin else { return };
        let key = Key {
            network: parcel.network,
            opc,
            calling: parcel.message.calling.clone(),
            reference: segmentation.reference,
        };
        if segmentation.first {
            self.first_segment(key, parcel, segmentation, now);
        } else {
            self.later_segment(&key, parcel, segmentation);
        }
    }

    /// The reassembly timer has run out.
    pub(super) fn reassembly_expired(&mut self, key: &Key) {
        if let Some(unfinished) = self.close(key) {
            self.refuse(&unfinished.first(), ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
        }
    }

    fn first_segment(&mut self, key: Key, parcel: &Parcel, segmentation: Segmentation, now: Instant) {
        // The sender begins anew. It gets nothing back: it would take it for the new message.
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
            self.indicate(parcel);
            return;
        }
        let octets = parcel.message.data.len();
        let octets_max = octets * (usize::from(segmentation.remaining) + 1);
        let Reassemblies { open, octets: held } = &mut self.reassemblies;
        let full = open.len() >= self.limits.reassemblies_max
            || *held + octets_max > self.limits.reassembly_octets_max;
        let Some(deadline) = now.checked_add(self.timers.reassembly).filter(|_| !full) else {
            self.refuse(parcel, ReturnCause::DESTINATION_CANNOT_REASSEMBLE);
            return;
        };
        *held += octets_max;
        self.due.insert((deadline, Due::Reassembly(key.clone())));
        let message = Message { data: Bytes::new(), ..parcel.message.clone() };
        let begun = Reassembly {
            first: Parcel { message, ..parcel.clone() },
            first_octets: octets,
            data: BytesMut::from(parcel.message.data.as_ref()),
            remaining: segmentation.remaining,
            octets_max,
            deadline,
        };
        open.insert(key, begun);
    }

    fn later_segment(&mut self, key: &Key, parcel: &Parcel, segmentation: Segmentation) {
        let Some(open) = self.reassemblies.open.get_mut(key) else {
            self.refuse(parcel, ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
            return;
        };
        let octets = open.data.len() + parcel.message.data.len();
        if open.remaining.checked_sub(1) != Some(segmentation.remaining) || octets > open.octets_max {
            self.reassembly_expired(key);
            return;
        }
        open.remaining = segmentation.remaining;
        open.data.extend_from_slice(&parcel.message.data);
        if segmentation.remaining == 0
            && let Some(complete) = self.close(key)
        {
            self.indicate(&complete.whole());
        }
    }

    /// Takes a reassembly and its timer away.
    fn close(&mut self, key: &Key) -> Option<Reassembly> {
        let closed = self.reassemblies.open.remove(key)?;
        self.reassemblies.octets -= closed.octets_max;
        self.due.remove(&(closed.deadline, Due::Reassembly(key.clone())));
        Some(closed)
    }
}

impl Reassembly {
    /// The first segment as it came.
    fn first(mut self) -> Parcel {
        self.data.truncate(self.first_octets);
        self.whole()
    }

    /// All that has come, as one message.
    fn whole(self) -> Parcel {
        let message = Message { data: self.data.freeze(), ..self.first.message };
        Parcel { message, ..self.first }
    }
}
