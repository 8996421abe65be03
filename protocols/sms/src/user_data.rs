//! TP-User-Data: an optional header, then the body (3GPP TS 23.040 §9.2.3.24).
//!
//! The body is in the internal form that [`Alphabet`] describes: unpacked
//! septets, octets, or UTF-16BE. Packing happens at the edge, in
//! [`encode`](UserData::encode) and [`decode`](UserData::decode).

use std::fmt;

use crate::coding::{Alphabet, DataCoding};
use crate::error::{Error, Truncated};
use crate::header::UserDataHeader;
use crate::{alphabet, packing, text};

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

    /// The body as text, or `None` if `coding` says it is not text.
    pub fn text(&self, coding: DataCoding) -> Option<String> {
        text::decode(coding.alphabet(), self.header.shifts(), &self.body)
    }

    /// Reads TP-UD. `length` is TP-UDL: septets for GSM 7 bit, octets for all
    /// else, header included. Octets past that length are ignored.
    ///
    /// # Errors
    /// [`Error::Truncated`] if `octets` are fewer than `length` asks for, and
    /// what [`UserDataHeader::split`] finds.
    pub fn decode(octets: &[u8], length: u8, has_header: bool, coding: DataCoding) -> Result<Self, Error> {
        let length = usize::from(length);
        let is_packed = coding.alphabet() == Alphabet::Gsm7;
        let needed = if is_packed { packing::packed_len(length, 0) } else { length };
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
    /// [`Error::NotSeptets`] and [`Error::OddUcs2`] if the body is not what `coding` says.
    pub fn encode_into(&self, octets: &mut Vec<u8>, coding: DataCoding, max: usize) -> Result<(), Error> {
        let header_octets = self.header.encoded_len();
        let (length, needed) = match coding.alphabet() {
            Alphabet::Gsm7 if !alphabet::is_septets(&self.body) => return Err(Error::NotSeptets),
            Alphabet::Gsm7 => {
                let septets = (header_octets * 8).div_ceil(7) + self.body.len();
                (septets, packing::packed_len(septets, 0))
            }
            // The text of the standard excludes half a character; what a peer
            // calls 8 bit or compressed may have any length.
            Alphabet::Ucs2 if self.body.len() % 2 != 0 => return Err(Error::OddUcs2),
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
