//! TP-Data-Coding-Scheme: the alphabet, class and waiting indication of a message (3GPP TS 23.038 §4).
//!
//! [`DataCoding`] keeps the octet as it came, reserved bits included, and answers
//! questions about it. Note that SMPP's `data_coding` is a different code that
//! agrees with this one only in part; the SMPP gateway converts.

/// How the octets of a body are to be read.
///
/// It also names the internal form of a body: [`Gsm7`](Self::Gsm7) is one septet
/// in each octet, [`EightBit`](Self::EightBit) plain octets,
/// [`Ucs2`](Self::Ucs2) UTF-16 code units, high octet first.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Alphabet {
    /// GSM 7 bit default alphabet, or national tables named in the header.
    #[default]
    Gsm7,
    /// Octets without a meaning as text.
    EightBit,
    /// UTF-16BE: the standard names UCS2, but phones send surrogate pairs.
    Ucs2,
}

impl Alphabet {
    /// Body octets of the shortest unit: 2 for UCS2, else 1.
    pub const fn unit_octets(self) -> usize {
        match self {
            Self::Ucs2 => 2,
            Self::Gsm7 | Self::EightBit => 1,
        }
    }
}

/// TP-Message-Class: where the phone puts the message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum MessageClass {
    /// Class 0: shown at once and not stored ("flash").
    Flash = 0,
    /// Class 1: the phone's own memory.
    MobileEquipment = 1,
    /// Class 2: the SIM.
    Sim = 2,
    /// Class 3: the terminal equipment behind the phone.
    TerminalEquipment = 3,
}

impl MessageClass {
    /// The class with this number, of which the two low bits count.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0 => Self::Flash,
            1 => Self::MobileEquipment,
            2 => Self::Sim,
            _ => Self::TerminalEquipment,
        }
    }
}

/// The kind of message that waits for the subscriber (TS 23.038 §4, message waiting indication).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Waiting {
    /// Voice mail.
    Voicemail = 0,
    /// Fax.
    Fax = 1,
    /// Electronic mail.
    Email = 2,
    /// Anything else.
    Other = 3,
}

impl Waiting {
    /// The kind with this number, of which the two low bits count.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0 => Self::Voicemail,
            1 => Self::Fax,
            2 => Self::Email,
            _ => Self::Other,
        }
    }
}

/// A message waiting indication in the data coding scheme.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct WaitingIndication {
    /// What waits.
    pub kind: Waiting,
    /// Whether the indicator goes on or off.
    pub active: bool,
    /// Whether the phone keeps the text as well.
    pub store: bool,
}

/// TP-Data-Coding-Scheme, one octet.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct DataCoding(pub u8);

impl DataCoding {
    /// GSM 7 bit default alphabet, no class.
    pub const GSM7: Self = Self(0x00);
    /// 8 bit data, no class.
    pub const EIGHT_BIT: Self = Self(0x04);
    /// UCS2, no class.
    pub const UCS2: Self = Self(0x08);

    /// The plain scheme for an alphabet: no class, not compressed.
    pub const fn of(alphabet: Alphabet) -> Self {
        match alphabet {
            Alphabet::Gsm7 => Self::GSM7,
            Alphabet::EightBit => Self::EIGHT_BIT,
            Alphabet::Ucs2 => Self::UCS2,
        }
    }

    /// The scheme for a message waiting indication with its text in `alphabet`.
    ///
    /// `None` if there is no such scheme: 8 bit data, or UCS2 that is to be discarded.
    pub const fn waiting_indication(alphabet: Alphabet, indication: WaitingIndication) -> Option<Self> {
        let group = match (alphabet, indication.store) {
            (Alphabet::Gsm7, false) => 0xc0,
            (Alphabet::Gsm7, true) => 0xd0,
            (Alphabet::Ucs2, true) => 0xe0,
            (Alphabet::Ucs2, false) | (Alphabet::EightBit, _) => return None,
        };
        Some(Self(group | (indication.active as u8) << 3 | indication.kind as u8))
    }

    /// How to read the body.
    ///
    /// Reserved codes are the default alphabet, as the standard asks of a
    /// receiver. A compressed body is 8 bit here whatever its alphabet: it passes
    /// through and is never read as text.
    pub const fn alphabet(self) -> Alphabet {
        if self.is_compressed() {
            return Alphabet::EightBit;
        }
        match (self.0 >> 4, self.0 >> 2 & 0b11) {
            (0x0..=0x7, 1) | (0xf, 1 | 3) => Alphabet::EightBit,
            (0x0..=0x7, 2) | (0xe, _) => Alphabet::Ucs2,
            _ => Alphabet::Gsm7,
        }
    }

    /// The message class, in the two groups that can have one.
    pub const fn class(self) -> Option<MessageClass> {
        match self.0 >> 4 {
            0x1 | 0x3 | 0x5 | 0x7 | 0xf => Some(MessageClass::from_bits(self.0)),
            _ => None,
        }
    }

    /// The same coding with another class; [`None`] takes the class away.
    ///
    /// A scheme that has no place for a class, such as message waiting, stays as it is.
    #[must_use]
    pub const fn with_class(self, class: Option<MessageClass>) -> Self {
        match (self.0 >> 4, class) {
            (0x0..=0x7, Some(class)) => Self(self.0 & 0xec | 0x10 | class as u8),
            (0x0..=0x7, None) => Self(self.0 & 0xec),
            (0xf, Some(class)) => Self(self.0 & 0xfc | class as u8),
            (0xf, None) => Self::of(self.alphabet()),
            _ => self,
        }
    }

    /// Whether the body is compressed (TS 23.042).
    pub const fn is_compressed(self) -> bool {
        self.0 & 0b1010_0000 == 0b0010_0000
    }

