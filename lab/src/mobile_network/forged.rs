//! Messages that our own TCAP and SCCP would not send, octet by octet (ITU-T Q.773, Q.713).

use bytes::{BufMut, BytesMut};

const BEGIN: u8 = 0x62;
const CONTINUE: u8 = 0x65;
const ABORT: u8 = 0x67;
const ORIGINATING_ID: u8 = 0x48;
const DESTINATION_ID: u8 = 0x49;
const P_ABORT_CAUSE: u8 = 0x4a;
/// SCCP: unitdata service.
const UDTS: u8 = 0x0a;

/// The transaction id by which the peer that sent `message` knows its dialogue.
pub(super) fn peers_transaction(message: &[u8]) -> Option<&[u8]> {
    let (tag, contents, _) = element(message)?;
    let (first, id, _) = element(contents)?;
    (matches!(tag, BEGIN | CONTINUE) && first == ORIGINATING_ID).then_some(id)
}

/// TC-P-ABORT.
pub(super) fn provider_abort(transaction: &[u8], cause: u8) -> Vec<u8> {
    let mut contents = written(DESTINATION_ID, transaction);
    contents.extend(written(P_ABORT_CAUSE, &[cause]));
    written(ABORT, &contents)
}

/// The UDTS with which a network returns a message; `None` if it does not fit.
pub(super) fn returned(
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
    // It goes back: whom it was from is whom it is for.
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
fn written(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut octets = vec![tag, u8::try_from(contents.len()).unwrap_or(u8::MAX)];
    octets.extend_from_slice(contents);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: [u8; 12] = [0x62, 0x0a, 0x48, 0x04, 1, 2, 3, 4, 0x6c, 0x02, 0xa1, 0x00];

    #[test]
    fn the_peers_transaction_is_found() {
        assert_eq!(peers_transaction(&BEGUN), Some(&[1, 2, 3, 4][..]));
        assert_eq!(peers_transaction(&provider_abort(&[1, 2, 3, 4], 1)), None);
        for length in 0..BEGUN.len() {
            assert_eq!(peers_transaction(&BEGUN[..length]), None);
        }
    }

    #[test]
    fn an_abort_is_what_the_standard_prints() {
        assert_eq!(provider_abort(&[1, 2, 3, 4], 4), [0x67, 9, 0x49, 4, 1, 2, 3, 4, 0x4a, 1, 4]);
    }

    #[test]
    fn a_returned_message_goes_to_whom_it_was_from() {
        let called = sccp::Address::ssn(None, 6);
        let calling = sccp::Address::ssn(None, 8);
        let octets = returned(&called, &calling, &[0xaa, 0xbb], 1).unwrap();
        assert_eq!(&octets[..], [0x0a, 1, 3, 5, 7, 2, 0x42, 8, 2, 0x42, 6, 2, 0xaa, 0xbb]);
        assert!(returned(&called, &calling, &[0; 256], 1).is_none());
    }
}
