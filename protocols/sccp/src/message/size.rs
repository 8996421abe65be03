//! Capacity for user data of UDT, XUDT and LUDT (Q.713 §3.20).

/// The largest value of a length of one octet.
const BASIC_DATA_MAX: usize = 255;
/// A pointer of one octet limits the pointers, lengths and addresses of XUDT in total: the
/// optional part begins within 255 octets.
const SEGMENT_DATA_AND_ADDRESSES_MAX: usize = 251;
/// The longest user data of any message, in octets (Q.713 §3.20).
const LONG_DATA_MAX: usize = 3_952;

/// Octets of data that fit one UDT; `addresses` is the sum of both, without their lengths.
pub(crate) fn basic_room(message_octets_max: usize, addresses: usize) -> usize {
    message_octets_max.saturating_sub(8 + addresses).min(BASIC_DATA_MAX)
}

/// Octets of data that fit one XUDT with a segmentation parameter.
pub(crate) fn segment_room(message_octets_max: usize, addresses: usize) -> usize {
    message_octets_max
        .saturating_sub(17 + addresses)
        .min(SEGMENT_DATA_AND_ADDRESSES_MAX.saturating_sub(addresses))
}

/// Octets of data that fit one LUDT without optional parameters.
pub(crate) fn long_room(message_octets_max: usize, addresses: usize) -> usize {
    message_octets_max.saturating_sub(15 + addresses).min(LONG_DATA_MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::message::{Form, Message, Purpose, Segmentation};
    use crate::{Address, GlobalTitle};

    fn sized(form: Form, digits: &str, data: usize) -> Message {
        let address = Address::gt(GlobalTitle::e164(digits).unwrap(), 8);
        let purpose = Purpose::Data { in_sequence: true, return_on_error: true };
        Message::new(form, purpose, address.clone(), address, Bytes::from(vec![7; data]))
    }

    #[test]
    fn a_begin_of_237_octets_makes_267_with_two_numbers_of_11_digits_and_271_with_15() {
        assert_eq!(sized(Form::Basic, "14155551234", 237).encode().unwrap().len(), 267);
        assert_eq!(sized(Form::Basic, "141555512345678", 237).encode().unwrap().len(), 271);
        assert_eq!(basic_room(268, 22), 238);
        assert_eq!(basic_room(268, 26), 234);
    }

    #[test]
    fn what_is_promised_fits_exactly() {
        for digits in ["1", "14155551234", "141555512345678", "12345678901234567890123456789012"] {
            let addresses = sized(Form::Basic, digits, 0).called.encoded_len() * 2;
            let basic = sized(Form::Basic, digits, basic_room(268, addresses));
            assert_eq!(
                basic.encode().unwrap().len(),
                if basic.data.len() == 255 { 8 + addresses + 255 } else { 268 }
            );
            let mut segment = sized(Form::Extended, digits, segment_room(268, addresses));
            segment.segmentation =
                Some(Segmentation { first: true, in_sequence: true, remaining: 1, reference: 9 });
            assert_eq!(segment.encode().unwrap().len(), 268);
            let long = sized(Form::Long, digits, long_room(3_000, addresses));
            assert_eq!(long.encode().unwrap().len(), 3_000);
        }
    }

    #[test]
    fn a_wide_link_does_not_make_a_pointer_longer() {
        assert_eq!(segment_room(4_096, 22), 229);
        assert_eq!(basic_room(4_096, 22), 255);
        assert_eq!(basic_room(10, 22), 0);
    }
}
