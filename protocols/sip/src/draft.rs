//! Builds a request outside of a dialogue from its parts (RFC 3261 §8.1.1).

use std::fmt::Display;

use crate::error::Error;
use crate::header::{CSeq, Headers, Name, Via};
use crate::message::Request;
use crate::method::Method;
use crate::transport::Transport;

/// The hops a request may take (RFC 3261 §8.1.1.6).
const MAX_FORWARDS: u8 = 70;

/// The parts of a new request.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The Request-URI.
    pub uri: &'a str,
    /// From: a URI, which is put in angle brackets.
    pub from: &'a str,
    /// Our tag for it ([`crate::tag`]).
    pub from_tag: &'a str,
    /// To: a URI, which is put in angle brackets.
    pub to: &'a str,
    /// A Call-ID that no other request of ours has ([`crate::call_id`]); one for each
    /// registration is kept over its refreshes (§10.2).
    pub call_id: &'a str,
    /// The number of CSeq, less than 2³¹.
    pub cseq: u32,
    /// The transport of the request.
    pub transport: Transport,
    /// Our host and port for Via, to which responses are sent.
    pub sent_by: &'a str,
    /// A fresh branch ([`crate::branch`]).
    pub branch: &'a str,
}

impl Draft<'_> {
    /// The request. It asks for its answer on the port it comes from (`rport`, RFC 3581).
    pub fn request(&self, method: Method) -> Request {
        let mut headers = Headers::new();
        let Self { transport, sent_by, branch, .. } = self;
        headers.push(Name::Via, format_args!("SIP/2.0/{transport} {sent_by};rport;branch={branch}"));
        headers.push(Name::MaxForwards, MAX_FORWARDS);
        headers.push(Name::From, format_args!("<{}>;tag={}", self.from, self.from_tag));
        headers.push(Name::To, format_args!("<{}>", self.to));
        headers.push(Name::CallId, self.call_id);
        headers.push(Name::CSeq, CSeq { number: self.cseq, method: method.as_str() });
        let mut request = Request::new(method, self.uri);
        request.headers = headers;
        request
    }
}

impl Request {
    /// Makes a rejected request ready for its next attempt: a fresh branch, the next CSeq,
    /// and the answer to the challenge in `name`, Authorization or Proxy-Authorization
    /// (RFC 3261 §22.2). Call-ID and the tag of From stay.
    pub fn retry(&mut self, branch: &str, name: Name, credentials: impl Display) -> Result<(), Error> {
        let cseq = self.headers.cseq()?;
        let next = CSeq { number: (cseq.number + 1) % (1 << 31), ..cseq }.to_string();
        let via = self.headers.via()?;
        let Via { transport, host, .. } = via;
        let port = via.port.map(|port| format!(":{port}")).unwrap_or_default();
        let via = format!("SIP/2.0/{transport} {host}{port};rport;branch={branch}");
        self.headers.set(Name::Via, via);
        self.headers.set(Name::CSeq, next);
        self.headers.set(name, credentials);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAFT: Draft<'static> = Draft {
        uri: "sip:+12015550123@b.example",
        from: "sip:alice@a.example",
        from_tag: "9fxced76sl",
        to: "sip:+12015550123@b.example",
        call_id: "3848276298220188511@a.example",
        cseq: 1,
        transport: Transport::Udp,
        sent_by: "client.a.example:5070",
        branch: "z9hG4bK74bf9",
    };

    #[test]
    fn a_request_has_what_the_standard_demands() {
        let expected = "OPTIONS sip:+12015550123@b.example SIP/2.0\r\n\
            Via: SIP/2.0/UDP client.a.example:5070;rport;branch=z9hG4bK74bf9\r\n\
            Max-Forwards: 70\r\n\
            From: <sip:alice@a.example>;tag=9fxced76sl\r\n\
            To: <sip:+12015550123@b.example>\r\n\
            Call-ID: 3848276298220188511@a.example\r\n\
            CSeq: 1 OPTIONS\r\n\
            Content-Length: 0\r\n\r\n";
        let wire = DRAFT.request(Method::Options).to_bytes();
        assert_eq!(str::from_utf8(&wire), Ok(expected));
        assert!(crate::parse(&wire).is_ok());
    }

    #[test]
    fn a_retry_is_a_new_transaction_of_the_same_call() {
        let mut request = DRAFT.request(Method::Message);
        request.retry("z9hG4bK2", Name::ProxyAuthorization, "Digest x").unwrap();
        let headers = &request.headers;
        assert_eq!(headers.get(Name::Via), Some("SIP/2.0/UDP client.a.example:5070;rport;branch=z9hG4bK2"));
        assert_eq!(headers.get(Name::CSeq), Some("2 MESSAGE"));
        assert_eq!(headers.get(Name::ProxyAuthorization), Some("Digest x"));
        assert_eq!(headers.call_id(), Ok(DRAFT.call_id));
        request.retry("z9hG4bK3", Name::ProxyAuthorization, "Digest y").unwrap();
        assert_eq!(request.headers.all(Name::ProxyAuthorization).collect::<Vec<_>>(), ["Digest y"]);
    }
}
