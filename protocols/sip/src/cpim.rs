//! `message/cpim`: an envelope around the content of an instant message (RFC 3862).
//!
//! Three parts, each ended by an empty line: message headers, which never fold; the MIME headers
//! of the content; the content. Names of extensions have a prefix that an NS header binds to a
//! URI, so that a reader asks for the URI ([`Cpim::get_in`]) and never for the prefix.

use std::borrow::Cow;

use bytes::Bytes;

use crate::error::Error;
use crate::grammar::trim;
use crate::header::{ContentType, Headers, Name};

/// Header lines that one envelope may have.
const LINES_MAX: usize = 128;

/// What is wrong with an envelope, for [`Error::Malformed`].
const CPIM: &str = "message/cpim";

/// An envelope and what is in it.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Cpim {
    headers: Headers,
    /// MIME headers of the content; at least Content-Type, as a rule.
    pub content: Headers,
    /// The content.
    pub body: Bytes,
}

impl Cpim {
    /// An empty envelope.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an envelope. Lines may end with LF alone, which the standard does not allow but many senders write.
    ///
    /// # Errors
    /// [`Error::Malformed`] if a line is no header, or a part is missing; [`Error::NotUtf8`],
    /// [`Error::TooLarge`].
    pub fn parse(octets: &Bytes) -> Result<Self, Error> {
        let is_repeated =
            |headers: &Headers| headers.len() == 1 && headers.get(Name::ContentType).is_some_and(is_envelope);
        let (mut headers, mut at) = read_block(octets, 0, false)?;
        if is_repeated(&headers) {
            // Some write the envelope's own Content-Type before it, as a file would have it.
            (headers, at) = read_block(octets, at, false)?;
        }
        if headers.is_empty() || is_repeated(&headers) {
            return Err(Error::Malformed(CPIM));
        }
        let (content, at) = read_block(octets, at, true)?;
        Ok(Self { headers, content, body: octets.slice(at.min(octets.len())..) })
    }

    /// Appends a message header; what a value must not hold is escaped (§2.3).
    pub fn push(&mut self, name: &str, value: &str) {
        self.headers.push_named(name, escape(value));
    }

    /// Binds `prefix` to an extension's URI (§2.2, NS).
    pub fn push_namespace(&mut self, prefix: &str, uri: &str) {
        self.push("NS", &format!("{prefix} <{uri}>"));
    }

    /// The value of the first header of this name, without parameters and escapes. Names are
    /// case-sensitive in the standard; here they match in any case.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.get_named(name).map(|value| unescape(without_params(value)))
    }

    /// The value of the first header `name` of the extension `uri`.
    pub fn get_in(&self, uri: &str, name: &str) -> Option<Cow<'_, str>> {
        self.prefixes(uri).find_map(|prefix| match prefix {
            "" => self.get(name),
            prefix => self.get(&format!("{prefix}.{name}")),
        })
    }

    /// Headers that Require names and that belong to none of the `known` extensions
    /// (§2.2). An envelope that has some must be refused.
    pub fn not_understood<'a>(&'a self, known: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let required = self.headers.iter().filter(|(_, name, _)| name.eq_ignore_ascii_case("Require"));
        let names = required.flat_map(|(_, _, value)| without_params(value).split(',').map(trim));
        names.filter(move |name| {
            let prefix = name.rsplit_once('.').map_or("", |(prefix, _)| prefix);
            !known.iter().any(|uri| self.prefixes(uri).any(|bound| bound == prefix))
        })
    }

    /// Content-Type of the content; `None` where it has none.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn content_type(&self) -> Result<Option<ContentType<'_>>, Error> {
        self.content.content_type()
    }

    /// The envelope as a body of type `message/cpim`.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::with_capacity(512 + self.body.len());
        for headers in [&self.headers, &self.content] {
            for (_, name, value) in headers.iter() {
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b": ");
                out.extend_from_slice(value.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&self.body);
        out.into()
    }

    /// The prefixes that are bound to `uri`; the empty one where NS names none.
    fn prefixes<'a>(&'a self, uri: &'a str) -> impl Iterator<Item = &'a str> {
        let bound = self.headers.iter().filter(|(_, name, _)| name.eq_ignore_ascii_case("NS"));
        bound.filter_map(move |(_, _, value)| {
            let (prefix, rest) = without_params(value).split_once('<')?;
            (rest.strip_suffix('>')? == uri).then_some(trim(prefix))
        })
    }
}

impl std::fmt::Debug for Cpim {
    /// Names only: values hold the addresses of sender and receiver.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { headers, content, body } = self;
        let octets = body.len();
        f.debug_struct("Cpim")
            .field("headers", headers)
            .field("content", content)
            .field("octets", &octets)
            .finish()
    }
}

fn is_envelope(value: &str) -> bool {
    ContentType::parse(value).is_ok_and(|media| media.is("message", "cpim"))
}

/// The header lines from `start` to the next empty line, and the place after it. MIME
/// headers may fold (RFC 2045 §3); the envelope's own never do.
fn read_block(octets: &[u8], start: usize, folds: bool) -> Result<(Headers, usize), Error> {
    let mut lines: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let mut at = start;
    loop {
        let rest = octets.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).ok_or(Error::Malformed(CPIM))?;
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += end + 1;
        if line.is_empty() {
            break;
        }
        let line = std::str::from_utf8(line).map_err(|_| Error::NotUtf8)?;
        if line.starts_with([' ', '\t']) {
            let (_, value) = lines.last_mut().filter(|_| folds).ok_or(Error::Malformed(CPIM))?;
            *value = format!("{value} {}", trim(line)).into();
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(Error::Malformed(CPIM))?;
        if !crate::grammar::is_token(name) || value.contains(['\0', '\r']) {
            return Err(Error::Malformed(CPIM));
        }
        if lines.len() == LINES_MAX {
            return Err(Error::TooLarge);
        }
        lines.push((name.into(), trim(value).into()));
    }
    let mut headers = Headers::new();
    lines.iter().for_each(|(name, value)| headers.push_named(name, value));
    Ok((headers, at))
}

/// The value behind its parameters: `;lang=fr beau temps`.
fn without_params(value: &str) -> &str {
    if value.starts_with(';') { value.split_once(' ').map_or("", |(_, value)| trim(value)) } else { value }
}

/// Control characters and the backslash as the standard escapes them (§2.3).
fn escape(value: &str) -> Cow<'_, str> {
    if !value.contains(|each: char| each.is_control() || each == '\\') {
        return value.into();
    }
    value
        .chars()
        .fold(String::with_capacity(value.len() + 8), |mut escaped, each| {
            match each {
                '\\' => escaped.push_str("\\\\"),
                '\u{8}' => escaped.push_str("\\b"),
                '\t' => escaped.push_str("\\t"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                each if each.is_control() => escaped.push_str(&format!("\\u{:04x}", u32::from(each))),
                each => escaped.push(each),
            }
            escaped
        })
        .into()
}

fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return value.into();
    }
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut characters = after.chars();
        match characters.next() {
            Some('b') => plain.push('\u{8}'),
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('u') => {
                let number = characters.as_str().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match number.and_then(char::from_u32) {
                    Some(character) => {
                        plain.push(character);
                        characters = characters.as_str().get(4..).unwrap_or_default().chars();
                    }
                    None => plain.push('u'),
                }
            }
            // A quoted pair stands for its second character, whatever that is.
            Some(other) => plain.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    plain.push_str(rest);
    plain.into()
}
