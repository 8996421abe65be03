//! Encodes text as a body in the smallest coding that carries it, and decodes it (3GPP TS 23.038 §6.2).
//!
//! The default alphabet carries most text at 7 bits a character; national tables
//! carry some more for 3 octets of header each; UCS2 carries everything at 16 bits.
//! [`Policy`] sets the codings that may be used. No character is replaced silently:
//! one that cannot be carried is refused with its place.

use std::borrow::Cow;

use crate::alphabet::{self, Language, Shifts};
use crate::coding::{Alphabet, DataCoding};
use crate::error::{Error, Unencodable};
use crate::header::{ReferenceWidth, UserDataHeader};
use crate::look_alike::look_alike;
use crate::user_data::UserData;
use crate::{segment, ucs2};

/// The codings that a text may use. By default: GSM 7 bit or else UCS2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy<'a> {
    /// Languages with tables that the receivers are known to have.
    pub languages: &'a [Language],
    /// Whether UCS2 may be used.
    pub ucs2: bool,
    /// Whether look-alikes (curly quotes, dashes, accents the alphabet lacks) may be
    /// replaced where that makes the whole text fit the default alphabet ("smart encoding").
    pub look_alikes: bool,
}

impl Default for Policy<'_> {
    fn default() -> Self {
        Self { languages: &[], ucs2: true, look_alikes: false }
    }
}

/// A text in its coding.
#[derive(Clone, Eq, PartialEq)]
pub struct Encoded {
    /// How to read `body`.
    pub alphabet: Alphabet,
    /// National tables that the header must name.
    pub shifts: Shifts,
    /// The body in internal form.
    pub body: Vec<u8>,
}

impl Encoded {
    /// A header that names the tables; without elements if there are none.
    pub fn header(&self) -> UserDataHeader {
        let mut header = UserDataHeader::new();
        // Two elements of one octet each always fit into an empty header.
        let _ = header.set_shifts(self.shifts);
        header
    }

    /// Segments that this text needs, with no other header elements.
    ///
    /// # Errors
    /// [`Error::TooManySegments`] over 255.
    pub fn segments(&self, width: ReferenceWidth) -> Result<usize, Error> {
        segment::count(self.alphabet, &self.body, &self.header(), width)
    }
}

impl std::fmt::Debug for Encoded {
    /// Shows the length of the body, never the body.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoded")
            .field("alphabet", &self.alphabet)
            .field("shifts", &self.shifts)
            .field("body_octets", &self.body.len())
            .finish()
    }
}

/// Encodes `text` in the smallest coding that `policy` allows and that carries
/// all of it: the default alphabet, then look-alikes, then whichever of the
/// national tables and UCS2 needs fewer segments, where UCS2 wins a tie because
/// every phone reads it.
///
/// # Errors
/// [`Unencodable`] names the first character that the default alphabet, with
/// look-alikes if they are allowed, cannot carry.
pub fn encode(text: &str, policy: &Policy<'_>) -> Result<Encoded, Unencodable> {
    let gsm7 = |body| Encoded { alphabet: Alphabet::Gsm7, shifts: Shifts::NONE, body };
    let mut refused = match alphabet::encode(text, Shifts::NONE) {
        Ok(body) => return Ok(gsm7(body)),
        Err(refused) => refused,
    };
    if policy.look_alikes {
        match encode_look_alikes(text) {
            Ok(body) => return Ok(gsm7(body)),
            Err(later) => refused = later,
        }
    }
    let ucs2 = policy.ucs2.then(|| Encoded {
        alphabet: Alphabet::Ucs2,
        shifts: Shifts::NONE,
        body: ucs2::encode(text),
    });
    let national = policy.languages.iter().flat_map(|&language| encode_national(text, language));
    ucs2.into_iter().chain(national).min_by_key(segments_or_worst).ok_or(refused)
}

/// Reads a body in internal form as text; `None` for 8 bit data.
pub fn decode(alphabet: Alphabet, shifts: Shifts, body: &[u8]) -> Option<String> {
    match alphabet {
        Alphabet::Gsm7 => Some(alphabet::decode(body, shifts)),
        Alphabet::EightBit => None,
        Alphabet::Ucs2 => Some(ucs2::decode(body)),
    }
}

impl UserData {
    /// The body as text; `None` for 8 bit data.
    pub fn text(&self, coding: DataCoding) -> Option<String> {
        decode(coding.alphabet(), self.header.shifts(), &self.body)
    }
}

