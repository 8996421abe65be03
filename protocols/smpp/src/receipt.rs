//! The text of a delivery receipt (SMPP 3.4, appendix B), written as the
//! standard has it and read as centres send it.
//!
//! `id:… sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:…`

use crate::pdu::{EsmClass, MessageType, Sm};
use crate::state::MessageState;
use crate::time;
use crate::tlv::{Tag, Tlvs};

mod id;
mod reader;

pub use id::IdMatch;

/// Octets of the message that a receipt repeats.
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
    /// The start of the message, cut here to [`TEXT_LENGTH_MAX`] octets. It must be
    /// in the encoding of the receipt.
    pub text: &'a [u8],
}

impl Receipt<'_> {
    /// Appends the text of the receipt.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"id:");
        out.extend_from_slice(self.id);
        out.extend_from_slice(
            format!(" sub:{:03} dlvrd:{:03} submit date:", self.sub, self.dlvrd).as_bytes(),
        );
        out.extend_from_slice(&time::receipt_date(self.submit_date, self.offset_minutes));
        out.extend_from_slice(b" done date:");
        out.extend_from_slice(&time::receipt_date(self.done_date, self.offset_minutes));
        out.extend_from_slice(format!(" stat:{} err:{:03} text:", self.stat.stat(), self.err).as_bytes());
        out.extend_from_slice(self.text.get(..TEXT_LENGTH_MAX).unwrap_or(self.text));
    }
}

/// Hides the text.
impl std::fmt::Debug for Receipt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.id.escape_ascii().to_string();
        f.debug_struct("Receipt").field("id", &id).field("stat", &self.stat).finish_non_exhaustive()
    }
}

/// A receipt that came. Every field may be missing; what is there is as the centre wrote it.
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
    /// The state in words: [`ReceivedReceipt::state`].
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
    /// TLVs first, its text for what they leave open. `None` if the message
    /// says that it is something else.
    ///
    /// Some centres leave `esm_class` at zero; such a message is a receipt if it
    /// has the TLV `receipted_message_id`, or a text with both an id and a state.
    pub fn from_deliver_sm(sm: &Sm<'a>) -> Option<Self> {
        Self::from_parts(sm.esm_class, sm.user_data(), sm.tlvs)
    }

    /// As [`ReceivedReceipt::from_deliver_sm`], for a data_sm.
    pub fn from_parts(esm_class: EsmClass, user_data: &'a [u8], tlvs: Tlvs<'a>) -> Option<Self> {
        let said = match esm_class.message_type() {
            Some(MessageType::DeliveryReceipt | MessageType::IntermediateNotification) => true,
            Some(MessageType::Default) => false,
            _ => return None,
        };
        let mut receipt = Self::parse(user_data);
        let id = tlvs.get(Tag::RECEIPTED_MESSAGE_ID).map(|tlv| tlv.c_octets()).filter(|id| !id.is_empty());
        if !said && id.is_none() && (receipt.id.is_none() || receipt.state().is_none()) {
            return None;
        }
        receipt.id = id.or(receipt.id);
        receipt.message_state = tlvs.get(Tag::MESSAGE_STATE).and_then(|tlv| tlv.u8().ok()).map(MessageState);
        receipt.network_error_code = match tlvs.get(Tag::NETWORK_ERROR_CODE).map(|tlv| tlv.value) {
            Some(&[network, high, low]) => Some((network, u16::from_be_bytes([high, low]))),
            _ => None,
        };
        Some(receipt)
    }

    /// Reads the text of a receipt: keys in any order and case, any of them missing.
    pub fn parse(text: &'a [u8]) -> Self {
        reader::read(text)
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
