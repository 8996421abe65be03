//! The header fields of a message: the ordered list, and a reader for each known field (RFC 3261 §7.3, §20).
//!
//! [`Headers`] keeps every field in its order and with its name as written, so
//! that an unknown field travels on unchanged. All text lies in
//! one `String` and the fields are places in it: parsing a message allocates
//! twice, however many fields it has. The typed readers ([`Via`], [`NameAddr`],
//! ...) borrow from it and are made when they are asked for.

mod auth;
mod content_type;
mod cseq;
mod date;
mod name;
mod name_addr;
mod number;
mod params;
mod via;

use std::fmt::{self, Write as _};

pub use auth::{AuthParams, Scheme};
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use date::Date;
pub use name::Name;
pub use name_addr::{Contact, NameAddr};
pub use number::{EXPIRES_DEFAULT, expires, max_forwards, retry_after};
pub use params::{Param, Params};
pub use via::{MAGIC_COOKIE, Via};

use crate::error::Error;
use crate::grammar::list;

/// The header fields of one message, in order.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Headers {
    text: String,
    fields: Vec<Field>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
struct Field {
    name: Name,
    written: Span,
    value: Span,
}

/// A piece of `Headers::text`.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Span {
    start: usize,
    end: usize,
}

impl Headers {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty list with room for `octets` of text.
    pub(crate) fn with_capacity(octets: usize) -> Self {
        Self { text: String::with_capacity(octets), fields: Vec::with_capacity(20) }
    }

    /// Appends a field. Line breaks and NUL in `value` become spaces, so that no
    /// value can start a header field of its own.
    pub fn push(&mut self, name: Name, value: impl fmt::Display) {
        self.push_written(name, name.as_str(), value);
    }

    /// Appends a field by its written name, for names that [`Name`] does not
    /// have. Characters that no name may hold are left out.
    pub fn push_named(&mut self, name: &str, value: impl fmt::Display) {
        let written: String =
            name.chars().filter(|c| c.is_ascii() && crate::grammar::is_token_byte(*c as u8)).collect();
        self.push_written(Name::of(&written), &written, value);
    }

    /// Puts a field before all others, as a proxy or a client does with its Via.
    pub fn push_front(&mut self, name: Name, value: impl fmt::Display) {
        self.push(name, value);
        self.fields.rotate_right(1);
    }

    /// Sets the first field of this name, or appends one.
    pub fn set(&mut self, name: Name, value: impl fmt::Display) {
        match self.fields.iter().position(|field| field.name == name) {
            None => self.push(name, value),
            Some(at) => {
                let value = self.append_value(value);
                if let Some(field) = self.fields.get_mut(at) {
                    field.value = value;
                }
            }
        }
    }

    /// Removes every field of this name. [`Name::Other`] removes nothing.
    pub fn remove(&mut self, name: Name) {
        self.fields.retain(|field| field.name != name || name == Name::Other);
    }

    /// Removes every field of this written name, in any case.
    pub fn remove_named(&mut self, name: &str) {
        let text = &self.text;
        self.fields.retain(|field| !field.written.of(text).eq_ignore_ascii_case(name));
    }

    /// The first value of this name, without white space around it.
    pub fn get(&self, name: Name) -> Option<&str> {
        self.all(name).next()
    }

    /// The first value of this name, in any case; a known name also finds its compact form.
    pub fn get_named(&self, name: &str) -> Option<&str> {
        match Name::of(name) {
            Name::Other => self
                .fields
                .iter()
                .find(|field| field.written.of(&self.text).eq_ignore_ascii_case(name))
                .map(|field| field.value.of(&self.text)),
            known => self.get(known),
        }
    }

    /// Every value of this name, field by field, in order.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |field| field.name == name).map(|field| field.value.of(&self.text))
    }

    /// Every element of every field of this name, with the commas taken apart.
    /// Only for fields that are defined as lists: Via, Route, Contact, Allow, ...
    pub fn elements(&self, name: Name) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(list)
    }

    /// All fields in order: the name, how it was written, the value.
    pub fn iter(&self) -> impl Iterator<Item = (Name, &str, &str)> {
        self.fields.iter().map(|field| (field.name, field.written.of(&self.text), field.value.of(&self.text)))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// How many octets the fields take on the wire.
    pub(crate) fn wire_octets(&self) -> usize {
        self.iter().map(|(_, written, value)| written.len() + value.len() + 4).sum()
    }

    /// The topmost Via, the one of the element that sent this to us.
    pub fn via(&self) -> Result<Via<'_>, Error> {
        let value = self.elements(Name::Via).next().ok_or(Error::Missing("Via"))?;
        Via::parse(value)
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr<'_>, Error> {
        NameAddr::parse(self.required(Name::From)?).ok_or(Error::Malformed("From"))
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr<'_>, Error> {
        NameAddr::parse(self.required(Name::To)?).ok_or(Error::Malformed("To"))
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<&str, Error> {
        self.required(Name::CallId)
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq<'_>, Error> {
        CSeq::parse(self.required(Name::CSeq)?)
    }

    /// Content-Type, or `None` where it is absent.
    pub fn content_type(&self) -> Result<Option<ContentType<'_>>, Error> {
        self.get(Name::ContentType).map(ContentType::parse).transpose()
    }

    /// Max-Forwards, or `None` where it is absent.
    pub fn max_forwards(&self) -> Result<Option<u8>, Error> {
        self.get(Name::MaxForwards).map(max_forwards).transpose()
    }

    fn required(&self, name: Name) -> Result<&str, Error> {
        self.get(name).ok_or(Error::Missing(name.as_str()))
    }

    fn push_written(&mut self, name: Name, written: &str, value: impl fmt::Display) {
        if written.is_empty() {
            return; // a field needs a name
        }
        let start = self.text.len();
        self.text.push_str(written);
        let written = Span { start, end: self.text.len() };
        let value = self.append_value(value);
        self.fields.push(Field { name, written, value });
    }

    fn append_value(&mut self, value: impl fmt::Display) -> Span {
        let start = self.text.len();
        // Writing into a String fails only if `value`'s own Display does.
        if write!(self.text, "{value}").is_err() {
            self.text.truncate(start);
        }
        let written = self.text.get(start..).unwrap_or_default();
        if written.contains(['\r', '\n', '\0']) || crate::grammar::trim(written).len() != written.len() {
            let clean = written.replace(['\r', '\n', '\0'], " ");
            self.text.truncate(start);
            self.text.push_str(crate::grammar::trim(&clean));
        }
        Span { start, end: self.text.len() }
    }

    /// Appends a field as it was received: trimmed, unfolded, and otherwise
    /// untouched (a quoted pair may hold NUL, RFC 3261 §25.1).
    pub(crate) fn push_received(&mut self, written: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(written);
        let middle = self.text.len();
        self.text.push_str(value);
        self.fields.push(Field {
            name: Name::of(written),
            written: Span { start, end: middle },
            value: Span { start: middle, end: self.text.len() },
        });
    }
}

impl fmt::Debug for Headers {
    /// Names only: values hold numbers, credentials and subjects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(_, written, _)| written)).finish()
    }
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}
