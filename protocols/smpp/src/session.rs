//! One SMPP session, from either side (SMPP 3.4 §2.2 to §2.4, §7; SMPP 5.0 §2.3 to §2.9).
//!
//! Octets, sockets and clocks stay outside. Give every header to
//! [`Session::received`] and act on its [`Verdict`]; after each batch take
//! [`Session::poll`] until it is empty; then wait for the socket or for
//! [`Session::deadline`], whichever is first.
//!
//! The session reads headers alone. Bodies, passwords and message ids pass
//! between the caller and [`crate::Pdu`]. A response with a malformed body
//! therefore still ends its request.
//!
//! Every request of ours ends exactly once: as [`Verdict::Response`], as
//! [`Output::Unanswered`], or by [`Session::cancel`].

use std::collections::VecDeque;
use std::time::Instant;

use crate::command::{CommandId, Header};
use crate::pdu::BindKind;
use crate::status::Status;
use crate::version::Version;

mod config;
mod event;
mod incoming;
mod outgoing;
mod rules;
mod timers;
mod window;

pub use config::{Config, Side};
pub use event::{Input, Output, Reason, RequestError, State, Verdict};
use window::Window;

/// A bind, unbind or enquire_link of ours that waits for its response. There is one at a time.
#[derive(Clone, Copy, Debug)]
struct Control {
    command_id: CommandId,
    sequence: u32,
    sent: Instant,
}

