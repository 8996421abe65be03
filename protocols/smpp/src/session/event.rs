//! The inputs, outputs, states and close reasons of an SMPP session.

use std::time::Instant;

use crate::command::Header;
use crate::frame::BadLength;
use crate::pdu::BindKind;
use crate::status::Status;

/// The state of a session (SMPP 3.4 §2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Connected, not bound.
    Open,
    /// The centre sent outbind and waits for a bind.
    Outbound,
    /// A bind waits for its response.
    Binding(BindKind),
    /// Messages may flow.
    Bound(BindKind),
    /// One side has asked to unbind; the requests in flight end first.
    Unbinding,
    /// Over. Close the connection if it is not closed yet.
    Closed,
}

/// An event other than a PDU.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Input {
    /// [`super::Session::deadline`] has come.
    Tick,
    /// The connection is gone.
    Lost,
    /// The stream cannot be read any further ([`crate::Batch::fault`]).
    BadLength(BadLength),
    /// Our side unbinds: the requests in flight end first, then the session closes.
    Unbind,
}

/// An action for the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Output {
    /// Send this PDU, which has no body: [`Header::encode`].
    Send(Header),
    /// This request of ours will get no response.
    Unanswered {
        /// The caller's identifier of the request.
        token: u64,
    },
    /// Send what is still to be sent, then close the connection.
    Close(Reason),
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// It was unbound by us or by the peer.
    Unbound,
    /// It was not bound in time.
    BindTimeout,
    /// enquire_link was not answered.
    EnquireLinkUnanswered,
    /// No message was sent or received for too long.
    Inactive,
    /// The peer sent an impossible `command_length`.
    BadLength,
}

/// The class of a received PDU.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// A request. Decode it, carry it out, write the response and call
    /// [`super::Session::answered`]; or call [`super::Session::refuse`].
    Request,
    /// The response to a request of ours; `command_status` is in the header.
    Response {
        /// The caller's identifier of the request.
        token: u64,
        /// When it was sent.
        sent: Instant,
    },
    /// A bind to authenticate. Then call [`super::Session::accept`] and write the
    /// response, or call [`super::Session::refuse`].
    Bind(BindKind),
    /// Our bind succeeded. Decode the response and call
    /// [`super::Session::negotiate`] with its `sc_interface_version`.
    Bound(BindKind),
    /// Our bind was refused; another may be tried before the bind time-out.
    BindRefused(Status),
    /// The centre asks us to bind. Decode it, check its password, then [`super::Session::bind`].
    Outbind,
    /// A request that has no response (alert_notification).
    Notification,
    /// A response that matches no request of ours, or a late one.
    Unmatched,
    /// A request that the session has refused with this status.
    Refused(Status),
    /// The session has handled it; there may be outputs to [`super::Session::poll`].
    Handled,
}

/// Why a request cannot be made now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// The session is not bound, or is being unbound.
    #[error("session is not bound")]
    NotBound,
    /// The session is bound, but not for this request.
    #[error("session is not bound for this request")]
    WrongBind,
    /// As many requests wait for a response as the window takes.
    #[error("window is full")]
    WindowFull,
}
