//! The user data header, TP-UDH (3GPP TS 23.040 §9.2.3.24).
//!
//! A header is a list of information elements. All of them are kept, in order,
//! known or not, so that a header passes through the centre unchanged. Where an
//! element that may occur once occurs more often, the last one counts.

mod element;

use std::fmt;

use crate::alphabet::{Language, Shifts};
use crate::coding::Waiting;
use crate::error::{Error, Truncated};

pub use element::{Concatenation, Element, Ports, Reference, ReferenceWidth, SpecialSms, identifier};

/// TP-UDH: information elements in the order they travel in.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct UserDataHeader {
    /// The elements as on the wire, without UDHL. Always well formed.
    elements: Vec<u8>,
}

impl UserDataHeader {
    /// Octets of elements that UDHL can count, in the 140 octets of a TPDU.
    pub const ELEMENTS_MAX: usize = 139;

    /// A header without elements, which takes no octets at all.
    pub const fn new() -> Self {
        Self { elements: Vec::new() }
    }

    /// Reads a header that is all of `octets`, UDHL included.
    ///
    /// # Errors
    /// [`Error::Header`] if the lengths disagree; [`Error::Truncated`] if octets are missing.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        match Self::split(octets)? {
            (header, []) => Ok(header),
            _ => Err(Error::Header("octets follow the last element")),
        }
    }

    /// Reads the header at the start of `user_data` and returns what follows it.
    ///
    /// # Errors
    /// [`Error::Truncated`] if UDHL points past the end, [`Error::Header`] if an
    /// element does.
    pub fn split(user_data: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (&length, rest) = user_data.split_first().ok_or(Truncated { needed: 1, present: 0 })?;
        let (elements, body) = rest
            .split_at_checked(usize::from(length))
            .ok_or(Truncated { needed: usize::from(length) + 1, present: user_data.len() })?;
        let mut left = elements;
        while !left.is_empty() {
            (_, left) = take_element(left).ok_or(Error::Header("an element points past the end"))?;
        }
        Ok((Self { elements: elements.to_vec() }, body))
    }

    /// Writes the header with its UDHL; nothing at all if it has no elements.
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.encoded_len());
        self.encode_into(&mut octets);
        octets
    }

    /// Writes as [`encode`](Self::encode) does, behind what `octets` holds already.
    pub fn encode_into(&self, octets: &mut Vec<u8>) {
        if let Ok(length @ 1..) = u8::try_from(self.elements.len()) {
            octets.push(length);
            octets.extend_from_slice(&self.elements);
        }
    }

    /// Octets on the wire, UDHL included; 0 if there are no elements.
    pub fn encoded_len(&self) -> usize {
        if self.elements.is_empty() { 0 } else { self.elements.len() + 1 }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements in order.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        let mut left = self.elements.as_slice();
        std::iter::from_fn(move || {
            let (element, rest) = take_element(left)?;
            left = rest;
            Some(element)
        })
    }

    /// The last element with this identifier.
    pub fn element(&self, identifier: u8) -> Option<Element<'_>> {
        self.elements().filter(|element| element.identifier == identifier).last()
    }

    /// Appends an element.
    ///
    /// # Errors
    /// [`Error::Header`] if the header would exceed [`ELEMENTS_MAX`](Self::ELEMENTS_MAX).
    pub fn push(&mut self, identifier: u8, data: &[u8]) -> Result<(), Error> {
        let length = match u8::try_from(data.len()) {
            Ok(length) if self.elements.len() + 2 + data.len() <= Self::ELEMENTS_MAX => length,
            _ => return Err(Error::Header("too long for a short message")),
        };
        self.elements.extend([identifier, length]);
        self.elements.extend_from_slice(data);
        Ok(())
    }

    /// Removes the elements with an identifier that `is_removed` selects.
    pub fn remove(&mut self, is_removed: impl Fn(u8) -> bool) {
        let mut kept = Vec::with_capacity(self.elements.len());
        for element in self.elements().filter(|element| !is_removed(element.identifier)) {
            kept.extend([element.identifier, u8::try_from(element.data.len()).unwrap_or(0)]);
            kept.extend_from_slice(element.data);
        }
        self.elements = kept;
    }

    /// Which segment this is, or `None` for a message of its own.
    ///
    /// The last concatenation element of either width counts. One with a total of
    /// zero, or a sequence of zero or past the total, is ignored, as §9.2.3.24.1 asks.
    pub fn concatenation(&self) -> Option<Concatenation> {
        let parts = self.elements().filter_map(|Element { identifier, data }| match (identifier, data) {
            (identifier::CONCATENATION_8, &[reference, total, sequence]) => {
                Some(Concatenation { reference: Reference::Eight(reference), total, sequence })
            }
            (identifier::CONCATENATION_16, &[high, low, total, sequence]) => {
                let reference = Reference::Sixteen(u16::from_be_bytes([high, low]));
                Some(Concatenation { reference, total, sequence })
            }
            _ => None,
        });
        parts.filter(|part| part.sequence >= 1 && part.sequence <= part.total).last()
    }

    /// The same header as that of one segment: its concatenation, then the other elements.
    ///
    /// # Errors
    /// [`Error::Header`] if there is no room for it.
    pub fn with_concatenation(&self, part: Concatenation) -> Result<Self, Error> {
        let mut header = Self::new();
        let (total, sequence) = (part.total, part.sequence);
        match part.reference {
            Reference::Eight(reference) => {
                header.push(identifier::CONCATENATION_8, &[reference, total, sequence])?;
            }
            Reference::Sixteen(reference) => {
                let [high, low] = reference.to_be_bytes();
                header.push(identifier::CONCATENATION_16, &[high, low, total, sequence])?;
            }
        }
        for element in self.elements().filter(|element| !is_concatenation(element.identifier)) {
            header.push(element.identifier, element.data)?;
        }
        Ok(header)
    }

    /// The same header without concatenation, valid or not.
    #[must_use]
    pub fn without_concatenation(&self) -> Self {
        let mut header = self.clone();
        header.remove(is_concatenation);
        header
    }

    /// The application ports; the last element of either width counts.
    pub fn ports(&self) -> Option<Ports> {
        let ports = self.elements().filter_map(|Element { identifier, data }| match (identifier, data) {
            (identifier::PORTS_8, &[destination, source]) => {
                Some(Ports { destination: destination.into(), source: source.into() })
            }
            (identifier::PORTS_16, &[a, b, c, d]) => {
                Some(Ports { destination: u16::from_be_bytes([a, b]), source: u16::from_be_bytes([c, d]) })
            }
            _ => None,
        });
        ports.last()
    }

    /// Sets the application ports, 16 bits wide, in place of any that were there.
    ///
    /// # Errors
    /// [`Error::Header`] if there is no room for them.
    pub fn set_ports(&mut self, ports: Ports) -> Result<(), Error> {
        self.remove(|identifier| matches!(identifier, identifier::PORTS_8 | identifier::PORTS_16));
        let ([a, b], [c, d]) = (ports.destination.to_be_bytes(), ports.source.to_be_bytes());
        self.push(identifier::PORTS_16, &[a, b, c, d])
    }

    /// The national language tables that the text uses. An identifier that is not
    /// assigned means the default table (TS 23.038 §6.2.1.2.5).
    pub fn shifts(&self) -> Shifts {
        let language = |identifier| match self.element(identifier)?.data {
            &[language] => Language::from_identifier(language),
            _ => None,
        };
        Shifts { locking: language(identifier::LOCKING_SHIFT), single: language(identifier::SINGLE_SHIFT) }
    }

    /// Names the tables that the text uses, in place of any that were named.
    ///
    /// # Errors
    /// [`Error::Header`] if there is no room for them.
    pub fn set_shifts(&mut self, shifts: Shifts) -> Result<(), Error> {
        self.remove(|identifier| matches!(identifier, identifier::SINGLE_SHIFT | identifier::LOCKING_SHIFT));
        let named = [(identifier::SINGLE_SHIFT, shifts.single), (identifier::LOCKING_SHIFT, shifts.locking)];
        for (identifier, language) in named {
            if let Some(language) = language {
                self.push(identifier, &[language.identifier()])?;
            }
        }
        Ok(())
    }

    /// What waits, and how much of it. This element may occur once a kind.
    pub fn special_sms(&self) -> impl Iterator<Item = SpecialSms> {
        self.elements().filter_map(|Element { identifier, data }| match (identifier, data) {
            (identifier::SPECIAL_SMS, &[raw_kind, count]) => Some(SpecialSms {
                kind: Waiting::from_bits(raw_kind),
                store: raw_kind & 0x80 != 0,
                count,
                raw_kind,
            }),
            _ => None,
        })
    }
}

