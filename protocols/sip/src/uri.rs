//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966).
//!
//! [`Uri`] borrows from the text it was read from and costs no allocation. Any
//! other scheme is kept as written: whether it is acceptable is for the
//! receiver to decide (416), not for the grammar.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::error::Error;
use crate::grammar::{Octets, digits, split_around};
use crate::header::Params;
use crate::transport::Transport;

/// The scheme of a URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme<'a> {
    /// `sip`
    Sip,
    /// `sips`
    Sips,
    /// `tel`
    Tel,
    /// Any other, as written.
    Other(&'a str),
}

/// A URI, taken apart.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Uri<'a> {
    /// The scheme.
    pub scheme: Scheme<'a>,
    /// The user part as written, escapes included. For `tel` the number.
    pub user: Option<&'a str>,
    /// The password, as written. RFC 3261 §19.1.1 advises against it.
    pub password: Option<&'a str>,
    /// The host, an IPv6 address in its brackets. Empty for `tel`; for other
    /// schemes everything after the colon.
    pub host: &'a str,
    /// The port, if written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
    /// What follows `?`: header fields for a request made from this URI.
    pub headers: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// Reads a URI. White space, control characters, quotes and angle brackets are refused.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::Malformed("URI"))
    }

    /// `sip:user@host`. Escape the user first with [`escape_user`].
    pub const fn sip(user: &'a str, host: &'a str, port: Option<u16>) -> Self {
        let params = Params::unchecked("");
        Self { scheme: Scheme::Sip, user: Some(user), password: None, host, port, params, headers: None }
    }

    fn read(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        if rest.is_empty()
            || text.bytes().any(|byte| byte <= b' ' || matches!(byte, 0x7f | b'<' | b'>' | b'"'))
        {
            return None;
        }
        if scheme.eq_ignore_ascii_case("sip") {
            return Self::read_sip(Scheme::Sip, rest);
        }
        if scheme.eq_ignore_ascii_case("sips") {
            return Self::read_sip(Scheme::Sips, rest);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return Self::read_tel(rest);
        }
        is_scheme(scheme).then_some(Self {
            scheme: Scheme::Other(scheme),
            user: None,
            password: None,
            host: rest,
            port: None,
            params: Params::default(),
            headers: None,
        })
    }

    fn read_sip(scheme: Scheme<'a>, rest: &'a str) -> Option<Self> {
        // `?` and `;` may stand in the user part, but `@` stands nowhere else.
        let (userinfo, rest) = match rest.split_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let (user, password) = match userinfo.map(|userinfo| userinfo.split_once(':')) {
            None => (None, None),
            Some(None) => (userinfo, None),
            Some(Some((user, password))) => (Some(user), Some(password)),
        };
        let (rest, headers) = split_optional(rest, b'?');
        let (host_port, params) = split_optional(rest, b';');
        let (host, port) = split_host_port(host_port)?;
        let port = match port {
            Some(port) => Some(digits(port)?),
            None => None,
        };
        let valid = is_host(host)
            && user.is_none_or(|user| !user.is_empty() && is_user(user))
            && password.is_none_or(is_user)
            && params.is_none_or(are_params)
            && headers.is_none_or(are_headers);
        let params = Params::unchecked(params.unwrap_or_default());
        valid.then_some(Self { scheme, user, password, host, port, params, headers })
    }

    fn read_tel(rest: &'a str) -> Option<Self> {
        let (number, params) = split_optional(rest, b';');
        let digits = number.strip_prefix('+').unwrap_or(number);
        let digit = |byte: u8| byte.is_ascii_hexdigit() || b"*#-.()".contains(&byte);
        let valid = digits.bytes().all(digit)
            && digits.bytes().any(|byte| byte.is_ascii_hexdigit() || b"*#".contains(&byte))
            && params.is_none_or(are_params);
        let params = Params::unchecked(params.unwrap_or_default());
        valid.then_some(Self {
            scheme: Scheme::Tel,
            user: Some(number),
            password: None,
            host: "",
            port: None,
            params,
            headers: None,
        })
    }

    /// The user part with its escapes undone; `None` if there is none or it is not UTF-8.
    pub fn user_unescaped(&self) -> Option<Cow<'a, str>> {
        unescape(self.user?)
    }

    /// The telephone number: of a tel URI, of a user part with `user=phone`, or of a
    /// user part that looks like one. Visual separators are dropped, a leading `+` is
    /// kept, and the parameters of the number (`;phone-context=`) are not part of it.
    pub fn telephone_number(&self) -> Option<String> {
        let user = self.user_unescaped()?;
        let number = user.split(';').next()?;
        let digit = |character: char| character.is_ascii_digit() || matches!(character, '*' | '#');
        let separator = |character: char| matches!(character, '-' | '.' | '(' | ')' | ' ');
        let plus = if number.starts_with('+') { "+" } else { "" };
        let local = number.strip_prefix('+').unwrap_or(number);
        let plain: String = local.chars().filter(|character| !separator(*character)).collect();
        let valid = !plain.is_empty() && plain.chars().all(digit);
        valid.then(|| format!("{plus}{plain}"))
    }

    /// Whether the user part is a telephone number by declaration: tel, or `user=phone`.
    pub fn is_telephone(&self) -> bool {
        let declared = || self.params.value("user").is_some_and(|value| value.eq_ignore_ascii_case("phone"));
        self.scheme == Scheme::Tel || declared()
    }

    /// The transport that the URI names, without a look at DNS (RFC 3263 §4.1): its transport
    /// parameter, TLS for sips, else UDP. `None` for a transport this crate does not know, and for
    /// what is no SIP URI.
    pub fn transport(&self) -> Option<Transport> {
        let named = self.params.value("transport").map(Transport::parse);
        match (self.scheme, named) {
            (Scheme::Sip, None) => Some(Transport::Udp),
            (Scheme::Sip, Some(named)) => named,
            (Scheme::Sips, Some(Some(Transport::Ws | Transport::Wss))) => Some(Transport::Wss),
            (Scheme::Sips, None | Some(Some(Transport::Tcp | Transport::Tls))) => Some(Transport::Tls),
            (Scheme::Sips, Some(_)) | (Scheme::Tel | Scheme::Other(_), _) => None,
        }
    }

    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        let bare = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        bare.unwrap_or(self.host).parse().ok()
    }

    /// Whether both name the same thing by RFC 3261 §19.1.4 (or RFC 3966 §4 for tel).
    /// Stricter than the eye: without a port is not the same as with port 5060.
    pub fn is_equivalent(&self, other: &Uri<'_>) -> bool {
        let same_scheme = match (self.scheme, other.scheme) {
            (Scheme::Other(a), Scheme::Other(b)) => {
                return a.eq_ignore_ascii_case(b) && self.host == other.host;
            }
            (Scheme::Tel, Scheme::Tel) => return self.is_same_number(other),
            (a, b) => a == b,
        };
        let plain = |text: Option<&str>| text.map(|text| unescape_octets(text).into_owned());
        same_scheme
            && plain(self.user) == plain(other.user)
            && plain(self.password) == plain(other.password)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
            && params_agree(self.params, other.params)
            && params_agree(other.params, self.params)
            && same_headers(self.headers, other.headers)
    }

    fn is_same_number(&self, other: &Uri<'_>) -> bool {
        let context = |uri: &Uri<'_>| uri.params.value("phone-context").map(str::to_ascii_lowercase);
        self.telephone_number() == other.telephone_number() && context(self) == context(other)
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Sip => f.write_str("sip:")?,
            Scheme::Sips => f.write_str("sips:")?,
            Scheme::Tel => f.write_str("tel:")?,
            Scheme::Other(scheme) => write!(f, "{scheme}:")?,
        }
        if let Some(user) = self.user {
            f.write_str(user)?;
        }
        if let Some(password) = self.password {
            write!(f, ":{password}")?;
        }
        if self.user.is_some() && self.scheme != Scheme::Tel {
            f.write_str("@")?;
        }
        f.write_str(self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        self.headers.map_or(Ok(()), |headers| write!(f, "?{headers}"))
    }
}