/// A session that is being unbound.
#[derive(Clone, Copy, Debug)]
struct Ending {
    /// What to send when nothing is in flight any more: unbind or unbind_resp.
    last_pdu: LastPdu,
    reason: Reason,
    /// When to stop waiting for what is in flight.
    due: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LastPdu {
    Unbind,
    UnbindResp(u32),
}

/// One session.
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    version: Version,
    sent: Window,
    received: usize,
    control: Option<Control>,
    ending: Option<Ending>,
    enquire_links_unanswered: u8,
    started: Instant,
    received_at: Instant,
    active: Instant,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A session on a connection that has just been made.
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            state: State::Open,
            version: Version::V3_3,
            sent: Window::new(config.window_sent_max, config.response_timeout),
            received: 0,
            control: None,
            ending: None,
            enquire_links_unanswered: 0,
            started: now,
            received_at: now,
            active: now,
            outputs: VecDeque::new(),
        }
    }

    /// Records a received PDU and classifies it for the caller.
    pub fn received(&mut self, header: &Header, now: Instant) -> Verdict {
        if self.state == State::Closed {
            return Verdict::Handled;
        }
        self.received_at = now;
        self.enquire_links_unanswered = 0;
        let id = header.command_id;
        match id {
            _ if id.is_response() => self.response_received(header, now),
            CommandId::ENQUIRE_LINK => self.reply(header, Status::ESME_ROK),
            CommandId::UNBIND => self.unbind_received(header, now),
            CommandId::OUTBIND => self.outbind_received(header),
            CommandId::ALERT_NOTIFICATION if self.permits(id) => Verdict::Notification,
            CommandId::ALERT_NOTIFICATION => Verdict::Handled,
            _ => match BindKind::from_command_id(id) {
                Some(kind) => self.bind_received(header, kind),
                None => self.request_received(header, now),
            },
        }
    }

    /// Applies one input.
    pub fn handle(&mut self, input: Input, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        match input {
            Input::Tick => self.tick(now),
            Input::Lost => self.end(),
            Input::BadLength(fault) => {
                let status = Status::ESME_RINVCMDLEN;
                self.send(Header::bare(CommandId::GENERIC_NACK, status, fault.sequence_number));
                self.close(Reason::BadLength);
            }
            Input::Unbind => self.unbind(Reason::Unbound, now),
        }
    }

    /// The next thing to do, or `None` when it is time to wait.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let own = match self.state {
            State::Open | State::Outbound | State::Binding(_) => {
                self.started.checked_add(self.config.bind_timeout)
            }
            State::Bound(_) => earlier(self.link_due(), self.inactivity_due()),
            State::Unbinding => earlier(self.control_due(), self.ending.and_then(|ending| ending.due)),
            State::Closed => return None,
        };
        earlier(own, self.sent.deadline())
    }

    /// Asks for the sequence number of a request of ours; `token` comes back
    /// with its end. Write the PDU before anything else.
    pub fn request(&mut self, id: CommandId, token: u64, now: Instant) -> Result<u32, RequestError> {
        let State::Bound(kind) = self.state else { return Err(RequestError::NotBound) };
        if !rules::may_request(self.config.side, kind, id) {
            return Err(RequestError::WrongBind);
        }
        let sequence = self.sent.insert(id, token, now).ok_or(RequestError::WindowFull)?;
        self.active = now;
        Ok(sequence)
    }

    /// Takes back a request that was not sent after all.
    pub fn cancel(&mut self, sequence_number: u32) -> Option<u64> {
        self.sent.remove(sequence_number).map(|pending| pending.token)
    }

    /// The number for a request that has no response: alert_notification, outbind.
    pub fn unanswerable(&mut self) -> u32 {
        self.sent.next_sequence()
    }

    /// Notes that a [`Verdict::Request`] has been answered.
    pub fn answered(&mut self, now: Instant) {
        self.received = self.received.saturating_sub(1);
        self.active = now;
        self.send_last_pdu_if_idle(now);
    }

    /// Answers a [`Verdict::Request`] or [`Verdict::Bind`] with an error and no
    /// body. For one with a malformed body, `status` is [`crate::Error::status`].
    pub fn refuse(&mut self, header: &Header, status: Status, now: Instant) {
        self.reply(header, status);
        if BindKind::from_command_id(header.command_id).is_some() {
            if matches!(self.state, State::Binding(_)) {
                self.state = State::Open;
            }
        } else {
            self.answered(now);
        }
    }

    /// Accepts the ESME's bind: the session is bound, with the version
    /// returned. Write the response at once, with `sc_interface_version` if
    /// that version has TLVs (SMPP 3.4 §5.3.2.25).
    pub fn accept(&mut self, interface_version: u8, now: Instant) -> Version {
        if let State::Binding(kind) = self.state {
            self.state = State::Bound(kind);
            self.active = now;
            self.version = Version::from_interface_version(interface_version).min(self.config.version_max);
        }
        self.version
    }

    /// Asks for the sequence number of a bind. The bind is sent by an ESME in
    /// state [`State::Open`] or [`State::Outbound`], otherwise the answer is `None`.
    pub fn bind(&mut self, kind: BindKind, now: Instant) -> Option<u32> {
        if self.config.side != Side::Esme || !matches!(self.state, State::Open | State::Outbound) {
            return None;
        }
        self.state = State::Binding(kind);
        Some(self.control(kind.command_id(), now))
    }

    /// Asks for the sequence number of an outbind, which only a centre in
    /// state [`State::Open`] sends.
    pub fn outbind(&mut self) -> Option<u32> {
        if self.config.side != Side::Centre || self.state != State::Open {
            return None;
        }
        self.state = State::Outbound;
        Some(self.unanswerable())
    }

    /// Sets the version after [`Verdict::Bound`]. A centre that does not
    /// state its version has 3.3, unless it accepted a bind_transceiver, which
    /// 3.3 does not have.
    pub fn negotiate(&mut self, sc_interface_version: Option<u8>) -> Version {
        let peer_version = match (sc_interface_version, self.state) {
            (Some(octet), _) => Version::from_interface_version(octet),
            (None, State::Bound(BindKind::Transceiver)) => Version::V3_4,
            (None, _) => Version::V3_3,
        };
        self.version = peer_version.min(self.config.version_max);
        self.version
    }

    /// Sets the version, for a peer that is known to state a wrong one.
    pub const fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// The version that both sides use; 3.3 until the session is bound.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The state of the session.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Our requests without a response.
    pub const fn sent_open(&self) -> usize {
        self.sent.len()
    }

    /// How many more requests of ours the window takes.
    pub const fn window_room(&self) -> usize {
        self.sent.room()
    }

    /// The peer's requests that we have not answered.
    pub const fn received_open(&self) -> usize {
        self.received
    }
}

/// The earlier of two deadlines, where `None` is never.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