impl fmt::Debug for UserDataHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.elements()).finish()
    }
}

fn is_concatenation(identifier: u8) -> bool {
    matches!(identifier, identifier::CONCATENATION_8 | identifier::CONCATENATION_16)
}

fn take_element(octets: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&[identifier, length], rest) = octets.split_first_chunk::<2>()?;
    let (data, rest) = rest.split_at_checked(usize::from(length))?;
    Some((Element { identifier, data }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(octets: &[u8]) -> UserDataHeader {
        UserDataHeader::decode(octets).unwrap()
    }

    #[test]
    fn concatenation_in_both_widths() {
        let eight = header(&[0x05, 0x00, 0x03, 0xa7, 0x02, 0x01]);
        let part = Concatenation { reference: Reference::Eight(0xa7), total: 2, sequence: 1 };
        assert_eq!(eight.concatenation(), Some(part));
        let sixteen = header(&[0x06, 0x08, 0x04, 0x12, 0x34, 0x03, 0x03]);
        let part = Concatenation { reference: Reference::Sixteen(0x1234), total: 3, sequence: 3 };
        assert_eq!(sixteen.concatenation(), Some(part));
        assert_eq!(UserDataHeader::new().with_concatenation(part).unwrap(), sixteen);
    }

    #[test]
    fn field_13_impossible_concatenation_is_a_message_of_its_own() {
        for (total, sequence) in [(0, 0), (0, 1), (2, 0), (2, 3)] {
            let header = header(&[0x05, 0x00, 0x03, 0x01, total, sequence]);
            assert_eq!(header.concatenation(), None, "{sequence} of {total}");
            assert!(header.without_concatenation().is_empty());
        }
    }

    #[test]
    fn field_14_last_duplicate_wins_and_unknown_elements_stay() {
        let octets = [
            0x11, 0x00, 0x03, 0x01, 0x02, 0x01, 0x6f, 0x02, 0xca, 0xfe, 0x00, 0x03, 0x09, 0x02, 0x02, 0x70,
            0x01, 0x55,
        ];
        let header = header(&octets);
        let last = Concatenation { reference: Reference::Eight(9), total: 2, sequence: 2 };
        assert_eq!(header.concatenation(), Some(last));
        assert_eq!(header.element(0x6f), Some(Element { identifier: 0x6f, data: &[0xca, 0xfe] }));
        assert_eq!(header.encode(), octets, "passes through unchanged");
        assert_eq!(header.without_concatenation().encode(), [0x07, 0x6f, 0x02, 0xca, 0xfe, 0x70, 0x01, 0x55]);
    }

    #[test]
    fn field_14_eight_and_sixteen_bits_exclude_each_other() {
        let both = header(&[0x0b, 0x00, 0x03, 0x01, 0x02, 0x01, 0x08, 0x04, 0x00, 0x01, 0x00, 0x00]);
        let valid = Concatenation { reference: Reference::Eight(1), total: 2, sequence: 1 };
        assert_eq!(both.concatenation(), Some(valid), "an ignored element does not count");
        let ports = header(&[0x0a, 0x04, 0x02, 0x01, 0x02, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0]);
        assert_eq!(ports.ports(), Some(Ports { destination: 2948, source: 9200 }));
    }

    #[test]
    fn field_15_lengths_past_the_end() {
        let truncated = |needed, present| Err(Error::Truncated(Truncated { needed, present }));
        assert_eq!(UserDataHeader::decode(&[]), truncated(1, 0));
        assert_eq!(UserDataHeader::decode(&[0x05, 0x00, 0x03]), truncated(6, 3));
        assert_eq!(UserDataHeader::decode(&[0xff, 0x00]), truncated(256, 2));
        let past_the_end = Err(Error::Header("an element points past the end"));
        assert_eq!(UserDataHeader::decode(&[0x03, 0x00, 0x03, 0x01]), past_the_end);
        assert_eq!(UserDataHeader::decode(&[0x01, 0x00]), past_the_end);
        let trailing = Err(Error::Header("octets follow the last element"));
        assert_eq!(UserDataHeader::decode(&[0x02, 0x70, 0x00, 0x41]), trailing);
    }

    #[test]
    fn an_element_of_the_wrong_size_is_not_understood_but_kept() {
        let odd = header(&[0x08, 0x00, 0x02, 0x01, 0x02, 0x05, 0x02, 0x0b, 0x84]);
        assert_eq!((odd.concatenation(), odd.ports()), (None, None));
        assert_eq!(odd.elements().count(), 2);
    }

    #[test]
    fn field_27_special_sms_once_a_kind() {
        let header = header(&[0x08, 0x01, 0x02, 0x80, 0x03, 0x01, 0x02, 0x02, 0x00]);
        let told: Vec<_> = header.special_sms().map(|each| (each.kind, each.store, each.count)).collect();
        assert_eq!(told, [(Waiting::Voicemail, true, 3), (Waiting::Email, false, 0)]);
    }

    #[test]
    fn field_28_ports() {
        let push = header(&[0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0]);
        let wap = Ports { destination: 2948, source: 9200 };
        assert_eq!(push.ports(), Some(wap));
        let mut ours = header(&[0x04, 0x04, 0x02, 0x01, 0x02]);
        assert_eq!(ours.ports(), Some(Ports { destination: 1, source: 2 }));
        ours.set_ports(wap).unwrap();
        assert_eq!(ours, push);
    }

    #[test]
    fn field_12_shift_elements() {
        let turkish = header(&[0x06, 0x24, 0x01, 0x01, 0x25, 0x01, 0x01]);
        assert_eq!(turkish.shifts(), Shifts::both(Language::Turkish));
        let mut ours = UserDataHeader::new();
        ours.set_shifts(Shifts::both(Language::Turkish)).unwrap();
        assert_eq!(ours, turkish);
        assert_eq!(header(&[0x03, 0x24, 0x01, 0x0e]).shifts(), Shifts::NONE, "not assigned");
    }

    #[test]
    fn debug_output_shows_no_data() {
        let header = header(&[0x04, 0x70, 0x02, 0xca, 0xfe]);
        assert_eq!(format!("{header:?}"), "[0x70(2 octets)]");
    }

    #[test]
    fn a_header_never_exceeds_a_message() {
        let mut header = UserDataHeader::new();
        assert_eq!(header.push(0x70, &[0; 138]), Err(Error::Header("too long for a short message")));
        header.push(0x70, &[0; 137]).unwrap();
        assert_eq!(header.encoded_len(), 140);
        assert!(header.set_ports(Ports { destination: 1, source: 1 }).is_err());
    }
}
