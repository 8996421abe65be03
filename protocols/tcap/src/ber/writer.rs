//! BER writer with the shortest definite lengths (X.690 §10.1).

use bytes::Bytes;

use super::{Class, Oid, Tag};

/// A writer of elements, first to last.
///
/// A closure writes the content of a constructed element. The length is set afterwards; only a content
/// of more than 127 octets is moved then, by one to three octets.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    octets: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new() }
    }

    /// An empty writer with capacity for `octets`.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        Self { octets: Vec::with_capacity(octets) }
    }

    /// A constructed element; `content` writes its contents.
    pub fn constructed(&mut self, tag: Tag, content: impl FnOnce(&mut Self)) {
        self.identifier(tag, 0x20);
        self.octets.push(0);
        let start = self.octets.len();
        content(self);
        let length = self.octets.len().saturating_sub(start);
        let mut encoded = [0; 9];
        if let Some((&first, more)) = length_octets(length, &mut encoded).split_first() {
            if let Some(reserved) = self.octets.get_mut(start - 1) {
                *reserved = first;
            }
            self.octets.splice(start..start, more.iter().copied());
        }
    }

    /// An element with this content.
    pub fn primitive(&mut self, tag: Tag, content: &[u8]) {
        self.identifier(tag, 0);
        self.octets.extend_from_slice(length_octets(content.len(), &mut [0; 9]));
        self.octets.extend_from_slice(content);
    }

    /// An INTEGER in the fewest octets.
    pub fn integer(&mut self, tag: Tag, value: i64) {
        let octets = value.to_be_bytes();
        let redundant =
            octets.windows(2).take_while(|pair| matches!(pair, [0, 0..=0x7f] | [0xff, 0x80..=0xff])).count();
        self.primitive(tag, octets.get(redundant..).unwrap_or_default());
    }

    /// An ENUMERATED, which is encoded as an INTEGER.
    pub fn enumerated(&mut self, tag: Tag, value: i64) {
        self.integer(tag, value);
    }

    /// A BOOLEAN.
    pub fn boolean(&mut self, tag: Tag, value: bool) {
        self.primitive(tag, &[if value { 0xff } else { 0 }]);
    }

    /// A NULL.
    pub fn null(&mut self, tag: Tag) {
        self.primitive(tag, &[]);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, tag: Tag, value: &Oid) {
        self.primitive(tag, value.as_octets());
    }

    /// A BIT STRING of `octets`, with `unused` (0 to 7) unused bits in the last one.
    pub fn bit_string(&mut self, tag: Tag, unused: u8, octets: &[u8]) {
        self.identifier(tag, 0);
        self.octets.extend_from_slice(length_octets(octets.len().saturating_add(1), &mut [0; 9]));
        self.octets.push(unused & 7);
        self.octets.extend_from_slice(octets);
    }

    /// Elements that are encoded already.
    pub fn raw(&mut self, elements: &[u8]) {
        self.octets.extend_from_slice(elements);
    }

    /// Octets written so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The encoded octets.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        Bytes::from(self.octets)
    }

    /// The encoded octets, as a vector.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.octets
    }

    fn identifier(&mut self, tag: Tag, constructed: u8) {
        let class = match tag.class {
            Class::Universal => 0,
            Class::Application => 0x40,
            Class::Context => 0x80,
            Class::Private => 0xc0,
        };
        match u8::try_from(tag.number) {
            Ok(number @ 0..0x1f) => self.octets.push(class | constructed | number),
            _ => {
                self.octets.push(class | constructed | 0x1f);
                let groups = (u32::BITS - tag.number.leading_zeros()).div_ceil(7);
                for group in (0..groups).rev() {
                    let [low, ..] = (tag.number >> (7 * group)).to_le_bytes();
                    self.octets.push(low & 0x7f | if group == 0 { 0 } else { 0x80 });
                }
            }
        }
    }
}

/// The length octets of a content of `length` octets, in `encoded`.
fn length_octets(length: usize, encoded: &mut [u8; 9]) -> &[u8] {
    let octets = (length as u64).to_be_bytes();
    let significant = octets.iter().skip_while(|octet| **octet == 0).count();
    let [first, rest @ ..] = encoded;
    let used = match u8::try_from(length) {
        Ok(short @ 0..0x80) => {
            *first = short;
            0
        }
        _ => {
            // Eight at most.
            *first = 0x80 | u8::try_from(significant).unwrap_or(8);
            let value = octets.iter().skip(octets.len() - significant);
            rest.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
            significant
        }
    };
    encoded.get(..=used).unwrap_or_default()
}
