//! Heartbeat: BEAT and BEAT ACK in both directions (RFC 4666 §4.3.4.6).

use std::time::Instant;

use bytes::Bytes;

use crate::message::tags;
use crate::node::{M3ua, Refusal, later};
use crate::{Kind, LinkId, Message, Output};

impl M3ua {
    /// T(beat) has expired: sends BEAT, or closes a link with two unanswered.
    pub(crate) fn beat(&mut self, id: LinkId, now: Instant) {
        let interval = self.settings.timers.beat;
        let Some(link) = self.link_mut(id) else { return };
        if link.beat.unanswered >= 2 {
            self.outputs.push_back(Output::Close { link: id });
            self.lost(id, now);
            return;
        }
        link.beat.due = interval.map(|interval| later(now, interval));
        if !link.is_up() {
            return;
        }
        link.beat.unanswered = link.beat.unanswered.saturating_add(1);
        link.beat.count = link.beat.count.wrapping_add(1);
        let count = Bytes::copy_from_slice(&link.beat.count.to_be_bytes());
        self.send(id, &Message::new(Kind::Beat).with(tags::HEARTBEAT_DATA, count));
    }

    /// BEAT: returns its data unchanged, in any state.
    pub(crate) fn beat_received(&mut self, id: LinkId, message: &Message) -> Result<(), Refusal> {
        let mut ack = Message::new(Kind::BeatAck);
        if let Some(data) = message.first(tags::HEARTBEAT_DATA) {
            ack = ack.with(tags::HEARTBEAT_DATA, data.clone());
        }
        self.send(id, &ack);
        Ok(())
    }

    /// BEAT ACK: the peer is alive, whatever the data.
    pub(crate) fn beat_acknowledged(&mut self, id: LinkId) -> Result<(), Refusal> {
        if let Some(link) = self.link_mut(id) {
            link.beat.unanswered = 0;
        }
        Ok(())
    }
}
