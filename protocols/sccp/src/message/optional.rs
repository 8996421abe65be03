//! Optional parameters of the extended and long forms: segmentation and importance (Q.713 §3.17, §3.19).

use bytes::{BufMut, Bytes, BytesMut};

use super::{Form, Message, octet, slice};
use crate::Error;

const END: u8 = 0x00;
const SEGMENTATION: u8 = 0x10;
const IMPORTANCE: u8 = 0x12;
const FIRST: u8 = 0x80;
const CLASS_1: u8 = 0x40;

/// The segmentation parameter (Q.713 §3.17).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segmentation {
    /// The first of its message.
    pub first: bool,
    /// The user requested protocol class 1; the segments themselves always have it.
    pub in_sequence: bool,
    /// Remaining segments, 15 at most.
    pub remaining: u8,
    /// The segmentation local reference of one message, 24 bits.
    pub reference: u32,
}

/// Decodes the optional part at `at` into `message`.
pub(super) fn decode(message: &mut Message, octets: &Bytes, mut at: usize) -> Result<(), Error> {
    let mut others = BytesMut::new();
    loop {
        let name = octet(octets, at)?;
        if name == END {
            message.other_parameters = others.freeze();
            return Ok(());
        }
        let length = usize::from(octet(octets, at + 1)?);
        let value = slice(octets, at + 2, length)?;
        match name {
            SEGMENTATION => {
                let &[head, high, middle, low] = value.as_ref() else { return Err(Error::OptionalParameter) };
                message.segmentation = Some(Segmentation {
                    first: head & FIRST != 0,
                    in_sequence: head & CLASS_1 != 0,
                    remaining: head & 0x0f,
                    reference: u32::from_be_bytes([0, high, middle, low]),
                });
            }
            IMPORTANCE => {
                let &[importance] = value.as_ref() else { return Err(Error::OptionalParameter) };
                message.importance = Some(importance & 0x07);
            }
            _ => others.put_slice(&slice(octets, at, 2 + length)?),
        }
        at += 2 + length;
    }
}

/// Encodes the optional part, unless it is empty.
pub(super) fn encode(message: &Message, octets: &mut BytesMut) {
    if encoded_len(message) == 0 {
        return;
    }
    if let Some(segmentation) = message.segmentation {
        let first = if segmentation.first { FIRST } else { 0 };
        let class = if segmentation.in_sequence { CLASS_1 } else { 0 };
        octets.put_slice(&[SEGMENTATION, 4, first | class | segmentation.remaining & 0x0f]);
        octets.put_uint(u64::from(segmentation.reference & 0x00ff_ffff), 3);
    }
    if let Some(importance) = message.importance {
        octets.put_slice(&[IMPORTANCE, 1, importance]);
    }
    octets.put_slice(&message.other_parameters);
    octets.put_u8(END);
}

/// The length of [`encode`] in octets.
pub(super) fn encoded_len(message: &Message) -> usize {
    if message.form == Form::Basic {
        return 0;
    }
    let parameters = if message.segmentation.is_some() { 6 } else { 0 }
        + if message.importance.is_some() { 3 } else { 0 }
        + message.other_parameters.len();
    if parameters == 0 { 0 } else { parameters + 1 }
}
