//! Receipts: which ones a submitter requests, and what they contain.
//!
//! The centre decides here; how a receipt is written on a wire (SMPP's text and
//! TLVs, SIP headers, a status callback) is a gateway's matter.

use bytes::Bytes;
use compact_str::CompactString;

use crate::ids::MessageId;
use crate::timestamp::Timestamp;

/// The state of a message, with SMPP's numbers (SMPP 3.4 §5.2.28, 5.0 §4.7.15).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum State {
    /// Accepted, its time has not come.
    Scheduled = 0,
    /// On its way.
    Enroute = 1,
    /// Delivered to its destination.
    Delivered = 2,
    /// Its validity ran out.
    Expired = 3,
    /// Cancelled by its submitter or the operator.
    Deleted = 4,
    /// It cannot be delivered.
    Undeliverable = 5,
    /// Taken on behalf of the subscriber.
    Accepted = 6,
    /// The next hop never reported.
    Unknown = 7,
    /// Refused by a rule or by the next hop.
    Rejected = 8,
}

impl State {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Scheduled,
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
    ];

    /// The state of SMPP's number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// SMPP's number of the state.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Enroute)
    }

    /// Whether the message arrived.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Delivered | Self::Accepted)
    }
}

/// What the submitter asked for: SMPP's registered_delivery octet (SMPP 3.4 §5.2.17).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReceiptRequest(pub u8);

impl ReceiptRequest {
    /// No receipt at all.
    pub const NONE: Self = Self(0);
    /// A receipt however it ends.
    pub const ALWAYS: Self = Self(1);

    /// Whether a final receipt of `state` was asked for.
    pub const fn wants(self, state: State) -> bool {
        match self.0 & 0x03 {
            1 => true,
            2 => !state.is_success(),
            3 => state.is_success(), // SMPP 5.0; reserved in 3.4
            _ => false,
        }
    }

    /// Whether any final receipt was asked for.
    pub const fn wants_any(self) -> bool {
        self.0 & 0x03 != 0
    }

    /// Whether intermediate notifications were asked for (bit 4).
    pub const fn wants_intermediate(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// What the centre reports to the submitter about a message.
#[derive(Clone, Eq, PartialEq)]
pub struct Receipt {
    /// The message it is about.
    pub about: MessageId,
    /// How it ended, or where it stands.
    pub state: State,
    /// The reference system's error number, 0 to 255; 0 is none.
    pub error: u8,
    /// When the message was accepted.
    pub submitted_at: Timestamp,
    /// When it reached `state`.
    pub done_at: Timestamp,
    /// The first octets of the body, in its own coding, for SMPP's `text:` field.
    pub excerpt: Bytes,
    /// data_coding of the excerpt.
    pub excerpt_coding: u8,
    /// The submitter's own key of the message.
    pub client_key: Option<CompactString>,
}

impl Receipt {
    /// Whether more will follow.
    pub const fn is_intermediate(&self) -> bool {
        !self.state.is_final()
    }
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipt({} {:?} {:03})", self.about, self.state, self.error)
    }
}

/// How a message ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// A final state.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// The reference system's error number; 0 is none.
    pub error: u8,
}

/// A receipt that another centre sent us about a message we handed to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteReceipt {
    /// The link it came from.
    pub link: CompactString,
    /// The other centre's id of our message, in the forms it may have been given to us.
    pub remote_ids: Vec<CompactString>,
    /// The state.
    pub state: State,
    /// The other centre's error number, 0 to 255.
    pub error: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_44_registered_delivery_bits() {
        let all = ReceiptRequest(1);
        let failures = ReceiptRequest(2);
        let successes = ReceiptRequest(3);
        assert!(all.wants(State::Delivered) && all.wants(State::Expired));
        assert!(!failures.wants(State::Delivered) && failures.wants(State::Rejected));
        assert!(successes.wants(State::Delivered) && !successes.wants(State::Undeliverable));
        assert!(!ReceiptRequest(0).wants(State::Expired));
        assert!(ReceiptRequest(0x11).wants_intermediate() && !ReceiptRequest(0x0d).wants_intermediate());
    }

    #[test]
    fn states_keep_the_numbers_of_the_standard() {
        for state in State::ALL {
            assert_eq!(State::from_number(state.number()), Some(state));
        }
        assert_eq!(State::Rejected.number(), 8);
        assert_eq!(State::from_number(9), None);
    }
}
