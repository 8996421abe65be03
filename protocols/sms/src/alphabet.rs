//! The GSM 7 bit alphabets: text to septets and back (3GPP TS 23.038 §6.2.1, annex A).
//!
//! Septets are unpacked here, one in an octet, as SMPP carries them and as the
//! centre keeps them; [`packing`](crate::packing) makes the radio form. A
//! character of the extension, or of a single shift table, takes two septets:
//! [`ESCAPE`] and its place in that table.

mod locking;
mod single;
mod table;

use self::table::{NONE, Table};
use crate::error::Unencodable;

/// The septet that precedes one of the single shift table.
pub const ESCAPE: u8 = 0x1b;

/// A language with tables of its own (TS 23.038 annex A); the value is the
/// National Language Identifier of TS 23.040 §9.2.3.24.15 and .16.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Language {
    /// Turkish, identifier 1.
    Turkish = 1,
    /// Has a single shift table alone; its locking shift is the default alphabet.
    Spanish = 2,
    /// Portuguese, identifier 3.
    Portuguese = 3,
    /// Bengali, identifier 4.
    Bengali = 4,
    /// Gujarati, identifier 5.
    Gujarati = 5,
    /// Hindi, identifier 6.
    Hindi = 6,
    /// Kannada, identifier 7.
    Kannada = 7,
    /// Malayalam, identifier 8.
    Malayalam = 8,
    /// Oriya, identifier 9.
    Oriya = 9,
    /// Punjabi, identifier 10.
    Punjabi = 10,
    /// Tamil, identifier 11.
    Tamil = 11,
    /// Telugu, identifier 12.
    Telugu = 12,
    /// Urdu, identifier 13.
    Urdu = 13,
}

impl Language {
    /// Every language, by identifier.
    pub const ALL: [Self; 13] = [
        Self::Turkish,
        Self::Spanish,
        Self::Portuguese,
        Self::Bengali,
        Self::Gujarati,
        Self::Hindi,
        Self::Kannada,
        Self::Malayalam,
        Self::Oriya,
        Self::Punjabi,
        Self::Tamil,
        Self::Telugu,
        Self::Urdu,
    ];

    /// The language with this National Language Identifier, if it is assigned.
    pub fn from_identifier(identifier: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.identifier() == identifier)
    }

    /// The National Language Identifier, 1 to 13.
    pub const fn identifier(self) -> u8 {
        self as u8
    }

    fn locking(self) -> &'static Table {
        match self {
            Self::Turkish => &locking::TURKISH,
            Self::Spanish => &locking::DEFAULT,
            Self::Portuguese => &locking::PORTUGUESE,
            Self::Bengali => &locking::BENGALI,
            Self::Gujarati => &locking::GUJARATI,
            Self::Hindi => &locking::HINDI,
            Self::Kannada => &locking::KANNADA,
            Self::Malayalam => &locking::MALAYALAM,
            Self::Oriya => &locking::ORIYA,
            Self::Punjabi => &locking::PUNJABI,
            Self::Tamil => &locking::TAMIL,
            Self::Telugu => &locking::TELUGU,
            Self::Urdu => &locking::URDU,
        }
    }

    fn single(self) -> &'static Table {
        match self {
            Self::Turkish => &single::TURKISH,
            Self::Spanish => &single::SPANISH,
            Self::Portuguese => &single::PORTUGUESE,
            Self::Bengali => &single::BENGALI,
            Self::Gujarati => &single::GUJARATI,
            Self::Hindi => &single::HINDI,
            Self::Kannada => &single::KANNADA,
            Self::Malayalam => &single::MALAYALAM,
            Self::Oriya => &single::ORIYA,
            Self::Punjabi => &single::PUNJABI,
            Self::Tamil => &single::TAMIL,
            Self::Telugu => &single::TELUGU,
            Self::Urdu => &single::URDU,
        }
    }
}

/// Which tables a text uses instead of the default ones.
///
/// The user data header names them in each segment
/// ([`UserDataHeader::shifts`](crate::header::UserDataHeader::shifts)).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Shifts {
    /// Replaces the default alphabet.
    pub locking: Option<Language>,
    /// Replaces the extension table behind an escape.
    pub single: Option<Language>,
}

impl Shifts {
    /// The default alphabet and its extension.
    pub const NONE: Self = Self { locking: None, single: None };

    /// A single shift table alone: text in the default alphabet with a few
    /// characters of `language`.
    pub const fn single(language: Language) -> Self {
        Self { locking: None, single: Some(language) }
    }

    /// A locking and a single shift table of one language.
    pub const fn both(language: Language) -> Self {
        Self { locking: Some(language), single: Some(language) }
    }

    fn base_table(self) -> &'static Table {
        self.locking.map_or(&locking::DEFAULT, Language::locking)
    }

    fn extension_table(self) -> &'static Table {
        self.single.map_or(&single::DEFAULT, Language::single)
    }
}

