//! TCAP and SCCP messages of faults, encoded octet by octet (ITU-T Q.773, Q.713).

use bytes::{BufMut, BytesMut};

const BEGIN: u8 = 0x62;
const CONTINUE: u8 = 0x65;
const ABORT: u8 = 0x67;
const ORIGINATING_ID: u8 = 0x48;
const DESTINATION_ID: u8 = 0x49;
const P_ABORT_CAUSE: u8 = 0x4a;
/// SCCP: unitdata service.
const UDTS: u8 = 0x0a;

/// The originating transaction id of a BEGIN or CONTINUE.
pub(super) fn originating_transaction_id(message: &[u8]) -> Option<&[u8]> {
    let (tag, contents, _) = element(message)?;
    let (first, id, _) = element(contents)?;
    (matches!(tag, BEGIN | CONTINUE) && first == ORIGINATING_ID).then_some(id)
}

/// TC-P-ABORT.
pub(super) fn provider_abort(transaction: &[u8], cause: u8) -> Vec<u8> {
    let mut contents = encode_element(DESTINATION_ID, transaction);
    contents.extend(encode_element(P_ABORT_CAUSE, &[cause]));
    encode_element(ABORT, &contents)
}

/// The UDTS that returns a message; `None` if it does not fit.
pub(super) fn unitdata_service(
    called: &sccp::Address,
    calling: &sccp::Address,
    data: &[u8],
    cause: u8,
) -> Option<BytesMut> {
    let address = |address: &sccp::Address| {
        let mut octets = BytesMut::new();
        address.encode(&mut octets).ok()?;
        Some(octets)
    };
    // The calling address becomes the called one.
    let (called, calling) = (address(calling)?, address(called)?);
    let length = |octets: &[u8]| u8::try_from(octets.len()).ok();
    let (called_length, calling_length) = (length(&called)?, length(&calling)?);
    let to_calling = called_length.checked_add(3)?;
    let to_data = to_calling.checked_add(calling_length)?;
    let mut message = BytesMut::with_capacity(data.len() + 64);
    // Each pointer counts from itself to the length of its part.
    message.put_slice(&[UDTS, cause, 3, to_calling, to_data]);
    message.put_u8(called_length);
    message.put_slice(&called);
    message.put_u8(calling_length);
    message.put_slice(&calling);
    message.put_u8(length(data)?);
    message.put_slice(data);
    Some(message)
}

/// The element at the head: its tag of one octet, its contents, and what follows it.
fn element(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = octets.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// A short element; transaction ids have at most four octets.
fn encode_element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut octets = vec![tag, u8::try_from(contents.len()).unwrap_or(u8::MAX)];
    octets.extend_from_slice(contents);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: [u8; 12] = [0x62, 0x0a, 0x48, 0x04, 1, 2, 3, 4, 0x6c, 0x02, 0xa1, 0x00];

    #[test]
    fn the_originating_transaction_id_is_found() {
        assert_eq!(originating_transaction_id(&BEGUN), Some(&[1, 2, 3, 4][..]));
        assert_eq!(originating_transaction_id(&provider_abort(&[1, 2, 3, 4], 1)), None);
        for length in 0..BEGUN.len() {
            assert_eq!(originating_transaction_id(&BEGUN[..length]), None);
        }
    }

    #[test]
    fn an_abort_is_encoded_as_in_the_standard() {
        assert_eq!(provider_abort(&[1, 2, 3, 4], 4), [0x67, 9, 0x49, 4, 1, 2, 3, 4, 0x4a, 1, 4]);
    }

    #[test]
    fn a_returned_message_is_addressed_to_its_sender() {
        let called = sccp::Address::ssn(None, 6);
        let calling = sccp::Address::ssn(None, 8);
        let octets = unitdata_service(&called, &calling, &[0xaa, 0xbb], 1).unwrap();
        assert_eq!(&octets[..], [0x0a, 1, 3, 5, 7, 2, 0x42, 8, 2, 0x42, 6, 2, 0xaa, 0xbb]);
        assert!(unitdata_service(&called, &calling, &[0; 256], 1).is_none());
    }
}
