//! One BER element and the decoding of its content (X.690 §8.2 to §8.19).

use std::borrow::Cow;

use super::{BerError, Fault, Oid, Reader, Tag};

/// One element. Any content type may be decoded from any tag, since a tag may be implicit.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The tag.
    pub tag: Tag,
    /// Whether the content consists of elements.
    pub constructed: bool,
    /// The content, without end-of-contents octets.
    pub content: &'a [u8],
    pub(super) octets: &'a [u8],
    pub(super) position: usize,
    /// Where the content begins.
    pub(super) inside: usize,
    pub(super) depth: u8,
}

impl<'a> Element<'a> {
    /// A reader of the elements inside. It does not check that the element is constructed: see
    /// [`Element::constructed`] and [`Element::sequence`].
    #[must_use]
    pub const fn reader(&self) -> Reader<'a> {
        Reader::inner(self.content, self.inside, self.depth.saturating_add(1))
    }

    /// A reader of the elements inside, if it is constructed.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`] for a primitive element.
    pub fn sequence(&self) -> Result<Reader<'a>, BerError> {
        if self.constructed { Ok(self.reader()) } else { Err(self.fault(Fault::Content)) }
    }

    /// The whole element: tag, length, content and, where the length is indefinite, its end.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The one element inside, for an explicit tag.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`] if there is none or more than one, and those of [`Reader::next`].
    pub fn explicit(&self) -> Result<Element<'a>, BerError> {
        let mut inside = self.sequence()?;
        let element = inside.next()?.ok_or_else(|| self.fault(Fault::Content))?;
        if inside.is_empty() { Ok(element) } else { Err(self.fault(Fault::Content)) }
    }

    /// An INTEGER of one to eight octets.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`].
    pub fn integer(&self) -> Result<i64, BerError> {
        let content = self.primitive()?;
        let Some(&first) = content.first().filter(|_| content.len() <= 8) else {
            return Err(self.fault(Fault::Content));
        };
        let sign = if first & 0x80 == 0 { 0 } else { -1 };
        Ok(content.iter().fold(sign, |value, &octet| value << 8 | i64::from(octet)))
    }

    /// An ENUMERATED, which is encoded as an INTEGER.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`].
    pub fn enumerated(&self) -> Result<i64, BerError> {
        self.integer()
    }

    /// A BOOLEAN; every octet but zero is true.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`].
    pub fn boolean(&self) -> Result<bool, BerError> {
        match self.primitive()? {
            [octet] => Ok(*octet != 0),
            _ => Err(self.fault(Fault::Content)),
        }
    }

    /// A NULL.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`] if there is any content.
    pub fn null(&self) -> Result<(), BerError> {
        if self.primitive()?.is_empty() { Ok(()) } else { Err(self.fault(Fault::Content)) }
    }

    /// An OBJECT IDENTIFIER.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`] if it is malformed or longer than [`Oid::OCTETS_MAX`].
    pub fn oid(&self) -> Result<Oid, BerError> {
        Oid::from_octets(self.primitive()?).ok_or_else(|| self.fault(Fault::Content))
    }

    /// An OCTET STRING, primitive or in segments (X.690 §8.7).
    ///
    /// # Errors
    ///
    /// [`Fault::Content`] for segments that are no OCTET STRINGs, and those of [`Reader::next`].
    pub fn octet_string(&self) -> Result<Cow<'a, [u8]>, BerError> {
        if !self.constructed {
            return Ok(Cow::Borrowed(self.content));
        }
        let mut joined = Vec::new();
        let mut segments = self.reader();
        while let Some(segment) = segments.next()? {
            if segment.tag != Tag::OCTET_STRING {
                return Err(segment.fault(Fault::Content));
            }
            joined.extend_from_slice(&segment.octet_string()?);
        }
        Ok(Cow::Owned(joined))
    }

    /// A primitive BIT STRING: the number of unused bits in the last octet (0 to 7), and the octets.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`].
    pub fn bit_string(&self) -> Result<(u8, &'a [u8]), BerError> {
        match self.primitive()?.split_first() {
            Some((&0, [])) => Ok((0, &[])),
            Some((&unused @ 0..=7, octets)) if !octets.is_empty() => Ok((unused, octets)),
            _ => Err(self.fault(Fault::Content)),
        }
    }

    /// An error at the position of this element, for a fault that the caller detects.
    #[must_use]
    pub const fn fault(&self, fault: Fault) -> BerError {
        BerError { position: self.position, fault }
    }

    fn primitive(&self) -> Result<&'a [u8], BerError> {
        if self.constructed { Err(self.fault(Fault::Content)) } else { Ok(self.content) }
    }
}
