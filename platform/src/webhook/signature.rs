//! X-Twilio-Signature: how an application knows that a webhook is ours.
//!
//! The signature is HMAC-SHA1 over the URL exactly as it is called, with its query and without its
//! fragment, followed by name and value of each form field in the order of the names; of a name that
//! comes twice, each different value once, sorted. The key is the account's auth token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The value of X-Twilio-Signature.
pub fn sign(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut fields: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.sort_unstable();
    fields.dedup();
    // HMAC takes a key of any length; there is no other error.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()) else { return String::new() };
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The example of Twilio's page "Webhooks security", which the libraries' own tests share.
    #[test]
    fn signs_the_published_example() {
        let params = fields(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign("12345", url, &params), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        let shuffled: Vec<_> = params.into_iter().rev().collect();
        assert_eq!(sign("12345", url, &shuffled), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[test]
    fn a_name_that_comes_twice_counts_each_value_once() {
        let once = fields(&[("Sid", "CA123"), ("SidAccount", "AC123"), ("X", "a"), ("X", "b")]);
        let twice = fields(&[("X", "b"), ("SidAccount", "AC123"), ("X", "a"), ("Sid", "CA123"), ("X", "a")]);
        assert_eq!(sign("t", "http://h/", &once), sign("t", "http://h/", &twice));
        assert_ne!(sign("t", "http://h/", &once), sign("t", "http://h/?", &once));
    }
}
