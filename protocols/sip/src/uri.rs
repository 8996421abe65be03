//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966).
//!
//! [`Uri`] borrows from the text it was read from and costs no allocation. Any
//! other scheme is kept as written: whether it is acceptable is for the
//! receiver to decide (416), not for the grammar.

mod compare;
mod escape;
mod part;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

pub use escape::{escape_user, unescape};
use part::{are_headers, are_params, is_scheme, is_user, split_optional};
pub(crate) use part::{is_host, split_host_port};

use crate::error::Error;
use crate::grammar::digits;
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

/// A URI and its parts.
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
    /// Without user and password: they are a number and a secret. A URI of an unknown
    /// scheme shows the scheme alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, port, params, .. } = self;
        let host = if matches!(scheme, Scheme::Other(_)) { "" } else { self.host };
        let mut out = f.debug_struct("Uri");
        out.field("scheme", scheme).field("host", &host).field("port", port).field("params", params);
        out.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn reads_every_part() {
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
}
