//! Connectionless control: delivery to local users, choice of message form and segmentation (Q.714 §4).

use std::time::Instant;

use super::domain::MANAGEMENT;
use super::{Origin, RoutedMessage, Sccp};
use crate::message::{Form, Message, Purpose, Segmentation, basic_room, long_room, segment_room};
use crate::settings::Remote;
use crate::{Address, Discard, Indication, NetworkId, Output, ReturnCause};

/// One first segment and fifteen that remain.
const SEGMENTS_MAX: usize = 16;

impl Sccp {
    /// Delivers a message to the local user of the translated address `called`.
    pub(super) fn deliver(&mut self, routed: &RoutedMessage, called: &Address, now: Instant) {
        let message = &routed.message;
        if let Purpose::Service(cause) = message.purpose {
            self.notice(routed, cause);
            return;
        }
        if called.subsystem == Some(MANAGEMENT) {
            self.management(routed, now);
            return;
        }
        let local = self.domains.get(&routed.network).and_then(|domain| {
            called
                .subsystem
                .and_then(|subsystem| domain.local.get(&subsystem).map(|local| (subsystem, local.up)))
        });
        match local {
            None => self.refuse(routed, ReturnCause::UNEQUIPPED_USER),
            Some((subsystem, false)) => {
                self.send_subsystem_prohibited(routed, subsystem, now);
                self.refuse(routed, ReturnCause::SUBSYSTEM_FAILURE);
            }
            Some((_, true)) => match message.segmentation {
                Some(segmentation) => self.segment(routed, segmentation, now),
                None => self.indicate(routed),
            },
        }
    }

    /// Indicates a complete message to its user.
    pub(super) fn indicate(&mut self, routed: &RoutedMessage) {
        let message = &routed.message;
        let Purpose::Data { in_sequence, return_on_error } = message.purpose else { return };
        let (Origin::User { opc } | Origin::Network { opc, .. }) = routed.origin;
        self.outputs.push_back(Output::Unitdata(Indication {
            network: routed.network,
            opc,
            called: message.called.clone(),
            calling: message.calling.clone(),
            sls: routed.sls,
            in_sequence: message.segmentation.map_or(in_sequence, |segment| segment.in_sequence),
            return_on_error,
            data: message.data.clone(),
        }));
    }

    /// Indicates a returned message to its local sender. The service message has the addresses swapped.
    fn notice(&mut self, routed: &RoutedMessage, cause: ReturnCause) {
        let message = &routed.message;
        if message.segmentation.is_some_and(|segmentation| !segmentation.first) {
            self.discard(routed, Discard::LaterSegment);
            return;
        }
        self.outputs.push_back(Output::Notice {
            network: routed.network,
            called: message.calling.clone(),
            calling: message.called.clone(),
            cause,
            data: message.data.clone(),
        });
    }

    /// Sends a message to a remote point, as UDT wherever it fits.
    pub(super) fn transmit(
        &mut self,
        routed: &RoutedMessage,
        called: &Address,
        dpc: u32,
    ) -> Result<(), ReturnCause> {
        let domain = self.domains.get(&routed.network).ok_or(ReturnCause::UNQUALIFIED)?;
        let remote = &domain.remotes.get(&dpc).ok_or(ReturnCause::MTP_FAILURE)?.remote;
        let message = Message { called: called.clone(), ..routed.message.clone() };
        let messages = if message.form == Form::Basic && !matches!(message.purpose, Purpose::Service(_)) {
            fit_or_segment(message, remote, &mut self.reference)?
        } else {
            vec![fit_relayed(message, remote)?]
        };
        let payloads: Result<Vec<_>, _> = messages.iter().map(Message::encode).collect();
        let (Origin::User { opc } | Origin::Network { dpc: opc, .. }) = routed.origin;
        for payload in payloads.map_err(|_| ReturnCause::ERROR_IN_LOCAL_PROCESSING)? {
            self.outputs.push_back(Output::Transfer {
                network: routed.network,
                opc,
                dpc,
                sls: routed.sls,
                payload,
            });
        }
        Ok(())
    }

    pub(super) fn room_of(&self, network: NetworkId, called: &Address, calling: &Address) -> usize {
        let of = |called: &Address, remote: &Remote| {
            let addresses = called.encoded_len() + calling.encoded_len();
            let long = remote.ludt_octets_max.map_or(0, |octets| long_room(octets, addresses));
            basic_room(remote.message_octets_max, addresses).max(long)
        };
        let narrowest = self.domains.get(&network).and_then(|domain| {
            let origin = Origin::User { opc: domain.own_point_code(calling) };
            let candidates = self.candidates(domain, network, origin, called).ok()?;
            let remotes = candidates.point_codes.iter().filter_map(|code| domain.remotes.get(code));
            remotes.map(|point| of(&candidates.called, &point.remote)).min()
        });
        narrowest.unwrap_or_else(|| of(called, &Remote::new(0)))
    }
}

/// A local user's message, in the first of UDT, LUDT and segmented XUDT that fits and that `remote`
/// supports.
fn fit_or_segment(
    message: Message,
    remote: &Remote,
    reference: &mut u32,
) -> Result<Vec<Message>, ReturnCause> {
    let addresses = message.called.encoded_len() + message.calling.encoded_len();
    let length = message.data.len();
    if length <= basic_room(remote.message_octets_max, addresses) {
        return Ok(vec![message]);
    }
    if remote.ludt_octets_max.is_some_and(|octets| length <= long_room(octets, addresses)) {
        return Ok(vec![Message { form: Form::Long, ..message }]);
    }
    if !remote.takes_xudt {
        return Err(ReturnCause::SEGMENTATION_NOT_SUPPORTED);
    }
    let room = segment_room(remote.message_octets_max, addresses);
    segments(&message, room, reference).ok_or(ReturnCause::SEGMENTATION_FAILURE)
}

/// Divides a message into segments, all full but the last (Q.714 §4.1.1).
fn segments(message: &Message, room: usize, reference: &mut u32) -> Option<Vec<Message>> {
    let Purpose::Data { in_sequence, return_on_error } = message.purpose else { return None };
    let count = message.data.len().checked_div(room)? + usize::from(!message.data.len().is_multiple_of(room));
    if count > SEGMENTS_MAX {
        return None;
    }
    *reference = reference.wrapping_add(1) & 0x00ff_ffff;
    let mut rest = message.data.clone();
    let mut segments = Vec::with_capacity(count);
    while !rest.is_empty() {
        let first = segments.is_empty();
        let data = rest.split_to(room.min(rest.len()));
        segments.push(Message {
            form: Form::Extended,
            // The first alone has the return option, so that the sender gets one notice of a loss.
            purpose: Purpose::Data { in_sequence: true, return_on_error: return_on_error && first },
            segmentation: Some(Segmentation {
                first,
                in_sequence,
                remaining: u8::try_from(count - 1 - segments.len()).ok()?,
                reference: *reference,
            }),
            data,
            ..message.clone()
        });
    }
    Some(segments)
}

/// A relayed message, of which the form stays unchanged.
fn fit_relayed(message: Message, remote: &Remote) -> Result<Message, ReturnCause> {
    let limit = match message.form {
        Form::Basic | Form::Extended => remote.message_octets_max,
        Form::Long => remote.ludt_octets_max.ok_or(ReturnCause::SEGMENTATION_NOT_SUPPORTED)?,
    };
    if message.encoded_len() > limit { Err(ReturnCause::SEGMENTATION_FAILURE) } else { Ok(message) }
}
