//! Fuzz targets for the documents and request fields of applications: TwiML, forms.

use platform::twiml::{self, Verb};
use platform::{Bearer, canonical, is_callable};
use smsc::timestamp::Timestamp;

/// The XML that an application answers with.
pub(crate) fn twiml(octets: &[u8]) {
    let Ok(document) = str::from_utf8(octets) else { return };
    let Ok(verbs) = twiml::parse(document) else { return };
    let text: usize = verbs
        .iter()
        .map(|verb| match verb {
            Verb::Message(reply) => reply.body.len(),
            Verb::Redirect { url, .. } => url.len(),
        })
        .sum();
    assert!(text <= octets.len(), "an answer grows while it is read");
}

/// The form of a request: numbers, URLs, and the `X-` fields of a message.
pub(crate) fn form(octets: &[u8]) {
    let fields: Vec<(String, String)> = form_urlencoded::parse(octets).into_owned().collect();
    for (_, value) in &fields {
        let _ = is_callable(value);
        if let Some(number) = canonical(value) {
            assert!(canonical(&number).as_ref() == Some(&number), "a canonical number has another form");
        }
    }
    let _ = Bearer::from_fields(fields, Timestamp::from_millis(1_795_000_000_000));
}
