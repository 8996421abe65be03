//! `message_state`, the state of a message, as a number and as the text of a receipt (SMPP 3.4 §5.2.28; SMPP 5.0 §4.7.15).

use crate::codes::codes;

codes! {
    /// The state of a message, in query_sm_resp, receipts and the TLV `message_state`.
    MessageState(u8) {
        SCHEDULED = 0, "delivery has not been tried yet";
        ENROUTE = 1, "on its way";
        DELIVERED = 2, "delivered to its destination";
        EXPIRED = 3, "its validity ended";
        DELETED = 4, "deleted";
        UNDELIVERABLE = 5, "cannot be delivered";
        ACCEPTED = 6, "accepted: read on behalf of the subscriber";
        UNKNOWN = 7, "in an invalid state";
        REJECTED = 8, "rejected";
        SKIPPED = 9, "accepted, but not sent on";
    }
}

/// Each state and its text after `stat:` in a receipt (SMPP 3.4, appendix B).
const STATS: [(MessageState, &str); 10] = [
    (MessageState::SCHEDULED, "SCHEDLD"),
    (MessageState::ENROUTE, "ENROUTE"),
    (MessageState::DELIVERED, "DELIVRD"),
    (MessageState::EXPIRED, "EXPIRED"),
    (MessageState::DELETED, "DELETED"),
    (MessageState::UNDELIVERABLE, "UNDELIV"),
    (MessageState::ACCEPTED, "ACCEPTD"),
    (MessageState::UNKNOWN, "UNKNOWN"),
    (MessageState::REJECTED, "REJECTD"),
    (MessageState::SKIPPED, "SKIPPED"),
];

impl MessageState {
    /// The state as it is written after `stat:` in a receipt; `UNKNOWN` for a state that no standard names.
    pub fn stat(self) -> &'static str {
        STATS.iter().find(|(state, _)| *state == self).map_or("UNKNOWN", |(_, stat)| stat)
    }

    /// Reads the value after `stat:`: the number of a named state, or its text in any
    /// case, cut short or in full (`DELIVERED`, `UNDELIVERABLE`, `REJECTED`).
    pub fn from_stat(stat: &[u8]) -> Option<Self> {
        let number: Option<u8> = str::from_utf8(stat).ok().and_then(|text| text.parse().ok());
        match number.map(Self) {
            Some(state) => Some(state).filter(|state| state.name().is_some()),
            None => Self::from_word(stat),
        }
    }

    /// As [`MessageState::from_stat`], without numbers.
    pub(crate) fn from_word(word: &[u8]) -> Option<Self> {
        let begins = |with: &str| {
            word.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
        };
        let exact = STATS.iter().find(|(_, name)| word.eq_ignore_ascii_case(name.as_bytes()));
        if let Some((state, _)) = exact {
            return Some(*state);
        }
        let stems = [
            ("DELIV", Self::DELIVERED),
            ("EXPIR", Self::EXPIRED),
            ("DELET", Self::DELETED),
            ("UNDEL", Self::UNDELIVERABLE),
            ("ACCEP", Self::ACCEPTED),
            ("ACKED", Self::ACCEPTED),
            ("UNKNO", Self::UNKNOWN),
            ("REJEC", Self::REJECTED),
            ("FAILED", Self::UNDELIVERABLE),
            ("ENROU", Self::ENROUTE),
            ("BUFFE", Self::ENROUTE),
            ("SCHED", Self::SCHEDULED),
            ("SKIPP", Self::SKIPPED),
        ];
        stems.iter().find(|(stem, _)| begins(stem)).map(|(_, state)| *state)
    }

    /// Whether nothing more will happen to the message.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::SCHEDULED | Self::ENROUTE)
    }
}
