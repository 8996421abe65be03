//! Message ids as peers see them.

use smsc::ids::MessageId;

use crate::config::MessageIdFormat;

/// The text of one id, without an allocation.
#[derive(Clone, Copy)]
pub(crate) struct IdText {
    room: [u8; 20],
    length: usize,
}

impl IdText {
    /// Writes `id` as `format` says.
    pub(crate) fn new(id: MessageId, format: MessageIdFormat) -> Self {
        let (base, length) = match format {
            MessageIdFormat::Decimal => (10, 19),
            MessageIdFormat::Hex => (16, 16),
        };
        let mut text = Self { room: [b'0'; 20], length };
        let mut rest = id.get();
        for place in text.room.iter_mut().take(length).rev() {
            let digit = u8::try_from(rest % base).unwrap_or(0);
            *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
            rest /= base;
        }
        text
    }

    /// The digits.
    pub(crate) fn octets(&self) -> &[u8] {
        self.room.get(..self.length).unwrap_or_default()
    }
}

/// Reads an id that a peer of this `format` sends back to us.
pub(crate) fn parse_id(octets: &[u8], format: MessageIdFormat) -> Option<MessageId> {
    let text = std::str::from_utf8(octets).ok()?;
    match format {
        MessageIdFormat::Decimal => MessageId::parse(text),
        MessageIdFormat::Hex if text.len() <= 16 && text.bytes().all(|octet| octet.is_ascii_hexdigit()) => {
            u64::from_str_radix(text, 16).ok().map(MessageId::from_u64)
        }
        MessageIdFormat::Hex => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_40_one_id_in_each_format() {
        let id = MessageId::from_u64(912_345_678_901_234_567);
        let text = IdText::new(id, MessageIdFormat::Decimal);
        assert_eq!(text.octets(), b"0912345678901234567");
        assert_eq!(text.octets(), id.to_string().as_bytes());
        let hex = IdText::new(id, MessageIdFormat::Hex);
        assert_eq!(hex.octets(), b"0ca94d8fa7454b87");
        for format in [MessageIdFormat::Decimal, MessageIdFormat::Hex] {
            for id in [0, 1, 42, u64::MAX >> 1].map(MessageId::from_u64) {
                assert_eq!(parse_id(IdText::new(id, format).octets(), format), Some(id));
            }
            assert_eq!(parse_id(b"x", format), None);
            assert_eq!(parse_id(b"", format).map(MessageId::get).unwrap_or_default(), 0);
        }
    }
}
