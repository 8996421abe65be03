//! TP-User-Data: an optional header, then the body (3GPP TS 23.040 §9.2.3.24).
//!
//! The body is in the internal form that [`Alphabet`] describes: unpacked
//! septets, octets, or UTF-16BE. Packing happens at the edge, in
//! [`encode`](UserData::encode) and [`decode`](UserData::decode).

use std::fmt;

use crate::coding::{Alphabet, DataCoding};
use crate::error::{Error, Truncated};
use crate::header::UserDataHeader;
use crate::{alphabet, packing};

/// The header and body of one short message, or of one segment of a long one.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct UserData {
    /// TP-UDH; without elements it takes no room and TP-UDHI is off.
    pub header: UserDataHeader,
    /// The text or data, in internal form.
    pub body: Vec<u8>,
}

impl UserData {
    /// Octets of user data that SMS-SUBMIT and SMS-DELIVER hold.
    pub const OCTETS_MAX: usize = 140;

    /// A body without a header.
    pub const fn new(body: Vec<u8>) -> Self {
        Self { header: UserDataHeader::new(), body }
    }

    /// Octets that a TP-UDL of `length` stands for.
    pub fn packed_octets(length: u8, coding: DataCoding) -> usize {
        match coding.alphabet() {
            Alphabet::Gsm7 => packing::packed_len(length.into(), 0),
            Alphabet::EightBit | Alphabet::Ucs2 => length.into(),
        }
    }

    /// Reads TP-UD. `length` is TP-UDL: septets for GSM 7 bit, octets for all
    /// else, header included. Octets past that length are ignored.
    ///
    /// # Errors
    /// [`Error::Truncated`] if `octets` are fewer than `length` asks for, and
    /// what [`UserDataHeader::split`] finds.
    pub fn decode(octets: &[u8], length: u8, has_header: bool, coding: DataCoding) -> Result<Self, Error> {
        let is_packed = coding.alphabet() == Alphabet::Gsm7;
        let needed = Self::packed_octets(length, coding);
        let length = usize::from(length);
        let octets = octets.get(..needed).ok_or(Truncated { needed, present: octets.len() })?;
        let (header, rest) =
            if has_header { UserDataHeader::split(octets)? } else { (UserDataHeader::new(), octets) };
        let header_octets = octets.len() - rest.len();
        let body = if is_packed {
            let fill_bits = packing::fill_bits(header_octets);
            let header_septets = (header_octets * 8).div_ceil(7);
            packing::unpack(rest, fill_bits, length.saturating_sub(header_septets))?
        } else {
            rest.to_vec()
        };
        Ok(Self { header, body })
    }

    /// Writes TP-UDL and TP-UD behind what `octets` holds already.
    ///
    /// # Errors
    /// [`Error::UserDataTooLong`] over `max` octets (140 in SMS-SUBMIT and SMS-DELIVER);
    /// [`Error::NotSeptets`] if `coding` is GSM 7 bit and the body is not.
    pub fn encode_into(&self, octets: &mut Vec<u8>, coding: DataCoding, max: usize) -> Result<(), Error> {
        let header_octets = self.header.encoded_len();
        let (length, needed) = match coding.alphabet() {
            Alphabet::Gsm7 if !alphabet::is_septets(&self.body) => return Err(Error::NotSeptets),
            Alphabet::Gsm7 => {
                let septets = (header_octets * 8).div_ceil(7) + self.body.len();
                (septets, packing::packed_len(septets, 0))
            }
            Alphabet::Ucs2 | Alphabet::EightBit => {
                let length = header_octets + self.body.len();
                (length, length)
            }
        };
        let too_long = Error::UserDataTooLong { octets: needed, max };
        let Some(length) = u8::try_from(length).ok().filter(|_| needed <= max) else {
            return Err(too_long);
        };
        octets.push(length);
        self.header.encode_into(octets);
        match coding.alphabet() {
            Alphabet::Gsm7 => packing::pack_into(octets, &self.body, packing::fill_bits(header_octets)),
            Alphabet::EightBit | Alphabet::Ucs2 => octets.extend_from_slice(&self.body),
        }
        Ok(())
    }

