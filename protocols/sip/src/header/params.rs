//! The parameters of header fields and URIs: `;name=value;flag;other="quoted"` (RFC 3261 §25.1, generic-param).

use std::borrow::Cow;
use std::fmt;

use crate::grammar::{cut, is_token, quoted, split_around, trim, unquote};

/// The parameters of a header field or a URI, read on demand.
///
/// Holds what stands after the first semicolon; empty means none.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Params<'a>(&'a str);

/// One parameter: its name and its value as written, quotes included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Param<'a> {
    /// The name.
    pub name: &'a str,
    /// The value, if there is an equals sign.
    pub value: Option<&'a str>,
}

impl<'a> Params<'a> {
    /// Takes `text`, what follows the first semicolon, without a check.
    pub(crate) const fn unchecked(text: &'a str) -> Self {
        Self(text)
    }

    /// Takes `text`, what follows the first semicolon, if every parameter of it
    /// follows the grammar of header parameters.
    pub(crate) fn parse(text: Option<&'a str>) -> Option<Self> {
        let Some(text) = text else { return Some(Self::default()) };
        let params = Self(text);
        let mut pieces = params.pieces();
        pieces.all(|piece| Param::of(piece).is_some_and(Param::is_valid)).then_some(params)
    }

    /// Every parameter in order.
    pub fn iter(self) -> impl Iterator<Item = Param<'a>> {
        self.pieces().filter_map(Param::of)
    }

    /// The first parameter of this name, in any case.
    pub fn get(self, name: &str) -> Option<Param<'a>> {
        self.iter().find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// The value of this parameter as written, if it is there and has one.
    pub fn value(self, name: &str) -> Option<&'a str> {
        self.get(name)?.value
    }

    /// Whether this parameter is there, with or without a value.
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text after the first semicolon.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    fn pieces(self) -> impl Iterator<Item = &'a str> {
        let mut rest = if self.0.is_empty() { None } else { Some(self.0) };
        std::iter::from_fn(move || {
            let (piece, after) = cut(rest?, b';');
            rest = after;
            Some(trim(piece))
        })
    }
}

impl<'a> Param<'a> {
    fn of(piece: &'a str) -> Option<Self> {
        match piece.bytes().position(|byte| byte == b'=') {
            None if piece.is_empty() => None,
            None => Some(Self { name: piece, value: None }),
            Some(at) => {
                let (name, value) = split_around(piece, at);
                Some(Self { name: trim(name), value: value.map(trim) })
            }
        }
    }

    /// The value without its quotes.
    pub fn unquoted(self) -> Option<Cow<'a, str>> {
        let value = self.value?;
        Some(match quoted(value) {
            Some((inside, _)) => unquote(inside),
            None => Cow::Borrowed(value),
        })
    }

    /// A token; its value one quoted string, or without quotes and spaces.
    fn is_valid(self) -> bool {
        let value_is_valid = match self.value {
            None => true,
            Some(value) if value.starts_with('"') => matches!(quoted(value), Some((_, ""))),
            Some(value) => is_bare_value(value),
        };
        is_token(self.name) && value_is_valid
    }
}

/// A value without quotes. The grammar wants a token or a host; real tags and branches are
/// base64 too, so everything visible passes that separates nothing.
fn is_bare_value(value: &str) -> bool {
    !value.is_empty()
        && !value.bytes().any(|byte| byte <= b' ' || matches!(byte, 0x7f | b'"' | b'<' | b'>' | b','))
}

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ";{}", self.0) }
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|param| param.name)).finish()
    }
}