/// Replaces what the default alphabet lacks by what looks alike, where something
/// does; everything else stays. Borrows if there was nothing to replace.
pub fn replace_look_alikes(text: &str) -> Cow<'_, str> {
    let lacks = |character| alphabet::septets_of(character, Shifts::NONE).is_none();
    if !text.chars().any(|each| lacks(each) && look_alike(each).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    for character in text.chars() {
        match look_alike(character).filter(|_| lacks(character)) {
            Some(alike) => replaced.push_str(alike),
            None => replaced.push(character),
        }
    }
    Cow::Owned(replaced)
}

fn encode_look_alikes(text: &str) -> Result<Vec<u8>, Unencodable> {
    let unmapped = |&(_, character): &(usize, char)| {
        alphabet::septets_of(character, Shifts::NONE).is_none() && look_alike(character).is_none()
    };
    match text.chars().enumerate().find(unmapped) {
        Some((position, character)) => Err(Unencodable { position, character }),
        None => alphabet::encode(&replace_look_alikes(text), Shifts::NONE),
    }
}

fn encode_national(text: &str, language: Language) -> impl Iterator<Item = Encoded> {
    let locking = Shifts { locking: Some(language), single: None };
    [Shifts::single(language), locking, Shifts::both(language)].into_iter().filter_map(move |shifts| {
        let body = alphabet::encode(text, shifts).ok()?;
        Some(Encoded { alphabet: Alphabet::Gsm7, shifts, body })
    })
}

fn segments_or_worst(encoded: &Encoded) -> usize {
    encoded.segments(ReferenceWidth::Eight).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, policy: &Policy<'_>) -> (Alphabet, Shifts, usize) {
        let encoded = encode(text, policy).unwrap();
        let read = decode(encoded.alphabet, encoded.shifts, &encoded.body).unwrap();
        let expected = if policy.look_alikes && encoded.alphabet == Alphabet::Gsm7 {
            replace_look_alikes(text)
        } else {
            Cow::Borrowed(text)
        };
        assert_eq!(read, expected);
        (encoded.alphabet, encoded.shifts, encoded.segments(ReferenceWidth::Eight).unwrap())
    }

    #[test]
    fn field_11_default_alphabet_then_ucs2() {
        let policy = Policy::default();
        assert_eq!(chosen("[Hello] {€}", &policy), (Alphabet::Gsm7, Shifts::NONE, 1));
        assert_eq!(chosen("“Hello”", &policy), (Alphabet::Ucs2, Shifts::NONE, 1));
        assert_eq!(chosen(&("a".repeat(70) + "’"), &policy), (Alphabet::Ucs2, Shifts::NONE, 2));
        assert_eq!(chosen("", &policy), (Alphabet::Gsm7, Shifts::NONE, 1));
    }

    #[test]
    fn field_11_look_alikes_where_they_make_it_fit() {
        let policy = Policy { look_alikes: true, ..Policy::default() };
        assert_eq!(chosen(&("a".repeat(70) + "’"), &policy), (Alphabet::Gsm7, Shifts::NONE, 1));
        assert_eq!(chosen("naïve “café” – č…", &policy), (Alphabet::Gsm7, Shifts::NONE, 1));
        // One character has no look-alike, so nothing is replaced at all.
        assert_eq!(chosen("“Привет”", &policy), (Alphabet::Ucs2, Shifts::NONE, 1));
    }

    #[test]
    fn field_11_refusal_names_the_first_that_cannot_be_carried() {
        let strict = Policy { ucs2: false, ..Policy::default() };
        assert_eq!(encode("“ж”", &strict), Err(Unencodable { position: 0, character: '“' }));
        let smart = Policy { look_alikes: true, ..strict };
        assert_eq!(encode("“ж”", &smart), Err(Unencodable { position: 1, character: 'ж' }));
    }

    #[test]
    fn field_12_national_tables_where_they_save_a_segment() {
        let policy = Policy { languages: &[Language::Turkish, Language::Hindi], ..Policy::default() };
        let turkish = "ş".repeat(10) + &"a".repeat(100);
        assert_eq!(chosen(&turkish, &policy), (Alphabet::Gsm7, Shifts::single(Language::Turkish), 1));
        assert_eq!(chosen("ş", &policy), (Alphabet::Ucs2, Shifts::NONE, 1), "every phone reads it");
        let hindi = "नमस्ते ".repeat(20);
        let locking = Shifts { locking: Some(Language::Hindi), single: None };
        assert_eq!(chosen(&hindi, &policy), (Alphabet::Gsm7, locking, 1));
    }
}
