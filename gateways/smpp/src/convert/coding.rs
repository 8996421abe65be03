//! SMPP's data_coding to TP-DCS and back (SMPP 3.4 §5.2.19; TS 23.038 §4).
//!
//! | data_coding | inside |
//! |---|---|
//! | 0 | GSM 7 bit, read in the configured alphabet of the peer |
//! | 1, 3, 6, 7 | text: GSM 7 bit if that carries it, else UCS2 |
//! | 2, 4 | 8 bit, untouched |
//! | 8 | UCS2 |
//! | 5, 9 to 15 | refused: nothing here can carry them |
//! | from 16 up | a TP-DCS, kept as it is |

use std::borrow::Cow;

use bytes::Bytes;
use smpp::Status;
use sms::alphabet::{self, Shifts};
use sms::coding::{Alphabet, DataCoding};
use sms::header::{UserDataHeader, identifier};
use sms::ucs2;
use smsc::message::Content;

use super::charset;
use crate::codes;
use crate::config::TextCoding;

/// What a received body is inside.
pub(crate) struct Inside {
    /// TP-DCS.
    pub(crate) data_coding: u8,
    /// The body, where it had to be written anew; `None` keeps the octets as they came.
    pub(crate) rewritten: Option<Vec<u8>>,
}

impl Inside {
    const fn same(data_coding: u8) -> Self {
        Self { data_coding, rewritten: None }
    }
}

/// Reads a body with `data_coding` from a peer with the default alphabet `default`.
pub(crate) fn inward(data_coding: u8, body: &[u8], default: TextCoding) -> Result<Inside, Status> {
    let refused = codes::INVALID_DATA_CODING;
    match data_coding {
        0x00 => default_alphabet(body, default, data_coding),
        0x01 => text(&charset::decode(body, TextCoding::Ascii).ok_or(refused)?, 0),
        0x03 => text(&charset::decode(body, TextCoding::Latin1).ok_or(refused)?, 0),
        0x06 => text(&charset::decode_cyrillic(body).ok_or(refused)?, 0),
        0x07 => text(&charset::decode_hebrew(body).ok_or(refused)?, 0),
        0x02 | 0x04 => Ok(Inside::same(DataCoding::EIGHT_BIT.0)),
        0x08 => whole_units(data_coding, body),
        0x05 | 0x09..=0x0f => Err(refused),
        0x10.. => match DataCoding(data_coding).alphabet() {
            Alphabet::Gsm7 => default_alphabet(body, default, data_coding),
            Alphabet::EightBit => Ok(Inside::same(data_coding)),
            Alphabet::Ucs2 => whole_units(data_coding, body),
        },
    }
}

fn default_alphabet(body: &[u8], default: TextCoding, data_coding: u8) -> Result<Inside, Status> {
    if default == TextCoding::Gsm7 {
        let is_septets = alphabet::is_septets(body);
        return if is_septets { Ok(Inside::same(data_coding)) } else { Err(codes::INVALID_DATA_CODING) };
    }
    text(&charset::decode(body, default).ok_or(codes::INVALID_DATA_CODING)?, data_coding)
}

/// Text in the smallest coding that carries it, with the class or indication of `data_coding`.
fn text(text: &str, data_coding: u8) -> Result<Inside, Status> {
    if let Ok(septets) = alphabet::encode(text, Shifts::NONE) {
        return Ok(Inside { data_coding, rewritten: Some(septets) });
    }
    let data_coding = as_ucs2(DataCoding(data_coding)).ok_or(codes::INVALID_DATA_CODING)?;
    Ok(Inside { data_coding: data_coding.0, rewritten: Some(ucs2::encode(text)) })
}

/// The same scheme for UCS2, if there is one.
fn as_ucs2(coding: DataCoding) -> Option<DataCoding> {
    match coding.waiting() {
        Some(indication) => DataCoding::waiting_indication(Alphabet::Ucs2, indication),
        None => Some(DataCoding::UCS2.with_class(coding.class())),
    }
}

fn whole_units(data_coding: u8, body: &[u8]) -> Result<Inside, Status> {
    if body.len().is_multiple_of(2) { Ok(Inside::same(data_coding)) } else { Err(codes::INVALID_LENGTH) }
}