impl fmt::Debug for Uri<'_> {
    /// Without user and password: they are a number and a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, params, .. } = self;
        let mut out = f.debug_struct("Uri");
        out.field("scheme", scheme).field("host", host).field("port", port).field("params", params);
        out.finish_non_exhaustive()
    }
}

/// Escapes what a user part may not hold (RFC 3261 §25.1, user).
pub fn escape_user(user: &str) -> Cow<'_, str> {
    if user.bytes().all(|byte| USER.has(byte)) {
        return Cow::Borrowed(user);
    }
    let mut escaped = String::with_capacity(user.len() + 8);
    for byte in user.bytes() {
        if USER.has(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(escaped)
}

/// Undoes `%HH`; `None` if the result is not UTF-8.
pub fn unescape(text: &str) -> Option<Cow<'_, str>> {
    match unescape_octets(text) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(text)),
        Cow::Owned(octets) => String::from_utf8(octets).ok().map(Cow::Owned),
    }
}

fn unescape_octets(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = match after {
            [high, low, ..] if first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        octets.push(pair.map_or(first, |(high, low)| high << 4 | low));
        rest = after.get(if pair.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    Cow::Owned(octets)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Splits `host:port`; the colons of an IPv6 address stand in brackets.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, Option<&str>)> {
    let host_end =
        if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at_checked(host_end)?;
    let rest = crate::grammar::trim(rest);
    if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) }
}

