//! Decoder and encoder for the fields of a MAP SEQUENCE (TS 29.002 §17).
//!
//! The first fields of a SEQUENCE are read in order, since some of them differ by position alone. The
//! fields that later versions added follow and are found by tag; unknown ones are thereby skipped, as
//! extensible types require.

use tcap::ber::{self, Element, Reader, Tag};

use crate::error::Error;

/// A type of one element, whatever its tag.
pub(crate) trait Value: Sized {
    /// The value of this element.
    fn read(element: &Element<'_>) -> Result<Self, Error>;

    /// Appends the value as an element.
    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error>;
}

/// The one element of a parameter.
pub(crate) fn whole(parameter: &[u8]) -> Result<Element<'_>, Error> {
    Reader::new(parameter).next()?.ok_or(Error::Mistyped("no parameter"))
}

/// The fields not yet read.
pub(crate) struct Fields<'a> {
    reader: Reader<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of a parameter that is a SEQUENCE.
    pub(crate) fn of(parameter: &'a [u8]) -> Result<Self, Error> {
        let element = whole(parameter)?;
        if element.tag != Tag::SEQUENCE {
            return Err(Error::Mistyped("no SEQUENCE"));
        }
        Self::inside(&element)
    }

    /// The fields of a SEQUENCE with any tag, or the one element of an explicit tag. Their lengths are
    /// checked here, so that later reads cannot fail on them.
    pub(crate) fn inside(element: &Element<'a>) -> Result<Self, Error> {
        let reader = element.sequence()?;
        let mut ahead = reader.clone();
        while ahead.next()?.is_some() {}
        Ok(Self { reader })
    }

    /// The next field, of any tag.
    pub(crate) fn next(&mut self) -> Result<Element<'a>, Error> {
        self.reader.next()?.ok_or(Error::Mistyped("a field is missing"))
    }

    /// The next field, which must have this tag.
    pub(crate) fn take<T: Value>(&mut self, tag: Tag) -> Result<T, Error> {
        T::read(&self.reader.required(tag)?)
    }

    /// The next field if it has this tag.
    pub(crate) fn take_if<T: Value>(&mut self, tag: Tag) -> Result<Option<T>, Error> {
        self.reader.optional(tag)?.as_ref().map(T::read).transpose()
    }

    /// The first unread field of this tag.
    pub(crate) fn element(&self, tag: Tag) -> Option<Element<'a>> {
        let mut ahead = self.reader.clone();
        while let Ok(Some(element)) = ahead.next() {
            if element.tag == tag {
                return Some(element);
            }
        }
        None
    }

    /// The value of the first unread field of this tag.
    pub(crate) fn find<T: Value>(&self, tag: Tag) -> Result<Option<T>, Error> {
        self.element(tag).as_ref().map(T::read).transpose()
    }

    /// Whether a NULL of this tag is present.
    pub(crate) fn flag(&self, tag: Tag) -> bool {
        self.element(tag).is_some()
    }
}

/// Encoder for the fields of a SEQUENCE. The last call returns the first fault.
#[derive(Default)]
pub(crate) struct Writer {
    out: ber::Writer,
    fault: Option<Error>,
}

impl Writer {
    /// Appends one field.
    pub(crate) fn put<T: Value>(&mut self, tag: Tag, value: &T) -> &mut Self {
        if let Err(fault) = value.write(tag, &mut self.out) {
            self.fault.get_or_insert(fault);
        }
        self
    }

    /// Appends one field if there is one.
    pub(crate) fn put_some<T: Value>(&mut self, tag: Tag, value: &Option<T>) -> &mut Self {
        match value {
            Some(value) => self.put(tag, value),
            None => self,
        }
    }

    /// Appends a NULL if it is set.
    pub(crate) fn flag(&mut self, tag: Tag, set: bool) -> &mut Self {
        if set {
            self.out.null(tag);
        }
        self
    }

    /// Appends a SEQUENCE that another writer wrote.
    pub(crate) fn nest(&mut self, tag: Tag, inside: &mut Self) -> &mut Self {
        if let Err(fault) = inside.within(tag, &mut self.out) {
            self.fault.get_or_insert(fault);
        }
        self
    }

    /// The fields alone.
    pub(crate) fn fields(&mut self) -> Result<Vec<u8>, Error> {
        match self.fault {
            None => Ok(std::mem::take(&mut self.out).into_vec()),
            Some(fault) => Err(fault),
        }
    }

    /// The fields within a constructed element of this tag.
    pub(crate) fn within(&mut self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        let fields = self.fields()?;
        out.constructed(tag, |inside| inside.raw(&fields));
        Ok(())
    }

    /// The SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Result<Vec<u8>, Error> {
        let mut out = ber::Writer::new();
        self.within(Tag::SEQUENCE, &mut out)?;
        Ok(out.into_vec())
    }
}