/// A body on its way to a peer: still in the centre's form, so that it can be cut
/// into segments, with what each segment must become.
pub(crate) struct Outside {
    /// SMPP's data_coding.
    pub(crate) data_coding: u8,
    /// The alphabet of `body`.
    pub(crate) alphabet: Alphabet,
    /// The user data header.
    pub(crate) header: Bytes,
    /// The body in the centre's form.
    pub(crate) body: Bytes,
    /// The set that septets must be rewritten in, where the peer does not take septets.
    charset: Option<(TextCoding, Shifts)>,
}

impl Outside {
    /// One segment's body in the peer's form.
    pub(crate) fn finish(&self, body: Bytes) -> Bytes {
        let Some((coding, shifts)) = self.charset else { return body };
        // The whole text was tried before, so no part of it can fail.
        let rewritten = charset::encode(&alphabet::decode(&body, shifts), coding);
        rewritten.map_or(body, Bytes::from)
    }
}

/// Converts `content` for a peer with the default alphabet `default`.
pub(crate) fn outward(content: &Content, default: TextCoding) -> Outside {
    let inside = DataCoding(content.data_coding);
    let alphabet = inside.alphabet();
    let as_it_is = |charset| Outside {
        data_coding: on_wire(inside).0,
        alphabet,
        header: content.header.clone(),
        body: content.body.clone(),
        charset,
    };
    if alphabet != Alphabet::Gsm7 || default == TextCoding::Gsm7 {
        return as_it_is(None);
    }
    let header = UserDataHeader::decode(&content.header).unwrap_or_default();
    let shifts = header.shifts();
    let text = alphabet::decode(&content.body, shifts);
    let header = without_shifts(&content.header, header);
    if charset::encode(&text, default).is_some() {
        return Outside { header, ..as_it_is(Some((default, shifts))) };
    }
    Outside {
        data_coding: as_ucs2(inside).unwrap_or(DataCoding::UCS2).0,
        alphabet: Alphabet::Ucs2,
        header,
        body: Bytes::from(ucs2::encode(&text)),
        charset: None,
    }
}

/// National tables mean nothing to a peer that does not get septets.
fn without_shifts(octets: &Bytes, mut header: UserDataHeader) -> Bytes {
    if header.shifts() == Shifts::NONE {
        return octets.clone();
    }
    header.remove(|each| matches!(each, identifier::SINGLE_SHIFT | identifier::LOCKING_SHIFT));
    Bytes::from(header.encode())
}

/// TP-DCS values below 16 mean something else in SMPP, so only the plain ones are sent.
const fn on_wire(inside: DataCoding) -> DataCoding {
    if inside.0 < 0x10 { DataCoding::of(inside.alphabet()) } else { inside }
}

