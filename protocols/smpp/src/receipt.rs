//! The text of a delivery receipt, written and read (SMPP 3.4, appendix B).
//!
//! `id:… sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:…`
//!
//! The same text travels in deliver_sm and data_sm, and in the body of a SIP MESSAGE. A wire
//! chooses two things: the offset of the dates from UTC ([`Receipt::offset_minutes`]), and how
//! much of the message is repeated ([`Receipt::write`] or [`Receipt::write_whole`]).
//!
//! ```
//! use smpp::MessageState;
//! use smpp::receipt::{Receipt, ReceivedReceipt, excerpt};
//!
//! let excerpt = excerpt("Grüße aus Köln, bis bald!");
//! let receipt = Receipt {
//!     id: b"77",
//!     sub: 1,
//!     dlvrd: 1,
//!     submit_date: 1_795_453_509,
//!     done_date: 1_795_453_569,
//!     offset_minutes: 0,
//!     stat: MessageState::DELIVERED,
//!     err: 0,
//!     text: excerpt.as_bytes(),
//! };
//! let mut text = Vec::new();
//! receipt.write_whole(&mut text);
//! let expected = "id:77 sub:001 dlvrd:001 submit date:2611231705 done date:2611231706 \
//!                 stat:DELIVRD err:000 text:Grüße aus Köln, bis ";
//! assert_eq!(str::from_utf8(&text), Ok(expected));
//! assert_eq!(ReceivedReceipt::parse(&text).state(), Some(MessageState::DELIVERED));
//! ```

use crate::pdu::{EsmClass, MessageType, Sm};
use crate::state::MessageState;
use crate::time;
use crate::tlv::{Tag, Tlvs};

mod id;
mod reader;

pub use id::IdMatch;

/// Octets, or characters in a receipt that is Unicode text, of the message that a receipt repeats.
pub const TEXT_LENGTH_MAX: usize = 20;

/// A receipt to be written.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Receipt<'a> {
    /// The id that submit_sm_resp gave, octet for octet.
    pub id: &'a [u8],
    /// Messages submitted.
    pub sub: u16,
    /// Messages delivered.
    pub dlvrd: u16,
    /// When it was submitted, in seconds since 1970.
    pub submit_date: i64,
    /// When it reached its state, in seconds since 1970.
    pub done_date: i64,
    /// How far the centre's local time is ahead of UTC.
    pub offset_minutes: i32,
    /// The state.
    pub stat: MessageState,
    /// The network's or the centre's error; 0 is none.
    pub err: u16,
    /// The start of the message, in the encoding of the receipt.
    pub text: &'a [u8],
}

impl Receipt<'_> {
    /// Appends the text of the receipt, with the first [`TEXT_LENGTH_MAX`] octets of `text`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let text = self.text.get(..TEXT_LENGTH_MAX).unwrap_or(self.text);
        Receipt { text, ..*self }.write_whole(out);
    }

    /// Appends the text of the receipt, with all of `text`: [`excerpt`] cuts it where the receipt
    /// is Unicode text.
    pub fn write_whole(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"id:");
        out.extend_from_slice(self.id);
        out.extend_from_slice(
            format!(" sub:{:03} dlvrd:{:03} submit date:", self.sub, self.dlvrd).as_bytes(),
        );
        out.extend_from_slice(&time::receipt_date(self.submit_date, self.offset_minutes));
        out.extend_from_slice(b" done date:");
        out.extend_from_slice(&time::receipt_date(self.done_date, self.offset_minutes));
        out.extend_from_slice(format!(" stat:{} err:{:03} text:", self.stat.stat(), self.err).as_bytes());
        out.extend_from_slice(self.text);
    }
}

/// The start of a message for [`Receipt::text`] in a receipt that is Unicode text:
/// [`TEXT_LENGTH_MAX`] characters, control characters left out.
pub fn excerpt(message: &str) -> String {
    message.chars().filter(|character| !character.is_control()).take(TEXT_LENGTH_MAX).collect()
}

/// Hides the text.
impl std::fmt::Debug for Receipt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.id.escape_ascii().to_string();
        f.debug_struct("Receipt").field("id", &id).field("stat", &self.stat).finish_non_exhaustive()
    }
}

