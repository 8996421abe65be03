//! The timers of a session: bind, enquire_link, response, inactivity (SMPP 3.4 §7.2).

use std::time::Instant;

use super::Session;
use super::event::{Output, Reason, State};
use crate::command::{CommandId, Header};
use crate::status::Status;

impl Session {
    pub(super) fn tick(&mut self, now: Instant) {
        for pending in self.sent.expire(now) {
            self.outputs.push_back(Output::Unanswered { token: pending.token });
        }
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        match self.state {
            State::Open | State::Outbound | State::Binding(_) => {
                if due(self.started.checked_add(self.config.bind_timeout)) {
                    self.close(Reason::BindTimeout);
                }
            }
            State::Bound(_) if due(self.inactivity_due()) => self.unbind(Reason::Inactive, now),
            State::Bound(_) if due(self.link_due()) => self.test_link(now),
            State::Unbinding if due(self.control_due()) => {
                self.close(self.ending.map_or(Reason::Unbound, |ending| ending.reason));
            }
            State::Unbinding if due(self.ending.and_then(|ending| ending.due)) => self.send_last_pdu(now),
            State::Unbinding => self.send_last_pdu_if_idle(now),
            State::Bound(_) | State::Closed => {}
        }
    }

    /// Sends enquire_link, or closes the session if too many were not answered.
    /// Any PDU received since the last one shows that the link is up.
    fn test_link(&mut self, now: Instant) {
        if let Some(control) = self.control.take()
            && self.received_at <= control.sent
        {
            self.enquire_links_unanswered = self.enquire_links_unanswered.saturating_add(1);
            if self.enquire_links_unanswered >= self.config.enquire_link_unanswered_max {
                self.close(Reason::EnquireLinkUnanswered);
                return;
            }
        }
        let sequence = self.control(CommandId::ENQUIRE_LINK, now);
        self.send(Header::bare(CommandId::ENQUIRE_LINK, Status::ESME_ROK, sequence));
    }

    /// When enquire_link is to be sent, or was to be answered.
    pub(super) fn link_due(&self) -> Option<Instant> {
        let interval = self.config.enquire_link_interval?;
        self.control_due().or_else(|| self.received_at.checked_add(interval))
    }

    pub(super) fn control_due(&self) -> Option<Instant> {
        self.control?.sent.checked_add(self.config.response_timeout)
    }

    pub(super) fn inactivity_due(&self) -> Option<Instant> {
        self.active.checked_add(self.config.inactivity_timeout?)
    }
}
