//! Authentication of requests: access lists and digest.
//!
//! A request is attributed to a peer with an allowed address or valid credentials, or to a user with
//! valid credentials. Any other request gets 401, or 403 if no credentials are configured.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sip::digest::{Algorithm, Credentials, Nonces, Secret, Verdict, Verifier};
use sip::{Name, Request, Response, Status, reply};

use crate::config::SipConfig;
use crate::context::Context;
use crate::peer::Peer;

/// How long a nonce can be used.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// Nonces of which the use count is stored.
const NONCES_MAX: usize = 50_000;

/// Wrong passwords from one address before it is blocked.
const FAILURES_MAX: u32 = 10;

/// How long it is blocked, in seconds.
const PENALTY_SECONDS: u64 = 30;

/// Addresses of which the failures are counted.
const ADDRESSES_MAX: usize = 10_000;

/// The authenticated sender of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Identity {
    /// The peer of this index.
    Peer(usize),
    /// The user of this index.
    User(usize),
}

/// Why a request is not authenticated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Denial {
    /// Credentials are missing or wrong.
    Challenge,
    /// The credentials are valid, but the nonce has expired or was used: they may be replayed.
    Stale(Identity),
    /// The sender is not allowed.
    Forbidden,
}

/// Verifies credentials and access lists.
pub(crate) struct Authenticator {
    verifier: Verifier,
    /// Peers by the digest user name of their inbound requests.
    peers: HashMap<String, usize>,
    /// Whether any credentials are configured.
    has_logins: bool,
    /// Wrong passwords by address, and the second of the last one.
    failures: HashMap<IpAddr, (u32, u64)>,
}

impl Authenticator {
    pub(crate) fn new(context: &Context) -> Self {
        let SipConfig { realm, peers, users, .. } = &context.config;
        let nonces = Nonces::new(context.rng.secret(b"nonces"), NONCE_LIFETIME);
        let algorithms = [Algorithm::Sha256, Algorithm::Md5];
        let login =
            |(at, peer): (usize, &crate::config::Peer)| Some((peer.inbound.as_ref()?.user.clone(), at));
        let peers: HashMap<_, _> = peers.iter().enumerate().filter_map(login).collect();
        Self {
            verifier: Verifier::new(realm, algorithms, nonces, NONCES_MAX),
            has_logins: !peers.is_empty() || !users.is_empty(),
            peers,
            failures: HashMap::new(),
        }
    }

    /// Whether the request has neither credentials nor an allowed address.
    pub(crate) fn is_anonymous(&self, context: &Context, request: &Request, source: SocketAddr) -> bool {
        credentials(request, &context.config.realm).is_none()
            && self.peer_by_address(context, request, source).is_none()
    }

    /// The sender of a request.
    ///
    /// # Errors
    /// Why it is denied.
    pub(crate) fn identify(
        &mut self,
        context: &Context,
        request: &Request,
        source: SocketAddr,
    ) -> Result<Identity, Denial> {
        let Some(credentials) = credentials(request, &context.config.realm) else {
            return self.peer_by_address(context, request, source).ok_or(self.denial());
        };
        let now = context.now().seconds();
        if self.is_penalised(source.ip(), now) {
            return Err(Denial::Forbidden);
        }
        let identity = self.login(context, &credentials.username);
        let secret = identity.and_then(|identity| password(context, identity));
        let Some((identity, secret)) = identity.zip(secret) else {
            self.note_failure(source.ip(), now);
            return Err(Denial::Challenge);
        };
        let secret = Secret::Password(secret);
        let method = request.method.as_str();
        match self.verifier.verify(&credentials, secret, method, &request.body, now) {
            Verdict::Accepted => {
                self.failures.remove(&source.ip());
                if is_misplaced(context, identity, source) { Err(Denial::Forbidden) } else { Ok(identity) }
            }
            Verdict::Stale => Err(Denial::Stale(identity)),
            Verdict::Refused => {
                self.note_failure(source.ip(), now);
                Err(Denial::Challenge)
            }
        }
    }