/// A host name, an IPv4 address, or an IPv6 address in brackets. An underscore
/// is let through, since real host names have it.
pub(crate) fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let inside = address.strip_suffix(']').unwrap_or_default();
        return !inside.is_empty() && inside.bytes().all(|byte| IPV6.has(byte));
    }
    !host.is_empty() && host.bytes().all(|byte| HOST.has(byte))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// RFC 3261 §25.1, unreserved.
const UNRESERVED: Octets = Octets::letters_digits_and(b"-_.!~*'()");
/// unreserved and user-unreserved.
const USER: Octets = UNRESERVED.and(b"&=+$,;?/");
/// `#` stands in dialled numbers and every phone sends it unescaped; `:` in passwords
/// harms nobody.
const USER_RECEIVED: Octets = USER.and(b"#:");
/// unreserved and param-unreserved, with the equals sign between name and value.
const PARAM: Octets = UNRESERVED.and(b"[]/:&+$=");
/// unreserved and hnv-unreserved, with what stands between names and values.
const HEADER: Octets = UNRESERVED.and(b"[]/?:+$=&");
const HOST: Octets = Octets::letters_digits_and(b"-._");
const IPV6: Octets = Octets::of(b"0123456789abcdefABCDEF:.");

fn is_user(user: &str) -> bool {
    is_escaped_text(user, USER_RECEIVED)
}

fn are_params(params: &str) -> bool {
    params
        .split(';')
        .all(|param| !param.is_empty() && !param.starts_with('=') && is_escaped_text(param, PARAM))
}

fn are_headers(headers: &str) -> bool {
    !headers.is_empty() && is_escaped_text(headers, HEADER)
}

/// Every octet is allowed or part of a `%HH`. UTF-8 beyond ASCII must be escaped.
fn is_escaped_text(text: &str, allowed: Octets) -> bool {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            [first, after @ ..] if allowed.has(*first) => after,
            _ => return false,
        };
    }
}

fn split_optional(text: &str, separator: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == separator) {
        Some(at) => split_around(text, at),
        None => (text, None),
    }
}

/// Every parameter of `one` that matters is in `other` with the same value: those
/// in both must agree, and these may not stand on one side alone (§19.1.4).
fn params_agree(one: Params<'_>, other: Params<'_>) -> bool {
    const NEEDED_ON_BOTH: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    one.iter().all(|param| match other.get(param.name) {
        Some(twin) => {
            let plain = |value: Option<&str>| value.map(|v| unescape_octets(v).to_ascii_lowercase());
            plain(param.value) == plain(twin.value)
        }
        None => !NEEDED_ON_BOTH.iter().any(|name| name.eq_ignore_ascii_case(param.name)),
    })
}

