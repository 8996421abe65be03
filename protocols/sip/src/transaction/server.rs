//! The server's side of one non-INVITE transaction (RFC 3261 §17.2.2, figure 8).

use std::fmt;
use std::time::Instant;

use bytes::Bytes;

use super::Timers;

/// One request being answered.
pub struct Server {
    state: State,
    reliable: bool,
    timers: Timers,
    ends_at: Instant,
}

enum State {
    /// Nothing was answered: a copy of the request is dropped.
    Trying,
    /// A provisional response was sent: a copy gets it again.
    Proceeding(Bytes),
    /// A final response was sent: a copy gets it again, until Timer J.
    Completed(Bytes),
}

impl Server {
    /// A transaction with its request received at `now`.
    ///
    /// Without a final response within 64 × T1 it ends: by then the client's Timer F
    /// has fired, and a late 408 would only add load (RFC 4320 §4.2).
    pub fn new(reliable: bool, timers: Timers, now: Instant) -> Self {
        Self { state: State::Trying, reliable, timers, ends_at: now + timers.transaction() }
    }

    /// The request came again: what to send, if anything.
    pub fn repeated(&self) -> Option<Bytes> {
        match &self.state {
            State::Trying => None,
            State::Proceeding(response) | State::Completed(response) => Some(response.clone()),
        }
    }

    /// Notes the response; whether it is to be sent. After a final one no other is.
    pub fn respond(&mut self, response: Bytes, is_final: bool, now: Instant) -> bool {
        match self.state {
            State::Completed(_) => return false,
            State::Trying | State::Proceeding(_) if is_final => {
                self.state = State::Completed(response);
                self.ends_at = if self.reliable { now } else { now + self.timers.transaction() };
            }
            State::Trying | State::Proceeding(_) => self.state = State::Proceeding(response),
        }
        true
    }

    /// When the transaction is over: Timer J, or the limit of 64 × T1 without a final response.
    pub fn deadline(&self) -> Instant {
        self.ends_at
    }
}

impl fmt::Debug for Server {
    /// Without the response: it may hold a body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Trying => "Trying",
            State::Proceeding(_) => "Proceeding",
            State::Completed(_) => "Completed",
        };
        f.debug_struct("Server")
            .field("state", &state)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}
