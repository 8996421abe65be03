//! BER reader: identifier, length and contents octets (X.690 §8.1).

use super::{BerError, Class, Element, Fault, Tag};

/// The greatest nesting depth. TCAP with MAP needs about twelve.
pub const DEPTH_MAX: u8 = 32;

/// Reads the elements of one level, in order.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    position: usize,
    depth: u8,
}

/// An identifier and a length; `None` is the indefinite one.
struct Header {
    tag: Tag,
    constructed: bool,
    length: Option<usize>,
    octets: usize,
}

impl<'a> Reader<'a> {
    /// A reader of all elements in `octets`.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets, position: 0, depth: 0 }
    }

    pub(super) const fn inner(octets: &'a [u8], position: usize, depth: u8) -> Self {
        Self { rest: octets, position, depth }
    }

    /// The tag of the first element and a reader of all octets after its length field, of which the value
    /// is ignored: for truncated messages.
    pub(crate) fn enter(octets: &'a [u8]) -> Option<(Tag, Self)> {
        let header = Header::read(octets).ok()?;
        let inside = octets.get(header.octets..)?;
        Some((header.tag, Self::inner(inside, header.octets, 1)))
    }

    /// The next element, or `None` at the end. After an error the reader is at its end.
    ///
    /// # Errors
    ///
    /// Every [`Fault`] but [`Fault::Content`] and [`Fault::Unexpected`].
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator of results would make every caller transpose them"
    )]
    pub fn next(&mut self) -> Result<Option<Element<'a>>, BerError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let taken = self.take();
        if taken.is_err() {
            self.rest = &[];
        }
        taken.map(Some)
    }

    /// The next element, if it has this tag; otherwise it stays for the next call.
    ///
    /// # Errors
    ///
    /// Those of [`Reader::next`].
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, BerError> {
        let mut ahead = self.clone();
        match ahead.next()? {
            Some(element) if element.tag == tag => {
                *self = ahead;
                Ok(Some(element))
            }
            _ => Ok(None),
        }
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`Fault::Unexpected`] for another tag or the end, and those of [`Reader::next`].
    pub fn required(&mut self, tag: Tag) -> Result<Element<'a>, BerError> {
        self.optional(tag)?.ok_or_else(|| self.fault(Fault::Unexpected))
    }

    /// Whether all elements have been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The octets not yet read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The position of the next element, from the start of the input of the outermost reader.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    fn take(&mut self) -> Result<Element<'a>, BerError> {
        if self.depth > DEPTH_MAX {
            return Err(self.fault(Fault::Depth));
        }
        let header = Header::read(self.rest).map_err(|fault| self.fault(fault))?;
        let after = self.rest.get(header.octets..).unwrap_or_default();
        let (length, end) = match header.length {
            Some(length) => (length, 0),
            None => (indefinite(after).map_err(|fault| self.fault(fault))?, 2),
        };
        if header.tag == Tag::universal(0) {
            return Err(self.fault(Fault::EndOfContents));
        }
        let content = after.get(..length).ok_or_else(|| self.fault(Fault::Truncated))?;
        let whole = header.octets.saturating_add(length).saturating_add(end);
        let (octets, rest) = self.rest.split_at_checked(whole).ok_or_else(|| self.fault(Fault::Truncated))?;
        let element = Element {
            tag: header.tag,
            constructed: header.constructed,
            content,
            octets,
            position: self.position,
            inside: self.position.saturating_add(header.octets),
            depth: self.depth,
        };
        self.rest = rest;
        self.position = self.position.saturating_add(whole);
        Ok(element)
    }

    const fn fault(&self, fault: Fault) -> BerError {
        BerError { position: self.position, fault }
    }
}

/// The number of content octets before the end-of-contents octets that close the element.
fn indefinite(octets: &[u8]) -> Result<usize, Fault> {
    let mut open = 1_u8;
    let mut at = 0_usize;
    loop {
        let header = Header::read(octets.get(at..).unwrap_or_default())?;
        if header.tag == Tag::universal(0) {
            if header.constructed || header.length != Some(0) {
                return Err(Fault::EndOfContents);
            }
            open = open.saturating_sub(1);
            if open == 0 {
                return Ok(at);
            }
        }
        if header.length.is_none() {
            open = open.saturating_add(1);
            if open > DEPTH_MAX {
                return Err(Fault::Depth);
            }
        }
        at = at.saturating_add(header.octets).saturating_add(header.length.unwrap_or(0));
    }
}

impl Header {
    fn read(octets: &[u8]) -> Result<Self, Fault> {
        let (&first, mut rest) = octets.split_first().ok_or(Fault::Truncated)?;
        let class = match first >> 6 {
            0 => Class::Universal,
            1 => Class::Application,
            2 => Class::Context,
            _ => Class::Private,
        };
        let number = match first & 0x1f {
            0x1f => long_number(&mut rest)?,
            short => u32::from(short),
        };
        let constructed = first & 0x20 != 0;
        let length = length(&mut rest)?;
        if length.is_none() && !constructed {
            return Err(Fault::Length);
        }
        Ok(Self { tag: Tag { class, number }, constructed, length, octets: octets.len() - rest.len() })
    }
}

/// A tag number from 31 up (X.690 §8.1.2.4).
fn long_number(rest: &mut &[u8]) -> Result<u32, Fault> {
    let mut number = 0_u32;
    loop {
        let octet = next_octet(rest)?;
        if number == 0 && octet == 0x80 || number.leading_zeros() < 7 {
            return Err(Fault::Tag);
        }
        number = number << 7 | u32::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            return if number < 0x1f { Err(Fault::Tag) } else { Ok(number) };
        }
    }
}

/// A length in any of its forms (X.690 §8.1.3); `None` is the indefinite one.
fn length(rest: &mut &[u8]) -> Result<Option<usize>, Fault> {
    let first = next_octet(rest)?;
    if first & 0x80 == 0 {
        return Ok(Some(usize::from(first)));
    }
    match first {
        0x80 => return Ok(None),
        0xff => return Err(Fault::Length),
        _ => {}
    }
    let mut length = 0_usize;
    for _ in 0..first & 0x7f {
        let octet = next_octet(rest)?;
        if length.leading_zeros() < 8 {
            return Err(Fault::Truncated);
        }
        length = length << 8 | usize::from(octet);
    }
    Ok(Some(length))
}

fn next_octet(rest: &mut &[u8]) -> Result<u8, Fault> {
    let (&octet, after) = rest.split_first().ok_or(Fault::Truncated)?;
    *rest = after;
    Ok(octet)
}