fn same_headers(one: Option<&str>, other: Option<&str>) -> bool {
    let sorted = |headers: Option<&str>| {
        let mut all: Vec<_> =
            headers.unwrap_or_default().split('&').map(|h| unescape_octets(h).to_vec()).collect();
        for header in &mut all {
            let name_end = header.iter().position(|byte| *byte == b'=').unwrap_or(header.len());
            if let Some(name) = header.get_mut(..name_end) {
                name.make_ascii_lowercase();
            }
        }
        all.sort();
        all
    };
    sorted(one) == sorted(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let (one, other) = (Uri::parse(one).unwrap(), Uri::parse(other).unwrap());
        assert_eq!(one.is_equivalent(&other), other.is_equivalent(&one));
        one.is_equivalent(&other)
    }

    /// The examples of RFC 3261 §19.1.4.
    #[test]
    fn compares_as_the_standard_does() {
        assert!(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"));
        assert!(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
        assert!(same("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"));
        assert!(same(
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
        ));
        assert!(same(
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
        ));
        assert!(!same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
        assert!(!same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
        assert!(!same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
        assert!(!same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"));
        assert!(same("tel:+1-201-555-0123", "tel:+12015550123"));
    }

    #[test]
    fn reads_telephone_numbers() {
        let number = |uri| Uri::parse(uri).unwrap().telephone_number();
        assert_eq!(number("tel:+1-201-555-0123").as_deref(), Some("+12015550123"));
        assert_eq!(number("tel:7042;phone-context=example.com").as_deref(), Some("7042"));
        assert_eq!(number("sip:+1(201)555.0123@example.com;user=phone").as_deref(), Some("+12015550123"));
        assert_eq!(number("sip:%2b12015550123@example.com").as_deref(), Some("+12015550123"));
        assert_eq!(
            number("sip:+358-555-1234567;postd=pp22@foo.com;user=phone").as_deref(),
            Some("+3585551234567")
        );
        assert_eq!(number("sip:alice@example.com"), None);
        assert_eq!(number("sip:example.com"), None);
    }

    #[test]
    fn takes_the_parts_apart() {
        let uri = Uri::parse("sips:alice:secret@[2001:db8::10]:5070;lr;x=%41?Subject=a").unwrap();
        assert_eq!((uri.scheme, uri.user, uri.password), (Scheme::Sips, Some("alice"), Some("secret")));
        assert_eq!((uri.host, uri.port), ("[2001:db8::10]", Some(5070)));
        assert_eq!(uri.ip(), "2001:db8::10".parse().ok());
        assert!(uri.params.has("LR"));
        assert_eq!(uri.headers, Some("Subject=a"));
        assert_eq!(uri.to_string(), "sips:alice:secret@[2001:db8::10]:5070;lr;x=%41?Subject=a");
        assert!(!format!("{uri:?}").contains("alice") && !format!("{uri:?}").contains("secret"));
    }

    #[test]
    fn names_its_transport() {
        let transport = |uri| Uri::parse(uri).unwrap().transport();
        assert_eq!(transport("sip:a@b"), Some(Transport::Udp));
        assert_eq!(transport("sip:a@b;transport=TCP"), Some(Transport::Tcp));
        assert_eq!(transport("sip:a@b;transport=ws"), Some(Transport::Ws));
        assert_eq!(transport("sips:a@b;transport=ws"), Some(Transport::Wss));
        assert_eq!(transport("sips:a@b;transport=tcp"), Some(Transport::Tls));
        assert_eq!(transport("sips:a@b"), Some(Transport::Tls));
        assert_eq!(transport("sips:a@b;transport=udp"), None);
        assert_eq!(transport("sip:a@b;transport=sctp"), None);
        assert_eq!(transport("tel:+1"), None);
    }

    #[test]
    fn refuses_what_is_no_uri() {
        let bad = [
            "",
            "sip:",
            "sip:@host",
            "sip:a b@host",
            "sip:a@",
            "sip:a@host:port",
            "sip:a@host:99999",
            "<sip:a@b>",
            "sip:a%4@b",
            "sip:a@2001:db8::10",
            "sip:a@b;",
            "sip:a@b?",
            "tel:",
            "tel:+",
            "tel:abc!",
            "9x:y",
            "sip",
            "sip:a@[]",
            "sip:a@[::1",
            "sip:é@b",
        ];
        for text in bad {
            assert_eq!(Uri::parse(text), Err(Error::Malformed("URI")), "{text}");
        }
    }

    #[test]
    fn escapes_a_user_and_back() {
        assert_eq!(escape_user("+12015550123"), "+12015550123");
        assert_eq!(escape_user("Sünde 50%@x"), "S%C3%BCnde%2050%25%40x");
        assert_eq!(unescape("S%C3%BCnde%2050%25%40x").unwrap(), "Sünde 50%@x");
        assert_eq!(unescape("%ff"), None);
    }
}
