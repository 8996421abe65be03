//! Counts, splits and joins the segments of long messages (3GPP TS 23.040 §9.2.3.24.1).
//!
//! Room in one message, by alphabet, is 160 septets, 140 octets or 70 UCS2
//! characters. A segment with an 8 bit reference has 153, 134 or 67 of them, one
//! with a 16 bit reference 152, 133 or 66, less what other header elements take;
//! those are repeated in each segment.
//!
//! ```
//! use sms::header::{Reference, UserDataHeader};
//! use sms::{alphabet, coding::Alphabet, segment};
//!
//! let body = alphabet::encode(&"fernpost ".repeat(20), alphabet::Shifts::NONE)?;
//! let segments = segment::split(Alphabet::Gsm7, &body, &UserDataHeader::new(), Reference::Eight(7))?;
//! assert_eq!(segments.iter().map(|each| each.body.len()).collect::<Vec<_>>(), [153, 27]);
//! assert_eq!(segment::join(&segments)?.body, body);
//! # Ok::<(), sms::Error>(())
//! ```

mod cut;

use self::cut::{CutUnit, Cuts};
use crate::coding::Alphabet;
use crate::error::Error;
use crate::header::{Concatenation, Reference, ReferenceWidth, UserDataHeader};
use crate::packing;
use crate::user_data::UserData;

/// Segments that one message may have.
pub const SEGMENTS_MAX: usize = 255;

/// Body octets that fit behind a header of `header_octets` (UDHL included, 0 if none).
pub const fn capacity(alphabet: Alphabet, header_octets: usize) -> usize {
    let octets = UserData::OCTETS_MAX.saturating_sub(header_octets);
    match alphabet {
        Alphabet::Gsm7 => {
            let bits = (octets * 8).saturating_sub(packing::fill_bits(header_octets) as usize);
            bits / 7
        }
        Alphabet::EightBit => octets,
        Alphabet::Ucs2 => octets - octets % 2,
    }
}

/// Segments that `body` needs: 1 if it fits into one message with `header`.
///
/// # Errors
/// [`Error::NoRoom`] if the header leaves no room for a character,
/// [`Error::TooManySegments`] over 255.
pub fn count(
    alphabet: Alphabet,
    body: &[u8],
    header: &UserDataHeader,
    width: ReferenceWidth,
) -> Result<usize, Error> {
    if body.len() <= capacity(alphabet, header.encoded_len()) {
        return Ok(1);
    }
    let room = segment_room(alphabet, header, width)?;
    let count = Cuts::new(alphabet, body, room, CutUnit::Characters).count();
    if count > SEGMENTS_MAX { Err(Error::TooManySegments(count)) } else { Ok(count) }
}

/// Cuts `body` into segments, or returns it whole if it fits into one message.
///
/// Escape pairs and surrogate pairs are never cut. Emoji sequences and combining
/// marks stay whole too where that costs no further segment.
///
/// # Errors
/// As [`count`]; [`Error::AlreadySegment`] if a body that needs cutting has a
/// concatenation element; [`Error::OddUcs2`] if half a code unit is left over.
pub fn split(
    alphabet: Alphabet,
    body: &[u8],
    header: &UserDataHeader,
    reference: Reference,
) -> Result<Vec<UserData>, Error> {
    if alphabet == Alphabet::Ucs2 && !body.len().is_multiple_of(2) {
        return Err(Error::OddUcs2);
    }
    let count = count(alphabet, body, header, reference.width())?;
    if count == 1 {
        return Ok(vec![UserData { header: header.clone(), body: body.to_vec() }]);
    }
    if header.concatenation().is_some() {
        return Err(Error::AlreadySegment);
    }
    let total = u8::try_from(count).map_err(|_| Error::TooManySegments(count))?;
    let room = segment_room(alphabet, header, reference.width())?;
    let by_cluster = Cuts::new(alphabet, body, room, CutUnit::Clusters);
    let cuts = if by_cluster.clone().count() == count {
        by_cluster
    } else {
        Cuts::new(alphabet, body, room, CutUnit::Characters)
    };
    (1..=total)
        .zip(cuts)
        .map(|(sequence, part)| {
            let header = header.with_concatenation(Concatenation { reference, total, sequence })?;
            Ok(UserData { header, body: part.to_vec() })
        })
        .collect()
}

