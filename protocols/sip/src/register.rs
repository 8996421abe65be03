//! Reads a REGISTER and builds its responses, for a registrar (RFC 3261 §10.3).
//!
//! The registrar keeps the bindings and compares Call-ID and CSeq with theirs; this
//! module has only the contents of the request.

use crate::error::Error;
use crate::header::{Contact, Date, EXPIRES_DEFAULT, Name, NameAddr, expires};
use crate::message::{Request, Response};
use crate::reply;
use crate::status::Status;
use crate::uri::{Scheme, Uri};

/// The contacts one REGISTER may name.
pub const CONTACTS_MAX: usize = 16;

/// The contents of one REGISTER.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registration<'a> {
    /// The address-of-record: the URI of To.
    pub address_of_record: Uri<'a>,
    /// With [`Registration::cseq`], the order of changes: a change with the Call-ID of a
    /// binding and a CSeq that is not higher is to be ignored (§10.3 step 7).
    pub call_id: &'a str,
    /// The number of CSeq.
    pub cseq: u32,
    /// The change of the bindings.
    pub change: Change<'a>,
}

/// The change of the bindings that a REGISTER requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change<'a> {
    /// Nothing: the answer lists what is bound.
    None,
    /// `Contact: *` with `Expires: 0`: all bindings are removed.
    RemoveAll,
    /// Each of these is added or refreshed, or removed where its time is 0.
    Set(Vec<Binding<'a>>),
}

/// One contact and its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Binding<'a> {
    /// Where the user is; equivalent URIs are one binding ([`Uri::is_equivalent`]).
    pub contact: NameAddr<'a>,
    /// How long, in seconds; 0 removes it.
    pub expires_seconds: u32,
}

/// How long bindings may live, in seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifetimes {
    /// Shorter requests are refused with 423; below an hour only (§10.3 step 7).
    pub min_seconds: u32,
    /// Longer requests are cut to this.
    pub max_seconds: u32,
}

impl<'a> Registration<'a> {
    /// Reads a REGISTER. [`Error::IntervalTooBrief`] is answered by [`too_brief`], any other by
    /// its status.
    pub fn parse(request: &'a Request, lifetimes: Lifetimes) -> Result<Self, Error> {
        let headers = &request.headers;
        let address_of_record = headers.to()?.uri;
        if !matches!(address_of_record.scheme, Scheme::Sip | Scheme::Sips) {
            return Err(Error::Malformed("To")); // RFC 4475 §3.3.4
        }
        let change = read_change(request, lifetimes)?;
        Ok(Self { address_of_record, call_id: headers.call_id()?, cseq: headers.cseq()?.number, change })
    }
}

fn read_change(request: &Request, lifetimes: Lifetimes) -> Result<Change<'_>, Error> {
    let general = request.headers.get(Name::Expires).map(expires);
    let mut bindings = Vec::new();
    let mut all = false;
    for element in request.headers.elements(Name::Contact) {
        match Contact::parse(element)? {
            Contact::All => all = true,
            Contact::Address(contact) => {
                let wanted = contact.expires().or(general).unwrap_or(EXPIRES_DEFAULT);
                if 0 < wanted && wanted < lifetimes.min_seconds {
                    return Err(Error::IntervalTooBrief);
                }
                bindings.push(Binding { contact, expires_seconds: wanted.min(lifetimes.max_seconds) });
            }
        }
    }
    match (all, bindings.len()) {
        (false, 0) => Ok(Change::None),
        (false, count) if count > CONTACTS_MAX => Err(Error::TooLarge),
        (false, _) => Ok(Change::Set(bindings)),
        (true, 0) if general == Some(0) => Ok(Change::RemoveAll),
        (true, _) => Err(Error::Malformed("Contact")), // §10.3 step 6
    }
}

/// The 200 that lists what is bound now: each contact URI with the seconds it still has.
pub fn bindings<'a>(
    request: &Request,
    to_tag: &str,
    bound: impl IntoIterator<Item = (&'a str, u32)>,
    now: Date,
) -> Response {
    let mut response = reply::response(request, Status::OK, to_tag);
    for (uri, seconds) in bound {
        response.headers.push(Name::Contact, format_args!("<{uri}>;expires={seconds}"));
    }
    response.headers.push(Name::Date, now);
    response
}