/// Reads unpacked septets as text. Never fails: a septet without a character is shown as below.
///
/// An escape before a place that the single shift table leaves empty yields the
/// base table's character, and a second escape, or one at the very end, a space
/// (TS 23.038 §6.2.1.1). A place that a locking table leaves empty yields a
/// space. An octet over 0x7F is no septet and yields U+FFFD.
pub fn decode(septets: &[u8], shifts: Shifts) -> String {
    let (base, extension) = (shifts.base_table(), shifts.extension_table());
    let at = |table: &Table, septet: u8| table.get(usize::from(septet)).copied();
    let mut text = String::with_capacity(septets.len() + septets.len() / 8);
    let mut septets = septets.iter().copied();
    while let Some(septet) = septets.next() {
        let found = if septet == ESCAPE {
            septets.next().map_or(Some(NONE), |second| match at(extension, second) {
                Some(NONE) => at(base, second),
                found => found,
            })
        } else {
            at(base, septet)
        };
        text.push(match found {
            Some(NONE) => ' ',
            Some(character) => character,
            None => char::REPLACEMENT_CHARACTER,
        });
    }
    text
}

/// Writes text as unpacked septets, or names the first character that these
/// tables cannot carry.
pub fn encode(text: &str, shifts: Shifts) -> Result<Vec<u8>, Unencodable> {
    let mut septets = Vec::with_capacity(text.len());
    for (position, character) in text.chars().enumerate() {
        match place(character, shifts) {
            Some(Place::Base(septet)) => septets.push(septet),
            Some(Place::Extension(septet)) => septets.extend([ESCAPE, septet]),
            None => return Err(Unencodable { position, character }),
        }
    }
    Ok(septets)
}

/// Septets that `character` takes, 1 or 2, or `None` if these tables lack it.
pub fn septets_of(character: char, shifts: Shifts) -> Option<usize> {
    place(character, shifts).map(|place| match place {
        Place::Base(_) => 1,
        Place::Extension(_) => 2,
    })
}

/// Whether every octet is a septet, as a GSM 7 bit body must be.
pub fn is_septets(body: &[u8]) -> bool {
    body.is_ascii()
}

#[derive(Clone, Copy)]
enum Place {
    Base(u8),
    Extension(u8),
}

fn place(character: char, shifts: Shifts) -> Option<Place> {
    if shifts.locking.is_none() {
        match LATIN.get(character as usize) {
            Some(&ABSENT) => {}
            Some(&septet) => return Some(Place::Base(septet)),
            None => {}
        }
    }
    let find = |table: &Table| {
        let at = table.iter().position(|&each| each == character && each != NONE)?;
        u8::try_from(at).ok()
    };
    find(shifts.base_table())
        .map(Place::Base)
        .or_else(|| find(shifts.extension_table()).map(Place::Extension))
}

/// Marks a Latin-1 character that the default alphabet lacks.
const ABSENT: u8 = 0xff;

/// The default alphabet by character, for those below U+0100, which are nearly
/// all of the characters that are sent in it.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a bad index is a compile error"
)]
static LATIN: [u8; 256] = {
    let mut latin = [ABSENT; 256];
    let mut septet = 0_u8;
    while septet < 128 {
        let character = locking::DEFAULT[septet as usize];
        if character != NONE && (character as usize) < 256 {
            latin[character as usize] = septet;
        }
        septet += 1;
    }
    latin
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_07_the_at_sign_is_septet_zero() {
        assert_eq!(encode("@a@", Shifts::NONE).unwrap(), [0x00, 0x61, 0x00]);
        assert_eq!(decode(&[0x00, 0x61, 0x00], Shifts::NONE), "@a@");
    }

    #[test]
    fn field_10_what_follows_an_escape() {
        let read = |septets: &[u8]| decode(septets, Shifts::NONE);
        assert_eq!(read(&[0x0d, 0x0a]), "\r\n");
        assert_eq!(read(&[ESCAPE, 0x0a]), "\u{c}");
        assert_eq!(read(&[ESCAPE, ESCAPE]), " ", "reserved for one more table");
        assert_eq!(read(&[ESCAPE, ESCAPE, 0x65]), " e");
        assert_eq!(read(&[ESCAPE, b'z']), "z", "unknown after an escape");
        assert_eq!(read(&[b'a', ESCAPE]), "a ");
        assert_eq!(encode("\u{c}", Shifts::NONE).unwrap(), [ESCAPE, 0x0a]);
    }

    #[test]
    fn field_11_names_the_first_character_without_quoting_the_text() {
        let refused = encode("secret ‘quote’", Shifts::NONE).unwrap_err();
        assert_eq!(refused, Unencodable { position: 7, character: '‘' });
        assert_eq!(refused.to_string(), "character 7 (U+2018) cannot be carried");
    }

    #[test]
    fn nul_is_in_no_table() {
        for shifts in Language::ALL.map(Shifts::both).into_iter().chain([Shifts::NONE]) {
            assert!(encode("\0", shifts).is_err());
        }
    }

    #[test]
    fn an_octet_that_is_no_septet_shows_as_replacement() {
        assert_eq!(decode(&[b'a', 0xe9], Shifts::NONE), "a\u{fffd}");
        assert!(!is_septets(&[0x80]));
    }
}