/// Joins all segments of one message, in whatever order they came.
///
/// The result has the header elements of the first segment without its
/// concatenation. All segments must share one data coding; it travels beside
/// them, so the caller compares it.
///
/// # Errors
/// [`Error::Segments`] if one is missing, came twice, belongs to another message
/// or uses other national language tables.
pub fn join(segments: &[UserData]) -> Result<UserData, Error> {
    let mut ordered: Vec<(Concatenation, &UserData)> = Vec::with_capacity(segments.len());
    for segment in segments {
        let part = segment.header.concatenation().ok_or(Error::Segments("one is a message of its own"))?;
        ordered.push((part, segment));
    }
    ordered.sort_by_key(|(part, _)| part.sequence);
    let &(first, head) = ordered.first().ok_or(Error::Segments("there are none"))?;
    if ordered.len() != usize::from(first.total) {
        return Err(Error::Segments("their number is not the total"));
    }
    let mut body = Vec::with_capacity(ordered.iter().map(|(_, segment)| segment.body.len()).sum());
    for (expected, (part, segment)) in (1..=first.total).zip(&ordered) {
        if (part.reference, part.total) != (first.reference, first.total) {
            return Err(Error::Segments("they have several references"));
        }
        if part.sequence != expected {
            return Err(Error::Segments("one is missing"));
        }
        if segment.header.shifts() != head.header.shifts() {
            return Err(Error::Segments("they use several language tables"));
        }
        body.extend_from_slice(&segment.body);
    }
    Ok(UserData { header: head.header.without_concatenation(), body })
}