/// `text` in the peer's default alphabet, or nothing where that cannot carry it.
pub(crate) fn excerpt(body: &[u8], data_coding: u8, default: TextCoding) -> Cow<'_, [u8]> {
    let coding = DataCoding(data_coding);
    match (coding.alphabet(), default) {
        (Alphabet::EightBit, _) => Cow::Borrowed(&[]),
        (Alphabet::Gsm7, TextCoding::Gsm7) => Cow::Borrowed(body),
        (Alphabet::Gsm7, _) => {
            Cow::Owned(charset::encode(&alphabet::decode(body, Shifts::NONE), default).unwrap_or_default())
        }
        (Alphabet::Ucs2, _) => Cow::Owned(charset::encode(&ucs2::decode(body), default).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data_coding: u8, body: &[u8], default: TextCoding) -> (u8, Vec<u8>) {
        let inside = inward(data_coding, body, default).unwrap();
        (inside.data_coding, inside.rewritten.unwrap_or_else(|| body.to_vec()))
    }

    fn content(data_coding: u8, body: &[u8]) -> Content {
        Content { data_coding, header: Bytes::new(), body: Bytes::copy_from_slice(body) }
    }

    #[test]
    fn field_08_data_coding_0_is_what_the_peer_says() {
        assert_eq!(read(0, b"\x00\x02", TextCoding::Gsm7), (0, vec![0x00, 0x02]), "@ and $ as septets");
        assert_eq!(read(0, "@$".as_bytes(), TextCoding::Latin1), (0, vec![0x00, 0x02]));
        assert_eq!(read(0, "é€".as_bytes(), TextCoding::Utf8), (0, vec![0x05, 0x1b, 0x65]));
        assert_eq!(read(0, &[0xe9], TextCoding::Latin1), (0, vec![0x05]));
        assert!(inward(0, &[0xe9], TextCoding::Gsm7).is_err(), "no septet");
        assert!(inward(0, &[0xe9], TextCoding::Ascii).is_err());
    }

    #[test]
    fn text_codings_of_smpp_are_no_tp_dcs() {
        assert_eq!(read(1, b"a@", TextCoding::Gsm7), (0, vec![b'a', 0x00]));
        assert_eq!(read(3, &[0xe9, b'_'], TextCoding::Gsm7), (0, vec![0x05, 0x11]));
        assert_eq!(
            read(3, &[0xe7, 0xe3], TextCoding::Gsm7),
            (8, vec![0x00, 0xe7, 0x00, 0xe3]),
            "ã needs UCS2"
        );
        assert_eq!(read(6, &[0xbf], TextCoding::Gsm7), (8, vec![0x04, 0x1f]));
        for refused in [5, 9, 10, 11, 12, 13, 14, 15] {
            assert_eq!(
                inward(refused, b"a", TextCoding::Gsm7).err(),
                Some(Status::ESME_RINVDCS),
                "{refused}"
            );
        }
    }

    #[test]
    fn field_17_binary_is_never_recoded() {
        let octets: Vec<u8> = (0..=255).collect();
        for data_coding in [2, 4] {
            assert_eq!(read(data_coding, &octets, TextCoding::Latin1), (4, octets.clone()));
        }
        assert_eq!(read(0xf5, &octets, TextCoding::Latin1), (0xf5, octets.clone()));
        let out = outward(&content(4, &octets), TextCoding::Latin1);
        assert_eq!((out.data_coding, out.finish(out.body.clone())), (4, Bytes::from(octets)));
    }

    #[test]
    fn field_24_classes_pass() {
        assert_eq!(read(0x10, b"a", TextCoding::Gsm7), (0x10, b"a".to_vec()));
        assert_eq!(read(0xf0, b"a", TextCoding::Gsm7), (0xf0, b"a".to_vec()));
        assert_eq!(read(0x18, &[0, b'a'], TextCoding::Gsm7), (0x18, vec![0, b'a']));
        let flash = read(0xf0, "Ж".as_bytes(), TextCoding::Utf8);
        assert_eq!(flash, (0x18, vec![0x04, 0x16]), "a flash stays a flash when it needs UCS2");
        assert_eq!(outward(&content(0x18, &[0, b'a']), TextCoding::Utf8).data_coding, 0x18);
    }

    #[test]
    fn field_27_message_waiting_passes() {
        for data_coding in [0xc8, 0xd8, 0xc0] {
            assert_eq!(read(data_coding, b"a", TextCoding::Gsm7).0, data_coding);
        }
        assert_eq!(read(0xe8, &[0, b'a'], TextCoding::Gsm7).0, 0xe8);
        assert_eq!(read(0xd9, "Ж".as_bytes(), TextCoding::Utf8).0, 0xe9);
        assert!(inward(0xc9, "Ж".as_bytes(), TextCoding::Utf8).is_err(), "UCS2 cannot be discarded");
    }

    #[test]
    fn field_30_compressed_bodies_are_never_text() {
        let octets = [0x80, 0xff, 0x00];
        assert_eq!(read(0x20, &octets, TextCoding::Latin1), (0x20, octets.to_vec()));
        assert_eq!(outward(&content(0x20, &octets), TextCoding::Latin1).data_coding, 0x20);
    }

    #[test]
    fn each_peer_gets_its_own_alphabet() {
        let text = content(0, &[0x00, 0x05, b'a']); // "@éa"
        let sent = |default| {
            let out = outward(&text, default);
            (out.data_coding, out.finish(out.body.clone()).to_vec())
        };
        assert_eq!(sent(TextCoding::Gsm7), (0, vec![0x00, 0x05, b'a']));
        assert_eq!(sent(TextCoding::Latin1), (0, vec![b'@', 0xe9, b'a']));
        assert_eq!(sent(TextCoding::Utf8), (0, "@éa".as_bytes().to_vec()));
        assert_eq!(sent(TextCoding::Ascii), (8, vec![0, b'@', 0, 0xe9, 0, b'a']), "nothing is lost");
    }

    #[test]
    fn half_a_ucs2_character_is_refused() {
        assert_eq!(inward(8, &[0], TextCoding::Gsm7).err(), Some(Status::ESME_RINVMSGLEN));
    }
}