/// A receipt that was received. Every field may be missing; a field that is present is as the centre wrote it.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct ReceivedReceipt<'a> {
    /// The centre's id of the message. It may be written otherwise than in
    /// submit_sm_resp: see [`IdMatch`].
    pub id: Option<&'a [u8]>,
    /// Messages submitted.
    pub sub: Option<&'a [u8]>,
    /// Messages delivered.
    pub dlvrd: Option<&'a [u8]>,
    /// When it was submitted: [`time::parse_receipt_date`].
    pub submit_date: Option<&'a [u8]>,
    /// When it reached its state: [`time::parse_receipt_date`].
    pub done_date: Option<&'a [u8]>,
    /// The state, as a word or as its number: [`ReceivedReceipt::state`].
    pub stat: Option<&'a [u8]>,
    /// The error, often but not always three decimal digits.
    pub err: Option<&'a [u8]>,
    /// The start of the message; `None` also if it is empty.
    pub text: Option<&'a [u8]>,
    /// The TLV `message_state`, which counts more than `stat`.
    pub message_state: Option<MessageState>,
    /// The TLV `network_error_code`: network type and error.
    pub network_error_code: Option<(u8, u16)>,
}

impl<'a> ReceivedReceipt<'a> {
    /// Reads a receipt or an intermediate notification out of deliver_sm: its
    /// TLVs first, then its text for the fields that have no TLV. `None` if
    /// `esm_class` marks another type of message.
    ///
    /// Some centres leave `esm_class` at zero; such a message is a receipt if it
    /// has the TLV `receipted_message_id`, or a text with both the key of an id and
    /// the key and the text of a state.
    pub fn from_deliver_sm(sm: &Sm<'a>) -> Option<Self> {
        Self::from_parts(sm.esm_class, sm.user_data(), sm.tlvs)
    }

    /// As [`ReceivedReceipt::from_deliver_sm`], for a data_sm.
    pub fn from_parts(esm_class: EsmClass, user_data: &'a [u8], tlvs: Tlvs<'a>) -> Option<Self> {
        let is_marked = match esm_class.message_type() {
            Some(MessageType::DeliveryReceipt | MessageType::IntermediateNotification) => true,
            Some(MessageType::Default) => false,
            _ => return None,
        };
        let mut receipt = reader::read(user_data);
        let id = tlvs.get(Tag::RECEIPTED_MESSAGE_ID).map(|tlv| tlv.c_octets()).filter(|id| !id.is_empty());
        // A chat may contain "id:" and a number; only a state in words makes it a receipt.
        let has_both =
            receipt.id.is_some() && receipt.stat.is_some_and(|stat| MessageState::from_word(stat).is_some());
        if !is_marked && id.is_none() && !has_both {
            return None;
        }
        reader::read_longer_keys(&mut receipt, user_data);
        receipt.id = id.or(receipt.id);
        receipt.message_state = tlvs.get(Tag::MESSAGE_STATE).and_then(|tlv| tlv.u8().ok()).map(MessageState);
        receipt.network_error_code = match tlvs.get(Tag::NETWORK_ERROR_CODE).map(|tlv| tlv.value) {
            Some(&[network, high, low]) => Some((network, u16::from_be_bytes([high, low]))),
            _ => None,
        };
        Some(receipt)
    }

    /// Reads the text of a receipt: keys in any order, case and spelling that centres
    /// use, any of them missing. It does not decide whether the text is a receipt.
    pub fn parse(text: &'a [u8]) -> Self {
        let mut receipt = reader::read(text);
        reader::read_longer_keys(&mut receipt, text);
        receipt
    }

    /// The state, from the TLV or from `stat`.
    pub fn state(&self) -> Option<MessageState> {
        self.message_state.or_else(|| MessageState::from_stat(self.stat?))
    }

    /// `err` as a number, if it is decimal.
    pub fn error_code(&self) -> Option<u32> {
        number(self.err?)
    }

    /// `sub` as a number.
    pub fn submitted(&self) -> Option<u32> {
        number(self.sub?)
    }

    /// `dlvrd` as a number.
    pub fn delivered(&self) -> Option<u32> {
        number(self.dlvrd?)
    }
}

/// Hides the text.
impl std::fmt::Debug for ReceivedReceipt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.id.map(|id| id.escape_ascii().to_string());
        f.debug_struct("ReceivedReceipt")
            .field("id", &id)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
