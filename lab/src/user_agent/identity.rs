//! A user agent's identity: builds its REGISTER and MESSAGE requests and answers challenges.

use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;

use bytes::Bytes;
use sip::digest::{Challenge, Login, Secret};
use sip::uri::escape_user;
use sip::{Draft, Method, Name, Request, Response, Status, Transport, Uri};

/// The requested expiry of registrations, in seconds.
pub(super) const EXPIRES_SECONDS: u32 = 3600;

/// The account and the addresses of the agent.
pub(super) struct Identity {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) sent_by: String,
    pub(super) tag: String,
    /// Of all registrations (RFC 3261 §10.2).
    pub(super) call_id: String,
    pub(super) registrar: SocketAddr,
}

impl Identity {
    pub(super) fn register(&self, cseq: u32) -> Request {
        let domain = format!("sip:{}", self.registrar);
        let mut request =
            self.request(Method::Register, &domain, &self.uri_of(&self.user), &self.call_id, cseq);
        let contact = format!("<sip:{}@{}>", escape_user(&self.user), self.sent_by);
        request.headers.push(Name::Contact, contact);
        request.headers.push(Name::Expires, EXPIRES_SECONDS);
        request
    }

    pub(super) fn message(
        &self,
        to: &str,
        text: String,
        headers: &[(String, String)],
    ) -> Result<Request, sip::Error> {
        let uri = if to.contains(':') { to.to_owned() } else { self.uri_of(to) };
        Uri::parse(&uri)?;
        let call_id = sip::call_id(wide_random(), "agent");
        let mut request = self.request(Method::Message, &uri, &uri, &call_id, 1);
        for (name, value) in headers {
            request.headers.push_named(name, value);
        }
        if request.headers.get(Name::ContentType).is_none() {
            request.headers.push(Name::ContentType, "text/plain;charset=UTF-8");
        }
        request.body = Bytes::from(text);
        Ok(request)
    }

    fn request(&self, method: Method, uri: &str, to: &str, call_id: &str, cseq: u32) -> Request {
        let from = self.uri_of(&self.user);
        let (from, from_tag, sent_by) = (from.as_str(), self.tag.as_str(), self.sent_by.as_str());
        let (transport, branch) = (Transport::Udp, &fresh_branch());
        Draft { uri, from, from_tag, to, call_id, cseq, transport, sent_by, branch }.request(method)
    }

    fn uri_of(&self, user: &str) -> String {
        format!("sip:{}@{}", escape_user(user), self.registrar)
    }

    /// Adds credentials to `request`, to be sent again; `None` if the response has no challenge with
    /// a supported algorithm.
    pub(super) fn answer_challenge(&self, mut request: Request, refusal: &Response) -> Option<Request> {
        let (challenge_field, credentials_field) = match refusal.status {
            Status::UNAUTHORIZED => (Name::WwwAuthenticate, Name::Authorization),
            Status::PROXY_AUTHENTICATION_REQUIRED => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => return None,
        };
        let challenge = Challenge::first_supported(&refusal.headers, challenge_field)?;
        let login = Login { username: &self.user, secret: Secret::Password(&self.password) };
        let (method, cnonce) = (request.method.as_str(), sip::tag(random()));
        let credentials = challenge.answer(login, method, &request.uri, &request.body, &cnonce, 1);
        request.retry(&fresh_branch(), credentials_field, credentials).ok()?;
        Some(request)
    }
}

fn fresh_branch() -> String {
    sip::branch(wide_random())
}

pub(super) fn wide_random() -> u128 {
    u128::from(random()) << 64 | u128::from(random())
}

/// A unique number for identifiers, not for secrets: the seed of a hash map is random enough.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}