    /// Whether the phone deletes the message once it was read (group 01xx).
    pub const fn is_auto_deletion(self) -> bool {
        self.0 & 0b1100_0000 == 0b0100_0000
    }

    /// The message waiting indication, in groups 1100 to 1110.
    pub const fn waiting(self) -> Option<WaitingIndication> {
        match self.0 >> 4 {
            group @ 0xc..=0xe => Some(WaitingIndication {
                kind: Waiting::from_bits(self.0),
                active: self.0 & 0b1000 != 0,
                store: group != 0xc,
            }),
            _ => None,
        }
    }

    /// Whether the standard assigns a meaning to this octet.
    pub const fn is_reserved(self) -> bool {
        match self.0 >> 4 {
            0x0..=0x7 => self.0 & 0b1100 == 0b1100 || self.0 & 0b0001_0011 > 0 && self.0 & 0b0001_0000 == 0,
            0x8..=0xb => true,
            0xc..=0xe => self.0 & 0b0100 != 0,
            _ => self.0 & 0b1000 != 0,
        }
    }
}

impl From<u8> for DataCoding {
    fn from(octet: u8) -> Self {
        Self(octet)
    }
}

impl From<DataCoding> for u8 {
    fn from(coding: DataCoding) -> Self {
        coding.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alphabets(octets: impl IntoIterator<Item = u8>) -> Vec<Alphabet> {
        octets.into_iter().map(|octet| DataCoding(octet).alphabet()).collect()
    }

    #[test]
    fn field_17_binary_is_eight_bit() {
        assert_eq!(alphabets([0x04, 0x14, 0x44, 0xf4, 0xf7]), [Alphabet::EightBit; 5]);
        assert_eq!(DataCoding::of(Alphabet::EightBit), DataCoding(0x04));
    }

    #[test]
    fn field_24_flash() {
        for (octet, alphabet) in [
            (0x10, Alphabet::Gsm7),
            (0xf0, Alphabet::Gsm7),
            (0x18, Alphabet::Ucs2),
            (0xf4, Alphabet::EightBit),
        ] {
            assert_eq!(DataCoding(octet).class(), Some(MessageClass::Flash), "{octet:#04x}");
            assert_eq!(DataCoding(octet).alphabet(), alphabet, "{octet:#04x}");
        }
        assert_eq!(DataCoding::GSM7.class(), None);
        assert_eq!(DataCoding::GSM7.with_class(Some(MessageClass::Flash)), DataCoding(0x10));
        assert_eq!(DataCoding::UCS2.with_class(Some(MessageClass::Flash)), DataCoding(0x18));
        assert_eq!(DataCoding(0xf5).with_class(None), DataCoding::EIGHT_BIT);
        assert_eq!(DataCoding(0x12).with_class(None), DataCoding::GSM7);
        assert_eq!(DataCoding(0xc8).with_class(Some(MessageClass::Flash)), DataCoding(0xc8));
    }

    #[test]
    fn field_27_message_waiting() {
        let waiting = |octet| DataCoding(octet).waiting().unwrap();
        let voicemail = WaitingIndication { kind: Waiting::Voicemail, active: true, store: false };
        assert_eq!(waiting(0xc8), voicemail);
        assert_eq!(waiting(0xc0), WaitingIndication { active: false, ..voicemail });
        assert_eq!(waiting(0xd9), WaitingIndication { kind: Waiting::Fax, store: true, ..voicemail });
        assert_eq!(waiting(0xea), WaitingIndication { kind: Waiting::Email, store: true, ..voicemail });
        assert_eq!(alphabets([0xc8, 0xd9, 0xea]), [Alphabet::Gsm7, Alphabet::Gsm7, Alphabet::Ucs2]);
        for octet in (0xc0..=0xef).filter(|octet| octet & 0b0100 == 0) {
            let coding = DataCoding(octet);
            assert_eq!(DataCoding::waiting_indication(coding.alphabet(), waiting(octet)), Some(coding));
        }
        assert_eq!(DataCoding(0xf0).waiting(), None);
    }

    #[test]
    fn field_30_compressed_is_never_text() {
        for octet in [0x20, 0x28, 0x2c, 0x31, 0x60, 0x7b] {
            assert!(DataCoding(octet).is_compressed(), "{octet:#04x}");
            assert_eq!(DataCoding(octet).alphabet(), Alphabet::EightBit);
            assert_eq!(u8::from(DataCoding::from(octet)), octet);
        }
        for octet in [0x00, 0x10, 0x48, 0xa0, 0xe0, 0xf0] {
            assert!(!DataCoding(octet).is_compressed(), "{octet:#04x}");
        }
    }

    #[test]
    fn reserved_codes_are_the_default_alphabet() {
        assert_eq!(alphabets(0x80..=0xbf), [Alphabet::Gsm7; 0x40]);
        assert_eq!(alphabets([0x0c, 0x1f, 0x4c]), [Alphabet::Gsm7; 3]);
        for (octet, reserved) in [
            (0x00, false),
            (0x01, true),
            (0x0c, true),
            (0x11, false),
            (0x48, false),
            (0x83, true),
            (0xc4, true),
            (0xc8, false),
            (0xf1, false),
            (0xf8, true),
        ] {
            assert_eq!(DataCoding(octet).is_reserved(), reserved, "{octet:#04x}");
        }
    }

    #[test]
    fn auto_deletion_is_the_general_group_with_one_more_bit() {
        for low in 0x00..=0x3f {
            let (general, deleting) = (DataCoding(low), DataCoding(low | 0x40));
            assert!(deleting.is_auto_deletion() && !general.is_auto_deletion());
            assert_eq!(deleting.alphabet(), general.alphabet());
            assert_eq!(deleting.class(), general.class());
        }
    }
}
