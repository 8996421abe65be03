//! Receipts: SMPP's receipt text (SMPP 3.4 appendix B) and the X-SMS header fields.

use compact_str::CompactString;
use sip::Request;
use smpp::MessageState;
use smpp::receipt::{self as text_form, ReceivedReceipt};
use sms::coding::{Alphabet, DataCoding};
use smsc::receipt::{Receipt, RemoteReceipt, State};
use smsc::timestamp::Timestamp;

use super::header;

/// The receipt as SMPP's text, with dates in UTC.
pub fn text(receipt: &Receipt) -> Vec<u8> {
    let (id, excerpt) = (receipt.about.to_string(), excerpt(receipt));
    let mut text = Vec::with_capacity(128);
    text_form::Receipt {
        id: id.as_bytes(),
        sub: 1,
        dlvrd: receipt.state.is_success().into(),
        submit_date: seconds(receipt.submitted_at),
        done_date: seconds(receipt.done_at),
        offset_minutes: 0,
        stat: MessageState(receipt.state.number()),
        err: receipt.error.into(),
        text: excerpt.as_bytes(),
    }
    .write_whole(&mut text);
    text
}

/// The state as in SMPP's receipt text (SMPP 3.4 appendix B, table B-2; 5.0 §4.7.15 for SCHEDULED).
pub(super) fn word(state: State) -> &'static str {
    MessageState(state.number()).stat()
}

/// Reads a MESSAGE with `X-SMS-TYPE: receipt` from `link`; `None` if id or state is missing. Fields that
/// the headers lack are read from the text.
pub fn read(request: &Request, link: &str) -> Option<RemoteReceipt> {
    let body = ReceivedReceipt::parse(&request.body);
    let header = |name| request.headers.get_named(name).map(str::trim).filter(|value| !value.is_empty());
    let id = header(header::MSG_ID).map(CompactString::from);
    let id = id.or_else(|| body.id.map(CompactString::from_utf8_lossy))?;
    let state = match header(header::STATE) {
        Some(stated) => MessageState::from_stat(stated.as_bytes()),
        None => body.state(),
    };
    let error = match header(header::ERR) {
        Some(stated) => stated.parse().ok(),
        None => body.error_code().and_then(|code| u8::try_from(code).ok()),
    };
    Some(RemoteReceipt {
        link: link.into(),
        remote_ids: vec![id],
        state: state.and_then(|state| State::from_number(state.0))?,
        error: error.unwrap_or_default(),
    })
}

fn excerpt(receipt: &Receipt) -> String {
    let coding = DataCoding(receipt.excerpt_coding);
    let text = match coding.alphabet() {
        Alphabet::EightBit => return String::new(),
        alphabet => sms::text::decode(alphabet, sms::alphabet::Shifts::NONE, &receipt.excerpt),
    };
    text_form::excerpt(&text.unwrap_or_default())
}

fn seconds(moment: Timestamp) -> i64 {
    i64::try_from(moment.seconds()).unwrap_or(i64::MAX)
}
