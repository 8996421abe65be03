//! Responses that depend on nothing but the request: OPTIONS, protocol errors, refusals.

use sip::{Method, Name, Request, Response, Status, reply};

use crate::codes::{self, Refusal};

const ALLOW: &str = "MESSAGE, OPTIONS, REGISTER";
const ACCEPT: &str =
    "text/plain, text/html, text/vnd.wap.wml, application/octet-stream, message/cpim, message/imdn+xml";

/// Builds a response from a request and a tag for To.
pub(super) type BuildResponse = fn(&Request, &str) -> Response;

/// The error response that every user agent server has to send, independent of the sender (RFC 3261 §8.2).
pub(super) fn protocol_error(request: &Request) -> Option<BuildResponse> {
    let headers = &request.headers;
    let is_known = matches!(request.method, Method::Message | Method::Register | Method::Options);
    if !is_known {
        return Some(not_allowed);
    }
    if headers.max_forwards().ok().flatten() == Some(0) && request.method != Method::Options {
        return Some(|request, tag| reply::response(request, Status::TOO_MANY_HOPS, tag));
    }
    let mut required = headers.elements(Name::Require).chain(headers.elements(Name::ProxyRequire));
    required.any(|option| !option.is_empty()).then_some(bad_extension)
}

fn not_allowed(request: &Request, tag: &str) -> Response {
    let mut response = reply::response(request, Status::METHOD_NOT_ALLOWED, tag);
    response.headers.push(Name::Allow, ALLOW);
    response
}

fn bad_extension(request: &Request, tag: &str) -> Response {
    let mut response = reply::response(request, Status::BAD_EXTENSION, tag);
    let headers = &request.headers;
    let required = headers.elements(Name::Require).chain(headers.elements(Name::ProxyRequire));
    response.headers.push(Name::Unsupported, required.collect::<Vec<_>>().join(", "));
    response
}

pub(super) fn options(request: &Request, tag: &str) -> Response {
    let mut response = reply::response(request, Status::OK, tag);
    response.headers.push(Name::Allow, ALLOW);
    response.headers.push(Name::Accept, ACCEPT);
    response
}

pub(super) fn refusal_response(request: &Request, refusal: Refusal, tag: &str) -> Response {
    let mut response = reply::response(request, refusal.status, tag);
    if !refusal.reason.is_empty() {
        refusal.reason.clone_into(&mut response.reason);
    }
    if refusal.retry {
        response.headers.push(Name::RetryAfter, codes::RETRY_AFTER_SECONDS);
    }
    if refusal.status == Status::UNSUPPORTED_MEDIA_TYPE {
        response.headers.push(Name::Accept, ACCEPT);
    }
    response
}