    /// 401 with a challenge for each algorithm, or 403 if no credentials are configured.
    pub(crate) fn challenge(&self, context: &Context, request: &Request, stale: bool) -> Response {
        if !self.has_logins {
            return reply::stateless(&request.headers, Status::FORBIDDEN);
        }
        let mut response = reply::stateless(&request.headers, Status::UNAUTHORIZED);
        for challenge in self.verifier.challenges(context.now().seconds(), context.rng.next(), stale) {
            response.headers.push(Name::WwwAuthenticate, challenge);
        }
        response
    }

    fn denial(&self) -> Denial {
        if self.has_logins { Denial::Challenge } else { Denial::Forbidden }
    }

    fn login(&self, context: &Context, name: &str) -> Option<Identity> {
        let peer = self.peers.get(name).copied().map(Identity::Peer);
        peer.or_else(|| context.registrar.by_login(name).map(Identity::User))
    }

    /// The peer with an access list that contains `source`. An untrusted peer may not use the address of
    /// a registered user in From without the credentials of that user.
    fn peer_by_address(&self, context: &Context, request: &Request, source: SocketAddr) -> Option<Identity> {
        let allows = |peer: &Peer| {
            let lists = peer.config.allowed_addresses.iter().any(|network| network.contains(source.ip()));
            lists && !peer.config.both_required
        };
        let mut listed = context.peers.iter().enumerate().filter(|(_, peer)| allows(peer));
        let (first, _) = listed.clone().next()?;
        // Several peers may share an address; the port distinguishes them.
        let port = |peer: &Peer| peer.target.1 == source.port();
        let (at, peer) =
            listed.find(|(_, peer)| port(peer)).or_else(|| Some((first, context.peers.get(first)?)))?;
        let claims_user =
            || request.headers.from().is_ok_and(|from| context.registrar.named(&from.uri).is_some());
        (peer.config.trusted || !claims_user()).then_some(Identity::Peer(at))
    }

    fn is_penalised(&mut self, address: IpAddr, now: u64) -> bool {
        match self.failures.get(&address) {
            Some((count, last)) if now.saturating_sub(*last) < PENALTY_SECONDS => *count >= FAILURES_MAX,
            Some(_) => {
                self.failures.remove(&address);
                false
            }
            None => false,
        }
    }

    fn note_failure(&mut self, address: IpAddr, now: u64) {
        if self.failures.len() >= ADDRESSES_MAX {
            self.failures.retain(|_, (_, last)| now.saturating_sub(*last) < PENALTY_SECONDS);
        }
        if self.failures.len() < ADDRESSES_MAX {
            let (count, last) = self.failures.entry(address).or_default();
            (*count, *last) = (count.saturating_add(1), now);
        }
    }
}

/// The credentials of the request for the local realm, if they can be parsed.
fn credentials(request: &Request, realm: &str) -> Option<Credentials> {
    let fields = [Name::Authorization, Name::ProxyAuthorization];
    fields.into_iter().find_map(|name| Credentials::for_realm(&request.headers, name, realm))
}

fn password(context: &Context, identity: Identity) -> Option<&str> {
    match identity {
        Identity::Peer(at) => {
            context.peers.get(at)?.config.inbound.as_ref().map(|login| login.password.reveal())
        }
        Identity::User(at) => context.registrar.account(at).map(|account| account.config.password.reveal()),
    }
}

/// Whether a peer with `both_required` sends from an address that is not allowed.
fn is_misplaced(context: &Context, identity: Identity, source: SocketAddr) -> bool {
    let Identity::Peer(at) = identity else { return false };
    context.peers.get(at).is_some_and(|peer| {
        let lists = peer.config.allowed_addresses.iter().any(|network| network.contains(source.ip()));
        peer.config.both_required && !lists
    })
}