    /// TP-UDL and TP-UD of an SMS-SUBMIT or SMS-DELIVER.
    ///
    /// # Errors
    /// As [`encode_into`](Self::encode_into).
    pub fn encode(&self, coding: DataCoding) -> Result<Vec<u8>, Error> {
        let mut octets = Vec::with_capacity(1 + Self::OCTETS_MAX);
        self.encode_into(&mut octets, coding, Self::OCTETS_MAX)?;
        Ok(octets)
    }
}

impl fmt::Debug for UserData {
    /// Shows the length of the body, never the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserData")
            .field("header", &self.header)
            .field("body_octets", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_data(header: &[u8], body: &[u8]) -> UserData {
        UserData { header: UserDataHeader::decode(header).unwrap(), body: body.to_vec() }
    }

    #[test]
    fn field_01_fill_bits_after_an_eight_bit_reference() {
        let wire =
            [0x11, 0x05, 0x00, 0x03, 0x03, 0x03, 0x03, 0xa2, 0xd2, 0x29, 0xb5, 0x6a, 0xbd, 0x62, 0xb3, 0x5a];
        let part = user_data(&wire[1..7], b"QRSTUVWXYZ");
        assert_eq!(part.encode(DataCoding::GSM7).unwrap(), wire);
        assert_eq!(UserData::decode(&wire[1..], 0x11, true, DataCoding::GSM7), Ok(part));
    }

    #[test]
    fn field_02_no_fill_bits_after_a_sixteen_bit_reference() {
        let wire = [
            0x12, 0x06, 0x08, 0x04, 0x00, 0x03, 0x03, 0x03, 0x51, 0xe9, 0x94, 0x5a, 0xb5, 0x5e, 0xb1, 0x59,
            0x2d,
        ];
        let part = user_data(&wire[1..8], b"QRSTUVWXYZ");
        assert_eq!(part.encode(DataCoding::GSM7).unwrap(), wire);
        assert_eq!(UserData::decode(&wire[1..], 0x12, true, DataCoding::GSM7), Ok(part));
    }

    #[test]
    fn field_05_an_odd_header_leaves_the_last_octet_empty() {
        let full = user_data(&[0x05, 0x00, 0x03, 0x01, 0x02, 0x01], &[0x04; 134]);
        assert_eq!(full.encode(DataCoding::UCS2).unwrap().len(), 1 + 140);
        let odd = user_data(&[0x06, 0x08, 0x04, 0x00, 0x01, 0x02, 0x01], &[0x04; 132]);
        assert_eq!(odd.encode(DataCoding::UCS2).unwrap().len(), 1 + 139);
    }

    #[test]
    fn field_15_a_header_past_the_end_of_the_user_data() {
        let refused = UserData::decode(&[0x05, 0x00, 0x03], 3, true, DataCoding::EIGHT_BIT);
        assert_eq!(refused, Err(Error::Truncated(Truncated { needed: 6, present: 3 })));
        // TP-UDL is 3 septets, so only 3 octets are user data; later ones do not count.
        let octets = [0x05, 0x00, 0x03, 0x01, 0x01, 0x01, 0x41];
        assert!(UserData::decode(&octets, 3, true, DataCoding::GSM7).is_err());
    }

    #[test]
    fn field_30_a_compressed_body_passes_through() {
        let coding = DataCoding(0x20);
        let wire = [0x03, 0xff, 0x80, 0x01];
        let body = UserData::decode(&wire[1..], wire[0], false, coding).unwrap();
        assert_eq!(body.encode(coding).unwrap(), wire);
        assert_eq!(body.text(coding), None);
    }

    #[test]
    fn a_body_must_match_its_coding() {
        assert_eq!(UserData::new(vec![0x80]).encode(DataCoding::GSM7), Err(Error::NotSeptets));
        let odd = UserData::new(vec![0x04]).encode(DataCoding::UCS2).unwrap();
        assert_eq!(odd, [0x01, 0x04], "half a character is kept");
        let too_long = |octets| Err(Error::UserDataTooLong { octets, max: 140 });
        assert_eq!(UserData::new(vec![0x61; 161]).encode(DataCoding::GSM7), too_long(141));
        assert_eq!(UserData::new(vec![0x61; 400]).encode(DataCoding::EIGHT_BIT), too_long(400));
    }

    #[test]
    fn debug_output_shows_no_body() {
        assert_eq!(
            format!("{:?}", UserData::new(b"secret".to_vec())),
            "UserData { header: [], body_octets: 6 }"
        );
    }
}
