//! The optional parameters that the centre itself reads: the submitter's own reference, before all.
//!
//! A phone numbers its messages with TP-MR (TS 23.040 §9.2.3.6), an ESME with the TLV
//! user_message_reference (SMPP 3.4 §5.3.2.17). Both travel as that TLV: with the message, so that
//! its receiver sees it, and with its receipt, so that its submitter knows what the receipt is about.

use bytes::Bytes;

/// Tag and length of user_message_reference, which has two octets.
const MESSAGE_REFERENCE: [u8; 4] = [0x02, 0x04, 0x00, 0x02];

/// A vendor's TLV of ours without a value: the receipt answers a question, and was not promised.
const ANSWERS_COMMAND: [u8; 4] = [0x15, 0x01, 0x00, 0x00];

/// Optional parameters of a receipt that answers the submitter's question `reference`.
#[must_use]
pub fn answering_command(reference: u16) -> Bytes {
    Bytes::from([&with_message_reference(reference)[..], &ANSWERS_COMMAND].concat())
}

/// Whether a receipt with these optional parameters answers a question (TP-SRQ, TS 23.040 §9.2.3.26).
#[must_use]
pub fn answers_command(optional: &[u8]) -> bool {
    value(optional, ANSWERS_COMMAND).is_some()
}

/// Optional parameters that hold `reference` alone.
#[must_use]
pub fn with_message_reference(reference: u16) -> Bytes {
    let [high, low] = reference.to_be_bytes();
    let [tag, kind, length, octets] = MESSAGE_REFERENCE;
    Bytes::from(vec![tag, kind, length, octets, high, low])
}

/// The submitter's reference among optional parameters in SMPP's TLV form.
#[must_use]
pub fn message_reference(optional: &[u8]) -> Option<u16> {
    value(optional, MESSAGE_REFERENCE)?.first_chunk::<2>().map(|octets| u16::from_be_bytes(*octets))
}

/// The value behind this tag and length.
fn value(optional: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    let mut rest = optional;
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        let [.., high, low] = *head;
        let (value, next) = after.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
        if *head == wanted {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// Of `optional`, the submitter's reference and nothing else.
pub(crate) fn message_reference_only(optional: &[u8]) -> Bytes {
    message_reference(optional).map(with_message_reference).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_found_among_others() {
        let alone = with_message_reference(0x2a);
        assert_eq!(alone[..], [0x02, 0x04, 0x00, 0x02, 0x00, 0x2a]);
        let others = [&[0x00, 0x1d, 0x00, 0x03, b'a', b'b', 0][..], &alone, &[0x14, 0x00, 0, 0]].concat();
        assert_eq!(message_reference(&others), Some(0x2a));
        assert_eq!(message_reference_only(&others), alone);
        assert!(!answers_command(&others));
    }

    #[test]
    fn an_answer_to_a_question_says_so() {
        let answer = answering_command(9);
        assert!(answers_command(&answer));
        assert_eq!(message_reference(&answer), Some(9));
    }

    #[test]
    fn broken_parameters_hold_none() {
        let alone = with_message_reference(7);
        for length in 0..alone.len() {
            assert_eq!(message_reference(&alone[..length]), None);
        }
        assert_eq!(message_reference(&[0, 1, 0xff, 0xff, 1]), None);
        assert_eq!(message_reference_only(&[]), Bytes::new());
    }
}