/// Body octets in one segment, its concatenation element counted.
fn segment_room(alphabet: Alphabet, header: &UserDataHeader, width: ReferenceWidth) -> Result<usize, Error> {
    let others = header.without_concatenation().encoded_len().max(1);
    let room = capacity(alphabet, others + width.element_octets());
    // Less than an escape or surrogate pair could not move on without cutting one.
    let least = if alphabet == Alphabet::EightBit { 1 } else { 2 * alphabet.unit_octets() };
    if room < least { Err(Error::NoRoom) } else { Ok(room) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::{self, ESCAPE, Language, Shifts};
    use crate::header::Ports;
    use crate::ucs2;

    const EIGHT: Reference = Reference::Eight(0x2a);
    const SIXTEEN: Reference = Reference::Sixteen(0x2a2b);

    fn gsm7(text: &str) -> Vec<u8> {
        alphabet::encode(text, Shifts::NONE).unwrap()
    }

    /// Body octets of each segment, after the rules that every split must keep.
    fn lengths(alphabet: Alphabet, body: &[u8], header: &UserDataHeader, reference: Reference) -> Vec<usize> {
        let segments = split(alphabet, body, header, reference).unwrap();
        assert_eq!(count(alphabet, body, header, reference.width()), Ok(segments.len()));
        if segments.len() > 1 {
            let joined = join(&segments).unwrap();
            assert_eq!((joined.body.as_slice(), &joined.header), (body, header));
        }
        for segment in &segments {
            assert!(segment.encode(crate::coding::DataCoding::of(alphabet)).is_ok());
        }
        segments.iter().map(|segment| segment.body.len()).collect()
    }

    fn plain(alphabet: Alphabet, body: &[u8], reference: Reference) -> Vec<usize> {
        lengths(alphabet, body, &UserDataHeader::new(), reference)
    }

    #[test]
    fn field_02_septets_with_either_reference() {
        assert_eq!(plain(Alphabet::Gsm7, &[b'a'; 160], EIGHT), [160]);
        assert_eq!(plain(Alphabet::Gsm7, &[b'a'; 161], EIGHT), [153, 8]);
        assert_eq!(plain(Alphabet::Gsm7, &[b'a'; 161], SIXTEEN), [152, 9]);
        assert_eq!(plain(Alphabet::Gsm7, &[b'a'; 306], EIGHT), [153, 153]);
        assert_eq!(plain(Alphabet::Gsm7, &[b'a'; 306], SIXTEEN), [152, 152, 2]);
    }

    #[test]
    fn field_03_escape_pairs_stay_whole() {
        let body = gsm7(&("a".repeat(159) + "€"));
        assert_eq!(body.len(), 161);
        assert_eq!(plain(Alphabet::Gsm7, &body, EIGHT), [153, 8]);
        let at_the_border = gsm7(&("a".repeat(152) + "€" + &"b".repeat(10)));
        assert_eq!(plain(Alphabet::Gsm7, &at_the_border, EIGHT), [152, 12]);
        // ESC ESC is a pair of its own, so the escape after it starts another one.
        let run = [&[b'a'; 151][..], &[ESCAPE, ESCAPE, ESCAPE, 0x65], &[b'b'; 10]].concat();
        assert_eq!(plain(Alphabet::Gsm7, &run, EIGHT), [153, 12]);
    }

    #[test]
    fn field_04_surrogate_pairs_stay_whole() {
        let at_the_border = ucs2::encode(&("д".repeat(66) + "😀" + &"д".repeat(10)));
        assert_eq!(plain(Alphabet::Ucs2, &at_the_border, EIGHT), [132, 24]);
        let all_emoji = ucs2::encode(&"😀".repeat(70));
        assert_eq!(plain(Alphabet::Ucs2, &all_emoji, EIGHT), [132, 132, 16]);
    }

    #[test]
    fn field_04_emoji_sequences_stay_whole_where_it_is_free() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦"; // 11 code units
        let body = ucs2::encode(&("д".repeat(60) + family));
        assert_eq!(plain(Alphabet::Ucs2, &body, EIGHT), [120, 22]);
        let flags = ucs2::encode(&("д".repeat(65) + "🇩🇪🇫🇷"));
        assert_eq!(plain(Alphabet::Ucs2, &flags, EIGHT), [130, 16]);
        let thumb = ucs2::encode(&("д".repeat(65) + "👍🏽" + "дддд"));
        assert_eq!(plain(Alphabet::Ucs2, &thumb, EIGHT), [130, 16]);
        // Kept whole, the family would cost a third segment.
        let tight = ucs2::encode(&("д".repeat(60) + family + &"д".repeat(62)));
        assert_eq!(plain(Alphabet::Ucs2, &tight, EIGHT), [132, 134]);
    }

    #[test]
    fn field_06_ucs2_lengths() {
        let text = |characters| ucs2::encode(&"д".repeat(characters));
        assert_eq!(plain(Alphabet::Ucs2, &text(70), EIGHT), [140]);
        assert_eq!(plain(Alphabet::Ucs2, &text(71), EIGHT), [134, 8]);
        assert_eq!(plain(Alphabet::Ucs2, &text(71), SIXTEEN), [132, 10]);
        assert_eq!(capacity(Alphabet::Ucs2, 5), 134, "with an odd header the last octet stays empty");
    }

    #[test]
    fn field_12_shift_tables_take_room() {
        let mut header = UserDataHeader::new();
        header.set_shifts(Shifts::single(Language::Turkish)).unwrap();
        assert_eq!(capacity(Alphabet::Gsm7, header.encoded_len()), 155);
        assert_eq!(lengths(Alphabet::Gsm7, &[b'a'; 155], &header, EIGHT), [155]);
        assert_eq!(lengths(Alphabet::Gsm7, &[b'a'; 156], &header, EIGHT), [149, 7]);
        header.set_shifts(Shifts::both(Language::Turkish)).unwrap();
        assert_eq!(lengths(Alphabet::Gsm7, &[b'a'; 153], &header, EIGHT), [146, 7]);
    }

    #[test]
    fn field_17_binary_lengths() {
        assert_eq!(plain(Alphabet::EightBit, &[ESCAPE; 140], EIGHT), [140]);
        assert_eq!(plain(Alphabet::EightBit, &[ESCAPE; 141], EIGHT), [134, 7]);
        assert_eq!(plain(Alphabet::EightBit, &[ESCAPE; 141], SIXTEEN), [133, 8]);
    }

    #[test]
    fn field_28_ports_are_in_each_segment() {
        let mut header = UserDataHeader::new();
        let wap = Ports { destination: 2948, source: 9200 };
        header.set_ports(wap).unwrap();
        let segments = split(Alphabet::EightBit, &[0; 300], &header, EIGHT).unwrap();
        assert_eq!(segments.iter().map(|each| each.body.len()).collect::<Vec<_>>(), [128, 128, 44]);
        assert!(segments.iter().all(|each| each.header.ports() == Some(wap)));
        assert_eq!(
            segments[0].header.encode(),
            [0x0b, 0x00, 0x03, 0x2a, 0x03, 0x01, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0]
        );
    }

    #[test]
    fn limits_are_refused() {
        let none = UserDataHeader::new();
        assert_eq!(plain(Alphabet::Gsm7, &[b'a'; 153 * 255], EIGHT).len(), 255);
        let refused = split(Alphabet::Gsm7, &[b'a'; 153 * 255 + 1], &none, EIGHT);
        assert_eq!(refused, Err(Error::TooManySegments(256)));
        assert_eq!(split(Alphabet::Ucs2, &[0; 3], &none, EIGHT), Err(Error::OddUcs2));
        let mut huge = UserDataHeader::new();
        huge.push(0x70, &[0; 132]).unwrap();
        assert_eq!(split(Alphabet::Ucs2, &[0; 8], &huge, EIGHT), Err(Error::NoRoom));
        let segment = &split(Alphabet::Gsm7, &[b'a'; 161], &none, EIGHT).unwrap()[0];
        let again = split(Alphabet::Gsm7, &[b'a'; 161], &segment.header, EIGHT);
        assert_eq!(again, Err(Error::AlreadySegment));
    }

    #[test]
    fn joining_needs_every_segment_of_one_message_once() {
        let body: Vec<u8> = (0..=255).cycle().take(400).collect();
        let mut segments = split(Alphabet::EightBit, &body, &UserDataHeader::new(), EIGHT).unwrap();
        segments.reverse();
        assert_eq!(join(&segments).unwrap().body, body);
        assert!(join(&segments[1..]).is_err());
        assert!(join(&[]).is_err());
        assert!(join(&[UserData::new(vec![1])]).is_err());
        segments[0] = segments[1].clone();
        assert_eq!(join(&segments), Err(Error::Segments("one is missing")));
        segments[0] = split(Alphabet::EightBit, &body, &UserDataHeader::new(), SIXTEEN).unwrap()[2].clone();
        assert_eq!(join(&segments), Err(Error::Segments("they have several references")));
    }
}
