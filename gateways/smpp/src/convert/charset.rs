//! Octets of text in the character sets that peers use.

use crate::config::TextCoding;

/// Reads `octets` as text, or `None` if they are not valid in `coding`.
/// GSM 7 bit is not read here: its septets are the centre's own form.
pub(crate) fn decode(octets: &[u8], coding: TextCoding) -> Option<String> {
    match coding {
        TextCoding::Gsm7 => None,
        TextCoding::Latin1 => Some(octets.iter().map(|&octet| char::from(octet)).collect()),
        TextCoding::Ascii => {
            octets.is_ascii().then(|| octets.iter().map(|&octet| char::from(octet)).collect())
        }
        TextCoding::Utf8 => std::str::from_utf8(octets).ok().map(str::to_owned),
    }
}

/// Writes `text` in `coding`, or `None` if that cannot carry all of it.
pub(crate) fn encode(text: &str, coding: TextCoding) -> Option<Vec<u8>> {
    match coding {
        TextCoding::Gsm7 => sms::alphabet::encode(text, sms::alphabet::Shifts::NONE).ok(),
        TextCoding::Latin1 => text.chars().map(|character| u8::try_from(character).ok()).collect(),
        TextCoding::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
        TextCoding::Utf8 => Some(text.as_bytes().to_vec()),
    }
}

/// ISO-8859-5, Latin and Cyrillic.
pub(crate) fn decode_cyrillic(octets: &[u8]) -> Option<String> {
    octets
        .iter()
        .map(|&octet| match octet {
            0x00..=0xa0 | 0xad => Some(char::from(octet)),
            0xf0 => Some('№'),
            0xfd => Some('§'),
            // The block U+0400 is laid out as the upper half of the set.
            _ => char::from_u32(0x0400 + u32::from(octet) - 0xa0),
        })
        .collect()
}

/// ISO-8859-8, Latin and Hebrew; `None` for places that the set leaves empty.
pub(crate) fn decode_hebrew(octets: &[u8]) -> Option<String> {
    octets
        .iter()
        .map(|&octet| match octet {
            0x00..=0xa0 | 0xa2..=0xa9 | 0xab..=0xb9 | 0xbb..=0xbe => Some(char::from(octet)),
            0xaa => Some('×'),
            0xba => Some('÷'),
            0xdf => Some('‗'),
            0xe0..=0xfa => char::from_u32(0x05d0 + u32::from(octet) - 0xe0),
            0xfd => Some('\u{200e}'),
            0xfe => Some('\u{200f}'),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_sets_read_as_their_tables_say() {
        // "Привет" in ISO-8859-5 and "שלום" in ISO-8859-8, as iconv writes them.
        assert_eq!(decode_cyrillic(&[0xbf, 0xe0, 0xd8, 0xd2, 0xd5, 0xe2]).unwrap(), "Привет");
        assert_eq!(decode_cyrillic(&[0xa1, 0xf1, 0xf0]).unwrap(), "Ёё№");
        assert_eq!(decode_hebrew(&[0xf9, 0xec, 0xe5, 0xed]).unwrap(), "שלום");
        assert_eq!(decode_hebrew(&[0xc0]), None);
    }

    #[test]
    fn what_a_set_lacks_is_refused_not_replaced() {
        assert_eq!(encode("€", TextCoding::Latin1), None);
        assert_eq!(encode("é", TextCoding::Ascii), None);
        assert_eq!(encode("é", TextCoding::Latin1).unwrap(), [0xe9]);
        assert_eq!(decode(&[0xe9], TextCoding::Utf8), None);
        assert_eq!(decode(&[0xe9], TextCoding::Ascii), None);
    }
}
