//! `"Display" <uri>;params`: From, To, Contact, Route, P-Asserted-Identity (RFC 3261 §20.10).

use std::borrow::Cow;
use std::fmt;

use super::number::expires;
use super::params::Params;
use crate::error::Error;
use crate::grammar::{cut, is_token_byte, quoted, split_around, trim, unquote};
use crate::uri::Uri;

/// An address with its display name and header parameters.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct NameAddr<'a> {
    display: &'a str,
    /// The URI.
    pub uri: Uri<'a>,
    /// The parameters of the header field, not those of the URI.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads one element. Without angle brackets every parameter belongs to the
    /// header field, and the URI may hold neither `?` nor `,` nor `;` (§20).
    pub fn parse(value: &'a str) -> Option<Self> {
        let value = trim(value);
        let (display, rest) = split_display(value)?;
        let Some(bracketed) = rest.strip_prefix('<') else {
            let (uri, params) = cut(value, b';');
            let uri = trim(uri);
            let bare = display.is_empty() && !uri.contains(['?', ',']);
            return if bare { Self::of("", uri, params) } else { None };
        };
        let (uri, after) = bracketed.split_once('>')?;
        match trim(after) {
            "" => Self::of(display, uri, None),
            after => Self::of(display, uri, Some(after.strip_prefix(';')?)),
        }
    }

    fn of(display: &'a str, uri: &'a str, params: Option<&'a str>) -> Option<Self> {
        Some(Self { display, uri: Uri::parse(uri).ok()?, params: Params::parse(params)? })
    }

    /// The display name without quotes, if there is one.
    pub fn display_name(&self) -> Option<Cow<'a, str>> {
        let name = match quoted(self.display) {
            Some((inside, _)) => unquote(inside),
            None => Cow::Borrowed(self.display),
        };
        if name.is_empty() { None } else { Some(name) }
    }

    /// The tag that this side of the dialogue chose.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag")
    }
}

impl fmt::Debug for NameAddr<'_> {
    /// Without the display name, which is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uri, params, .. } = self;
        f.debug_struct("NameAddr").field("uri", uri).field("params", params).finish_non_exhaustive()
    }
}

/// The display name, as written, and what follows it, which starts at `<` or
/// is a bare URI. A display name is one quoted string or a row of tokens.
fn split_display(value: &str) -> Option<(&str, &str)> {
    if value.starts_with('"') {
        let (_, rest) = quoted(value)?;
        let display = value.get(..value.len() - rest.len())?;
        let rest = trim(rest);
        return rest.starts_with('<').then_some((display, rest));
    }
    match value.bytes().position(|byte| byte == b'<') {
        None => Some(("", value)),
        Some(at) => {
            let (display, _) = split_around(value, at);
            let tokens = display.bytes().all(is_display_byte);
            tokens.then_some((trim(display), value.get(at..)?))
        }
    }
}

/// A character of a display name without quotes. Letters beyond ASCII should stand in
/// quotes, but many phones leave them out, and the value is still unambiguous.
fn is_display_byte(byte: u8) -> bool {
    is_token_byte(byte) || matches!(byte, b' ' | b'\t') || !byte.is_ascii()
}

/// One element of a Contact header field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Contact<'a> {
    /// `*`: all bindings, in a REGISTER that removes them (RFC 3261 §10.2.2).
    All,
    /// A contact address.
    Address(NameAddr<'a>),
}

impl<'a> Contact<'a> {
    /// Reads one element.
    pub fn parse(value: &'a str) -> Result<Self, Error> {
        if trim(value) == "*" {
            return Ok(Self::All);
        }
        NameAddr::parse(value).map(Self::Address).ok_or(Error::Malformed("Contact"))
    }
}

impl NameAddr<'_> {
    /// The expires parameter of a Contact, in seconds, if it is present.
    pub fn expires(&self) -> Option<u32> {
        self.params.value("expires").map(expires)
    }

    /// The q parameter of a Contact in thousandths, 0 to 1000; 1000 where it is absent
    /// or malformed (RFC 3261 §20.10).
    pub fn q_thousandths(&self) -> u16 {
        self.params.value("q").and_then(thousandths).unwrap_or(1000)
    }
}

fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}