/// The 423 for a time that is too short (§10.3 step 7).
pub fn too_brief(request: &Request, to_tag: &str, lifetimes: Lifetimes) -> Response {
    let mut response = reply::response(request, Status::INTERVAL_TOO_BRIEF, to_tag);
    response.headers.push(Name::MinExpires, lifetimes.min_seconds);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    const LIFETIMES: Lifetimes = Lifetimes { min_seconds: 60, max_seconds: 7200 };

    /// F1 of RFC 3665 §2.1, with the given Contact and Expires.
    fn register(fields: &[(Name, &str)]) -> Request {
        let mut request = Request::new(Method::Register, "sips:ss2.biloxi.example.com");
        for (name, value) in [
            (Name::Via, "SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7"),
            (Name::MaxForwards, "70"),
            (Name::From, "Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl"),
            (Name::To, "Bob <sips:bob@biloxi.example.com>"),
            (Name::CallId, "1j9FpLxk3uxtm8tn@biloxi.example.com"),
            (Name::CSeq, "1 REGISTER"),
        ] {
            request.headers.push(name, value);
        }
        for (name, value) in fields {
            request.headers.push(*name, value);
        }
        request
    }

    fn times(fields: &[(Name, &str)]) -> Result<Vec<u32>, Error> {
        let request = register(fields);
        match Registration::parse(&request, LIFETIMES)?.change {
            Change::Set(bindings) => Ok(bindings.iter().map(|binding| binding.expires_seconds).collect()),
            Change::None | Change::RemoveAll => Ok(Vec::new()),
        }
    }

    #[test]
    fn a_contact_time_wins_over_expires_and_is_bounded() {
        let contacts = (Name::Contact, "<sips:bob@a.example>;expires=100, sips:bob@b.example;q=0.5");
        assert_eq!(times(&[contacts, (Name::Expires, "200")]), Ok(vec![100, 200]));
        assert_eq!(times(&[contacts]), Ok(vec![100, 3600]));
        assert_eq!(times(&[contacts, (Name::Expires, "99999999999999")]), Ok(vec![100, 3600]));
        assert_eq!(times(&[contacts, (Name::Expires, "10000")]), Ok(vec![100, 7200]));
        assert_eq!(times(&[contacts, (Name::Expires, "0")]), Ok(vec![100, 0]));
        assert_eq!(times(&[contacts, (Name::Expires, "59")]), Err(Error::IntervalTooBrief));
    }

    #[test]
    fn a_star_removes_all_and_stands_alone() {
        let star = (Name::Contact, "*");
        let request = register(&[star, (Name::Expires, "0")]);
        let registration = Registration::parse(&request, LIFETIMES).unwrap();
        assert_eq!(registration.change, Change::RemoveAll);
        assert_eq!((registration.cseq, registration.address_of_record.user), (1, Some("bob")));
        let bad = Err(Error::Malformed("Contact"));
        assert_eq!(times(&[star]), bad);
        assert_eq!(times(&[star, (Name::Expires, "1")]), bad);
        assert_eq!(times(&[star, (Name::Contact, "<sip:a@b>"), (Name::Expires, "0")]), bad);
    }

    #[test]
    fn no_contact_asks_and_the_answer_lists() {
        let request = register(&[]);
        assert_eq!(Registration::parse(&request, LIFETIMES).unwrap().change, Change::None);
        let response = bindings(&request, "37GkEhwl6", [("sips:bob@a.example", 30)], Date(0));
        let wire = response.to_bytes();
        let expected = "SIP/2.0 200 OK\r\n\
            Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7\r\n\
            From: Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl\r\n\
            To: Bob <sips:bob@biloxi.example.com>;tag=37GkEhwl6\r\n\
            Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com\r\n\
            CSeq: 1 REGISTER\r\n\
            Contact: <sips:bob@a.example>;expires=30\r\n\
            Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
            Content-Length: 0\r\n\r\n";
        assert_eq!(str::from_utf8(&wire), Ok(expected));
        assert_eq!(too_brief(&request, "t", LIFETIMES).headers.get(Name::MinExpires), Some("60"));
    }

    #[test]
    fn contacts_are_bounded() {
        let many = vec!["<sip:a@b>"; CONTACTS_MAX + 1].join(",");
        assert_eq!(times(&[(Name::Contact, &many)]), Err(Error::TooLarge));
    }
}
