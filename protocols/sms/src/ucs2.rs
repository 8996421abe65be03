//! UCS2 bodies: UTF-16 code units, high octet first (3GPP TS 23.038 §6.2.3).

/// Reads a body as text.
///
/// A lone surrogate, or half a code unit at the end, shows as U+FFFD.
pub fn decode(body: &[u8]) -> String {
    let (units, odd) = body.as_chunks::<2>();
    let mut text: String = char::decode_utf16(units.iter().copied().map(u16::from_be_bytes))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

/// Writes text as a body. Every character can be carried; those over U+FFFF
/// take two code units.
pub fn encode(text: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(text.len() * 2);
    body.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_beyond_the_first_plane_are_surrogate_pairs() {
        assert_eq!(encode("Да😀"), [0x04, 0x14, 0x04, 0x30, 0xd8, 0x3d, 0xde, 0x00]);
        assert_eq!(decode(&[0x04, 0x14, 0x04, 0x30, 0xd8, 0x3d, 0xde, 0x00]), "Да😀");
    }

    #[test]
    fn broken_bodies_still_read() {
        assert_eq!(decode(&[0xd8, 0x3d, 0x00, 0x41]), "\u{fffd}A");
        assert_eq!(decode(&[0x00, 0x41, 0x00]), "A\u{fffd}");
        assert_eq!(decode(&[]), "");
    }
}
