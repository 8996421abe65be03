//! Source and destination addresses from SIP and tel URIs.

use sip::uri::Uri;
use sip::{Headers, Name, Request, Status};
use smsc::address::{Address, NumberingPlan, TypeOfNumber};

use crate::codes::Refusal;

/// Digits that an address holds at most (TS 23.040 §9.1.2.5).
const DIGITS_MAX: usize = 20;

/// Letters that an alphanumeric sender has at most (TS 23.040 §9.1.2.5).
const LETTERS_MAX: usize = 11;

/// The destination: the user part of the Request-URI, else that of To. `user_number` returns the
/// address of a registered user by name.
///
/// # Errors
/// 416 for a scheme other than SIP and tel, 484 without a user part or with too many digits, 404 for
/// an unknown user name.
pub fn destination(
    request: &Request,
    user_number: impl Fn(&str) -> Option<Address>,
) -> Result<Address, Refusal> {
    let uri = Uri::parse(&request.uri).map_err(|_| Refusal::new(Status::BAD_REQUEST, ""))?;
    if matches!(uri.scheme, sip::uri::Scheme::Other(_)) {
        return Err(Refusal::new(Status::UNSUPPORTED_URI_SCHEME, ""));
    }
    let to = request.headers.to().map(|to| to.uri);
    let uri = if uri.user.is_some() { uri } else { to.unwrap_or(uri) };
    let Some(name) = uri.user_unescaped() else {
        return Err(Refusal::new(Status::ADDRESS_INCOMPLETE, "No number in Request-URI and To"));
    };
    match number(&uri) {
        Some(address) if address.digits.len() > DIGITS_MAX => {
            Err(Refusal::new(Status::ADDRESS_INCOMPLETE, "Number is too long"))
        }
        Some(address) => Ok(address),
        None => user_number(&name).ok_or(Refusal::new(Status::NOT_FOUND, "No such user")),
    }
}

/// The source: P-Asserted-Identity of a trusted peer, else the user part of From. Letters are an
/// alphanumeric sender.
///
/// # Errors
/// 403 without a user part, for more than 11 letters, and for more digits than a number has.
pub fn source(headers: &Headers, trusted: bool) -> Result<Address, Refusal> {
    let refuse = |reason| Refusal::new(Status::FORBIDDEN, reason);
    let asserted = || {
        let mut identities =
            headers.elements(Name::PAssertedIdentity).filter_map(sip::header::NameAddr::parse);
        // A tel URI is preferred to a SIP URI (RFC 3325 §9.1 allows one of each).
        let first = identities.next();
        identities.find(|second| second.uri.is_telephone()).or(first)
    };
    let from = || headers.from().map_err(|_| Refusal::new(Status::BAD_REQUEST, ""));
    let identity = if trusted { asserted().map_or_else(from, Ok) } else { from() }?;
    if let Some(address) = number(&identity.uri) {
        return if address.digits.len() > DIGITS_MAX {
            Err(refuse("From has too many digits"))
        } else {
            Ok(address)
        };
    }
    let name = identity.uri.user_unescaped().ok_or(refuse("From has no user part"))?;
    if name.chars().count() > LETTERS_MAX {
        return Err(refuse("From has more than 11 letters"));
    }
    Ok(Address::alphanumeric(&name))
}

/// The telephone number of a URI: `+` or a global phone-context means international.
fn number(uri: &Uri<'_>) -> Option<Address> {
    let dialled = uri.telephone_number()?;
    if let Some(digits) = dialled.strip_prefix('+') {
        return Some(Address::international(digits));
    }
    match phone_context(uri) {
        Some(prefix) => Some(Address::international(&format!("{prefix}{dialled}"))),
        None => Some(Address::new(TypeOfNumber::UNKNOWN, NumberingPlan::E164, &dialled)),
    }
}

/// The digits of `;phone-context=+49` (RFC 3966 §5.1.4), of a tel URI or inside of a user part.
fn phone_context<'a>(uri: &Uri<'a>) -> Option<&'a str> {
    let inside = || uri.user?.split(';').skip(1).find_map(|param| param.strip_prefix("phone-context="));
    let context = uri.params.value("phone-context").or_else(inside)?;
    context.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}
