//! Handles the PDUs that a session receives from its peer: requests, binds, unbinds and responses.

use std::time::Instant;

use super::event::{Reason, State, Verdict};
use super::{Control, Ending, LastPdu, Session, Side, rules};
use crate::command::{CommandId, Header};
use crate::pdu::BindKind;
use crate::status::Status;

impl Session {
    pub(super) fn request_received(&mut self, header: &Header, now: Instant) -> Verdict {
        let id = header.command_id;
        let known = id.name().is_some() || (id.is_vendor() && self.config.vendor_commands);
        if !known {
            return self.nack(header, Status::ESME_RINVCMDID);
        }
        if !self.permits(id) {
            return self.reply(header, Status::ESME_RINVBNDSTS);
        }
        if self.received >= self.config.window_received_max {
            return self.reply(header, Status::ESME_RTHROTTLED);
        }
        self.received += 1;
        self.active = now;
        Verdict::Request
    }

    pub(super) fn bind_received(&mut self, header: &Header, kind: BindKind) -> Verdict {
        match self.state {
            State::Open | State::Outbound if self.config.side == Side::Centre => {
                self.state = State::Binding(kind);
                Verdict::Bind(kind)
            }
            State::Binding(_) | State::Bound(_) if self.config.side == Side::Centre => {
                self.reply(header, Status::ESME_RALYBND)
            }
            _ => self.reply(header, Status::ESME_RINVBNDSTS),
        }
    }

    pub(super) fn outbind_received(&mut self, header: &Header) -> Verdict {
        if self.config.side == Side::Esme && self.state == State::Open {
            self.state = State::Outbound;
            return Verdict::Outbind;
        }
        self.nack(header, Status::ESME_RINVBNDSTS)
    }

    pub(super) fn unbind_received(&mut self, header: &Header, now: Instant) -> Verdict {
        let last_pdu = LastPdu::UnbindResp(header.sequence_number);
        let due = now.checked_add(self.config.response_timeout);
        self.state = State::Unbinding;
        self.control = None;
        self.ending = Some(Ending { last_pdu, reason: Reason::Unbound, due });
        self.send_last_pdu_if_idle(now);
        Verdict::Handled
    }

    pub(super) fn response_received(&mut self, header: &Header, now: Instant) -> Verdict {
        let sequence = header.sequence_number;
        let nack = header.command_id == CommandId::GENERIC_NACK;
        let answers = |request: CommandId| nack || request.response() == header.command_id;
        if let Some(control) = self.control
            && control.sequence == sequence
            && answers(control.command_id)
        {
            self.control = None;
            return self.control_answered(control, header.command_status);
        }
        if !self.sent.get(sequence).is_some_and(|pending| answers(pending.command_id)) {
            return Verdict::Unmatched;
        }
        let Some(pending) = self.sent.remove(sequence) else { return Verdict::Unmatched };
        self.active = now;
        self.send_last_pdu_if_idle(now);
        Verdict::Response { token: pending.token, sent: pending.sent }
    }

    fn control_answered(&mut self, control: Control, status: Status) -> Verdict {
        match (control.command_id, self.state) {
            (CommandId::UNBIND, _) => {
                let reason = self.ending.map_or(Reason::Unbound, |ending| ending.reason);
                self.close(reason);
                Verdict::Handled
            }
            (_, State::Binding(kind)) if status.is_ok() => {
                self.state = State::Bound(kind);
                self.active = self.received_at;
                self.negotiate(None);
                Verdict::Bound(kind)
            }
            (_, State::Binding(_)) => {
                self.state = State::Open;
                Verdict::BindRefused(status)
            }
            _ => Verdict::Handled,
        }
    }

    /// Whether the peer may make this request now.
    pub(super) const fn permits(&self, id: CommandId) -> bool {
        match self.state {
            State::Bound(kind) => rules::may_request(self.config.side.peer(), kind, id),
            _ => false,
        }
    }
}
