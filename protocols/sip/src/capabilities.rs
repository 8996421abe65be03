//! The methods, extensions and media types that an element supports, and its refusal of other requests (RFC 3261 §8.2).

use crate::header::Name;
use crate::message::{Request, Response};
use crate::method::Method;
use crate::reply;
use crate::status::Status;
use crate::uri::{Scheme, Uri};

/// The capabilities of a user agent server.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities<'a> {
    /// Methods it answers.
    pub methods: &'a [Method],
    /// Option tags it supports (Require).
    pub extensions: &'a [&'a str],
    /// Media types of bodies it reads, such as `text/plain`.
    pub media_types: &'a [&'a str],
}

impl Capabilities<'_> {
    /// The refusal that the standard requires, in its order: method
    /// (405, or 501 for one this crate has no name for), URI scheme (416), extensions
    /// (420), body (415). `None` if the request can be served.
    pub fn refuse(&self, request: &Request, to_tag: &str) -> Option<Response> {
        let refusal = |status| reply::response(request, status, to_tag);
        let with = |status, name, value: String| {
            let mut response = refusal(status);
            response.headers.push(name, value);
            Some(response)
        };
        if !self.methods.contains(&request.method) {
            let known = !matches!(request.method, Method::Other(_));
            let status = if known { Status::METHOD_NOT_ALLOWED } else { Status::NOT_IMPLEMENTED };
            return with(status, Name::Allow, self.allow());
        }
        let scheme = Uri::parse(&request.uri).map(|uri| uri.scheme);
        if !matches!(scheme, Ok(Scheme::Sip | Scheme::Sips | Scheme::Tel)) {
            return Some(refusal(Status::UNSUPPORTED_URI_SCHEME));
        }
        let unsupported = self.unsupported(request);
        if !unsupported.is_empty() {
            return with(Status::BAD_EXTENSION, Name::Unsupported, unsupported);
        }
        if request.body.is_empty() {
            return None;
        }
        let encoded =
            request.headers.elements(Name::ContentEncoding).any(|e| !e.eq_ignore_ascii_case("identity"));
        if encoded {
            return with(Status::UNSUPPORTED_MEDIA_TYPE, Name::AcceptEncoding, "identity".to_owned());
        }
        if self.reads_body_of(request) {
            return None;
        }
        with(Status::UNSUPPORTED_MEDIA_TYPE, Name::Accept, self.media_types.join(", "))
    }

    /// The value of an Allow header field.
    pub fn allow(&self) -> String {
        self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
    }

    fn unsupported(&self, request: &Request) -> String {
        let supported = |tag: &&str| self.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag));
        let required = request.headers.elements(Name::Require).filter(|tag| !tag.is_empty());
        required.filter(|tag| !supported(tag)).collect::<Vec<_>>().join(", ")
    }

    /// Whether the body's type is among ours. A body without a type is taken for
    /// text, which is what instant messages are.
    fn reads_body_of(&self, request: &Request) -> bool {
        let Ok(content_type) = request.headers.content_type() else { return false };
        let (kind, subtype) = content_type.map_or(("text", "plain"), |found| (found.kind, found.subtype));
        self.media_types.iter().filter_map(|known| known.split_once('/')).any(
            |(known_kind, known_subtype)| {
                known_kind.eq_ignore_ascii_case(kind) && known_subtype.eq_ignore_ascii_case(subtype)
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPABILITIES: Capabilities<'static> =
        Capabilities { methods: &[Method::Message], extensions: &["path"], media_types: &["text/plain"] };

    /// The status and the last header field of a refusal.
    fn refusal(method: Method, fields: &[(Name, &str)]) -> Option<(u16, String)> {
        let mut request = Request::new(method, "sip:b");
        request.body = "hello".into();
        for (name, value) in fields {
            request.headers.push(*name, value);
        }
        let response = CAPABILITIES.refuse(&request, "tag")?;
        let added = response.headers.iter().last().map(|(_, written, value)| format!("{written}: {value}"));
        Some((response.status.code(), added.unwrap_or_default()))
    }

    #[test]
    fn refusals_list_the_supported_values() {
        let refused = |status, added: &str| Some((status, added.to_owned()));
        assert_eq!(refusal(Method::Invite, &[]), refused(405, "Allow: MESSAGE"));
        assert_eq!(refusal(Method::Other("NEW".into()), &[]), refused(501, "Allow: MESSAGE"));
        let required = (Name::Require, "path, 100rel");
        assert_eq!(refusal(Method::Message, &[required]), refused(420, "Unsupported: 100rel"));
        let gzip = (Name::ContentEncoding, "gzip");
        assert_eq!(refusal(Method::Message, &[gzip]), refused(415, "Accept-Encoding: identity"));
        let html = (Name::ContentType, "text/html");
        assert_eq!(refusal(Method::Message, &[html]), refused(415, "Accept: text/plain"));
        let plain = (Name::ContentType, "Text/Plain;charset=utf-8");
        assert_eq!(refusal(Method::Message, &[plain]), None);
        assert_eq!(refusal(Method::Message, &[]), None);
    }
}
