//! The client's side of one non-INVITE transaction (RFC 3261 §17.1.2.2, figure 6).

use std::time::{Duration, Instant};

use super::Timers;
use crate::status::Status;

/// One request on its way. Its octets and its destination are kept by the owner.
#[derive(Debug)]
pub struct Client {
    state: State,
    reliable: bool,
    timers: Timers,
    /// The interval of Timer E.
    interval: Duration,
    /// When Timer E fires, if the transport may lose messages.
    retransmit_at: Option<Instant>,
    /// When Timer F fires, or Timer K once completed.
    ends_at: Instant,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

/// What to do with a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// Hand it up.
    New,
    /// It is a copy; drop it.
    Copy,
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// Not yet.
    Nothing,
    /// Timer E: send the request again.
    Retransmit,
    /// Timer F: no final response. The transaction is over.
    TimedOut,
    /// Timer K: no more copies will come. The transaction is over.
    Ended,
}

impl Client {
    /// A transaction with its request sent at `now`.
    pub fn new(reliable: bool, timers: Timers, now: Instant) -> Self {
        Self {
            state: State::Trying,
            reliable,
            timers,
            interval: timers.t1,
            retransmit_at: if reliable { None } else { Some(now + timers.t1) },
            ends_at: now + timers.transaction(),
        }
    }

    /// Notes a response.
    pub fn handle(&mut self, status: Status, now: Instant) -> Heard {
        if self.state == State::Completed {
            return Heard::Copy;
        }
        if status.is_provisional() {
            // From now on a lost request is unlikely: Timer E slows down to T2.
            self.state = State::Proceeding;
            self.interval = self.timers.t2;
            return Heard::New;
        }
        self.state = State::Completed;
        self.retransmit_at = None;
        self.ends_at = if self.reliable { now } else { now + self.timers.t4 };
        Heard::New
    }

    /// Fires what is due at `now`.
    pub fn tick(&mut self, now: Instant) -> Due {
        if self.ends_at <= now {
            return if self.state == State::Completed { Due::Ended } else { Due::TimedOut };
        }
        if self.retransmit_at.is_none_or(|at| now < at) {
            return Due::Nothing;
        }
        self.interval = (self.interval * 2).min(self.timers.t2);
        self.retransmit_at = Some(now + self.interval);
        Due::Retransmit
    }

    /// When [`Client::tick`] is due.
    pub fn deadline(&self) -> Instant {
        self.retransmit_at.map_or(self.ends_at, |at| at.min(self.ends_at))
    }
}
