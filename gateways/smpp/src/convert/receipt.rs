//! Receipts: ours to an ESME, and another centre's to us (SMPP 3.4, appendix B).

use compact_str::CompactString;
use smpp::pdu::EsmClass;
use smpp::receipt::{self as text_form, IdMatch, ReceivedReceipt};
use smpp::{MessageState, Tlvs};
use smsc::names::Name;
use smsc::receipt::{Receipt, RemoteReceipt, State};

use super::delivery::Shape;
use super::{IdText, coding, times};
use crate::config::ReceiptIds;

/// The text of a receipt in the form that the account wants.
pub(crate) fn text(receipt: &Receipt, shape: &Shape) -> Vec<u8> {
    let id = IdText::new(receipt.about, shape.message_id_format);
    let excerpt = coding::excerpt(&receipt.excerpt, receipt.excerpt_coding, shape.text_coding);
    let length = excerpt.len().min(shape.receipt_text_octets);
    let mut text = Vec::with_capacity(128);
    text_form::Receipt {
        id: id.octets(),
        sub: 1,
        dlvrd: u16::from(receipt.state.is_success()),
        submit_date: times::seconds(receipt.submitted_at),
        done_date: times::seconds(receipt.done_at),
        offset_minutes: shape.receipt_offset_minutes.into(),
        stat: MessageState(receipt.state.number()),
        err: u16::from(receipt.error),
        text: excerpt.get(..length).unwrap_or_default(),
    }
    .write(&mut text);
    text
}

/// Reads another centre's receipt, if the message is one. The link's name is filled in.
pub(crate) fn remote_receipt(
    esm_class: EsmClass,
    user_data: &[u8],
    tlvs: Tlvs<'_>,
    link: &Name,
    ids: ReceiptIds,
) -> Option<RemoteReceipt> {
    let received = ReceivedReceipt::from_parts(esm_class, user_data, tlvs)?;
    let remote_ids = id_match(ids).candidates(received.id.unwrap_or_default());
    let error = received.error_code().or_else(|| received.network_error_code.map(|(_, code)| code.into()));
    Some(RemoteReceipt {
        link: link.clone(),
        remote_ids: remote_ids.iter().filter_map(|id| CompactString::from_utf8(id).ok()).collect(),
        state: received.state().and_then(|state| State::from_number(state.0)).unwrap_or(State::Unknown),
        error: u8::try_from(error.unwrap_or(0)).unwrap_or(u8::MAX),
    })
}

/// The form under which the id of another centre's answer is kept, so that its receipts find it.
pub(crate) fn remote_id(message_id: &[u8], ids: ReceiptIds) -> Option<Name> {
    let key = id_match(ids).key(message_id);
    CompactString::from_utf8(&key).ok().filter(|key| !key.is_empty())
}

const fn id_match(ids: ReceiptIds) -> IdMatch {
    match ids {
        ReceiptIds::Auto => IdMatch::Auto,
        ReceiptIds::Same => IdMatch::Exact,
        ReceiptIds::DecimalOfHex => IdMatch::HexThenDecimal,
        ReceiptIds::HexOfDecimal => IdMatch::DecimalThenHex,
    }
}
