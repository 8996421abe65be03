//! Conversion of SIP requests to submissions, and of deliveries to SIP requests, without socket or clock.
//!
//! This module defines the vocabulary of the X-SMS header fields for this crate: the seven fields of
//! the SIP link, and the four of receipts. The transaction task and `dial` use the same constants for
//! the message id, the type and a reduced validity; test clients have their own.

mod envelope;
mod incoming;
mod number;
mod outgoing;
mod receipt;

pub use envelope::{notification, remote_receipt};
pub use incoming::{ReceivedMessage, Rules, Sender, read};
pub use number::{destination, source};
pub use outgoing::{Ends, RequestBuilder, request_builders};
pub use receipt::{read as read_receipt, text as receipt_text};

/// Names of the header fields of the SIP link, as they are written. They match in any case.
pub mod header {
    /// Hex of the user data header with its length octet.
    pub const UDH: &str = "X-SMS-UDH";
    /// 0 GSM 7 bit, 1 8 bit, 2 UCS2.
    pub const CODING: &str = "X-SMS-CODING";
    /// The end of the validity period.
    pub const VALIDITY: &str = "X-SMS-VALIDITY";
    /// 0 flash, 1 mobile equipment, 2 SIM, 3 terminal equipment.
    pub const CLASS: &str = "X-M-CLASS";
    /// SMPP's registered_delivery.
    pub const REG_DELIVERY: &str = "X-REG-DELIVERY";
    /// The connection that received the message.
    pub const SMSC_ID: &str = "X-SMSC-ID";
    /// When the centre accepted the message.
    pub const DELIVERY_TIME: &str = "X-DELIVERY_TIME";
    /// The same value, since some proxies drop a name with an underscore.
    pub const DELIVERY_TIME_TOO: &str = "X-DELIVERY-TIME";
    /// `receipt` marks a receipt.
    pub const TYPE: &str = "X-SMS-TYPE";
    /// In a request, the id of the message in the sender, by which the receiver detects duplicates; in a
    /// 200, the id in the receiver; in a receipt, the id from the 200.
    pub const MSG_ID: &str = "X-SMS-MSG-ID";
    /// The state as in SMPP's receipt text.
    pub const STATE: &str = "X-SMS-STATE";
    /// The error number in three digits; 000 is none.
    pub const ERR: &str = "X-SMS-ERR";
}

/// Whether a header field belongs to the SIP link.
fn is_ours(name: &str) -> bool {
    const OURS: [&str; 12] = [
        header::UDH,
        header::CODING,
        header::VALIDITY,
        header::CLASS,
        header::REG_DELIVERY,
        header::SMSC_ID,
        header::DELIVERY_TIME,
        header::DELIVERY_TIME_TOO,
        header::TYPE,
        header::MSG_ID,
        header::STATE,
        header::ERR,
    ];
    OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

/// Lower-case hex.
fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// Octets of an even number of hex digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests;
