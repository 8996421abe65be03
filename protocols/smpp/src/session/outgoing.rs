//! Sends the PDUs that a session originates itself (unbind, responses, generic_nack) and closes it.

use std::time::Instant;

use super::event::{Output, Reason, State, Verdict};
use super::{Control, Ending, LastPdu, Session};
use crate::command::{CommandId, Header};
use crate::status::Status;

impl Session {
    pub(super) fn unbind(&mut self, reason: Reason, now: Instant) {
        match self.state {
            State::Bound(_) => {
                let due = now.checked_add(self.config.response_timeout);
                self.state = State::Unbinding;
                self.control = None;
                self.ending = Some(Ending { last_pdu: LastPdu::Unbind, reason, due });
                self.send_last_pdu_if_idle(now);
            }
            State::Open | State::Outbound | State::Binding(_) => self.close(reason),
            State::Unbinding | State::Closed => {}
        }
    }

    /// Sends unbind or unbind_resp when no request in flight prevents it. An
    /// unbind of the peer waits only for our responses; one of ours waits for
    /// the peer's responses too.
    pub(super) fn send_last_pdu_if_idle(&mut self, now: Instant) {
        let Some(ending) = self.ending else { return };
        let idle = match ending.last_pdu {
            LastPdu::Unbind => self.received == 0 && self.sent.len() == 0,
            LastPdu::UnbindResp(_) => self.received == 0,
        };
        if idle && self.control.is_none() {
            self.send_last_pdu(now);
        }
    }

    pub(super) fn send_last_pdu(&mut self, now: Instant) {
        let Some(ending) = &mut self.ending else { return };
        let reason = ending.reason;
        match ending.last_pdu {
            LastPdu::Unbind => {
                // From here the response timer runs.
                ending.due = None;
                let sequence = self.control(CommandId::UNBIND, now);
                self.send(Header::bare(CommandId::UNBIND, Status::ESME_ROK, sequence));
            }
            LastPdu::UnbindResp(sequence) => {
                self.send(Header::bare(CommandId::UNBIND_RESP, Status::ESME_ROK, sequence));
                self.close(reason);
            }
        }
    }

    pub(super) fn control(&mut self, command_id: CommandId, now: Instant) -> u32 {
        let sequence = self.sent.next_sequence();
        self.control = Some(Control { command_id, sequence, sent: now });
        sequence
    }

    pub(super) fn reply(&mut self, request: &Header, status: Status) -> Verdict {
        self.send(Header::bare(request.command_id.response(), status, request.sequence_number));
        if status.is_ok() { Verdict::Handled } else { Verdict::Refused(status) }
    }

    /// Answers a PDU that has no response of its own.
    pub(super) fn nack(&mut self, request: &Header, status: Status) -> Verdict {
        self.send(Header::bare(CommandId::GENERIC_NACK, status, request.sequence_number));
        Verdict::Refused(status)
    }

    pub(super) fn send(&mut self, header: Header) {
        self.outputs.push_back(Output::Send(header));
    }

    pub(super) fn close(&mut self, reason: Reason) {
        self.end();
        self.outputs.push_back(Output::Close(reason));
    }

    pub(super) fn end(&mut self) {
        self.state = State::Closed;
        self.control = None;
        self.ending = None;
        self.received = 0;
        for pending in self.sent.drain() {
            self.outputs.push_back(Output::Unanswered { token: pending.token });
        }
    }
}
