//! Compares two URIs for equivalence (RFC 3261 §19.1.4, RFC 3966 §4).

use super::escape::unescape_octets;
use super::{Scheme, Uri};
use crate::header::Params;

impl Uri<'_> {
    /// Whether both name the same thing by RFC 3261 §19.1.4 (or RFC 3966 §4 for tel).
    /// A URI without a port is not equivalent to one with port 5060.
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
}
