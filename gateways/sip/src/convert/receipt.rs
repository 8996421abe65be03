//! Receipts: SMPP's receipt text (SMPP 3.4 appendix B) and the X-SMS header fields.

use compact_str::CompactString;
use sip::Request;
use sms::coding::{Alphabet, DataCoding};
use smsc::receipt::{Receipt, RemoteReceipt, State};

use super::header;
use crate::dates;

/// Characters of the message that a receipt quotes.
const EXCERPT_MAX: usize = 20;

/// The receipt as SMPP's text.
pub fn text(receipt: &Receipt) -> String {
    let delivered = u8::from(receipt.state.is_success());
    format!(
        "id:{} sub:001 dlvrd:{delivered:03} submit date:{} done date:{} stat:{} err:{:03} text:{}",
        receipt.about,
        dates::write_receipt(receipt.submitted_at),
        dates::write_receipt(receipt.done_at),
        word(receipt.state),
        receipt.error,
        excerpt(receipt),
    )
}

/// The state as SMPP's text spells it (SMPP 3.4 appendix B, table B-2; 5.0 §4.7.15 for SCHEDULED).
pub(super) const fn word(state: State) -> &'static str {
    match state {
        State::Scheduled => "SCHEDLD",
        State::Enroute => "ENROUTE",
        State::Delivered => "DELIVRD",
        State::Expired => "EXPIRED",
        State::Deleted => "DELETED",
        State::Undeliverable => "UNDELIV",
        State::Accepted => "ACCEPTD",
        State::Unknown => "UNKNOWN",
        State::Rejected => "REJECTD",
    }
}

/// Reads a MESSAGE with `X-SMS-TYPE: receipt` from `link`; `None` if id or state is missing. Fields that
/// the headers lack are read from the text.
pub fn read(request: &Request, link: &str) -> Option<RemoteReceipt> {
    let body = String::from_utf8_lossy(&request.body);
    let header = |name| request.headers.get_named(name).map(str::trim).filter(|value| !value.is_empty());
    let id = header(header::MSG_ID).or_else(|| field(&body, "id:"))?;
    let state = header(header::STATE).or_else(|| field(&body, "stat:")).and_then(state)?;
    let error = header(header::ERR).or_else(|| field(&body, "err:")).and_then(|text| text.parse().ok());
    Some(RemoteReceipt {
        link: link.into(),
        remote_ids: vec![CompactString::from(id)],
        state,
        error: error.unwrap_or_default(),
    })
}

/// A state by SMPP's name, in any case, whole or cut to seven letters, or by its number.
fn state(text: &str) -> Option<State> {
    if let Ok(number) = text.parse() {
        return State::from_number(number);
    }
    let stem = text.to_ascii_uppercase();
    let stem = stem.get(..5).unwrap_or(&stem);
    State::ALL.into_iter().find(|&state| word(state).starts_with(stem) && stem.len() == 5)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(name)?;
    after.split_ascii_whitespace().next()
}

fn excerpt(receipt: &Receipt) -> String {
    let coding = DataCoding(receipt.excerpt_coding);
    let text = match coding.alphabet() {
        Alphabet::EightBit => return String::new(),
        alphabet => sms::text::decode(alphabet, sms::alphabet::Shifts::NONE, &receipt.excerpt),
    };
    text.unwrap_or_default().chars().filter(|each| !each.is_control()).take(EXCERPT_MAX).collect()
}
