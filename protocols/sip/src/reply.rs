//! Builds a response from its request, and finds its destination (RFC 3261 §8.2.6, §18.2.2).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;

use crate::branch::tag;
use crate::header::{Headers, Name, Via};
use crate::message::{Request, Response};
use crate::status::Status;

/// The response to `request`: Via, From, To, Call-ID and CSeq are the request's.
///
/// `to_tag` is added to a To that has no tag yet. It must be the same for every
/// response to one request, and unguessable across requests (§19.3).
pub fn response(request: &Request, status: Status, to_tag: &str) -> Response {
    of(&request.headers, status, to_tag)
}

/// The response of a stateless element. Its tag is computed from the request, so
/// that a retransmission gets the same response (§8.2.7).
pub fn stateless(request: &Headers, status: Status) -> Response {
    let mut hasher = DefaultHasher::new();
    for name in [Name::Via, Name::CallId, Name::CSeq, Name::From] {
        request.get(name).hash(&mut hasher);
    }
    of(request, status, &tag(hasher.finish()))
}

fn of(request: &Headers, status: Status, to_tag: &str) -> Response {
    let mut response = Response::new(status);
    for via in request.all(Name::Via) {
        response.headers.push(Name::Via, via);
    }
    if let Some(from) = request.get(Name::From) {
        response.headers.push(Name::From, from);
    }
    if let Some(to) = request.get(Name::To) {
        let tagged = request.to().is_ok_and(|to| to.tag().is_some());
        if tagged {
            response.headers.push(Name::To, to);
        } else {
            response.headers.push(Name::To, format_args!("{to};tag={to_tag}"));
        }
    }
    for name in [Name::CallId, Name::CSeq] {
        if let Some(value) = request.get(name) {
            response.headers.push(name, value);
        }
    }
    response
}

/// Where a response goes over an unreliable transport, from its topmost Via: maddr,
/// else `received` with `rport`, else sent-by (§18.2.2, RFC 3581 §4). `None` if that
/// is a host name, which the caller must resolve. Over a reliable transport the response
/// goes back on the connection of its request.
pub fn datagram_target(via: &Via<'_>) -> Option<SocketAddr> {
    let port = via.port.unwrap_or(5060);
    if let Some(maddr) = via.params.value("maddr") {
        return Some(SocketAddr::new(ip(maddr)?, port));
    }
    if let Some(received) = via.received() {
        return Some(SocketAddr::new(received, via.rport().unwrap_or(port)));
    }
    Some(SocketAddr::new(ip(via.host)?, via.rport().unwrap_or(port)))
}

fn ip(host: &str) -> Option<std::net::IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}
