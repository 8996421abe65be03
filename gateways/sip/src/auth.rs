//! Who may come in: access lists and digest.
//!
//! A request counts only with a name behind it: a peer whose address is allowed or that
//! knows its password, or a user that knows its own. Everybody else hears 401, or 403
//! where nobody has a password to prove.

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

/// Nonces whose use counts are held.
const NONCES_MAX: usize = 50_000;

/// Wrong passwords from one address before it has to wait.
const FAILURES_MAX: u32 = 10;

/// How long it has to wait, in seconds.
const PENALTY_SECONDS: u64 = 30;

/// Addresses whose failures are counted.
const ADDRESSES_MAX: usize = 10_000;

/// Who sent a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Identity {
    /// The peer of this index.
    Peer(usize),
    /// The user of this index.
    User(usize),
}

/// Why a request has no sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Denial {
    /// It must prove who it is.
    Challenge,
    /// It proved it, but with a nonce that is old or was used: these credentials may be a copy.
    Stale(Identity),
    /// It may not come in.
    Forbidden,
}

/// See the module.
pub(crate) struct Authenticator {
    verifier: Verifier,
    /// Peers by the digest user name that they come in with.
    peers: HashMap<String, usize>,
    /// Whether anybody has a password.
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

    /// Whether nothing speaks for the request: no credentials, and no allowed address.
    pub(crate) fn is_anonymous(&self, context: &Context, request: &Request, source: SocketAddr) -> bool {
        credentials(request, &context.config.realm).is_none()
            && self.peer_by_address(context, request, source).is_none()
    }

    /// Who sent this request.
    ///
    /// # Errors
    /// How it is denied.
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

    /// 401 with a challenge for each algorithm, or 403 where no password exists.
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

    /// The peer whose access list has `source`. One that claims to be a user of ours must be
    /// trusted with that, or else the user has to prove it.
    fn peer_by_address(&self, context: &Context, request: &Request, source: SocketAddr) -> Option<Identity> {
        let allows = |peer: &Peer| {
            let lists = peer.config.allowed_addresses.iter().any(|network| network.contains(source.ip()));
            lists && !peer.config.both_required
        };
        let mut listed = context.peers.iter().enumerate().filter(|(_, peer)| allows(peer));
        let (first, _) = listed.clone().next()?;
        // Several peers may share an address; the port tells them apart.
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

/// Credentials for our realm, if the request has some that can be read.
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

/// Whether a peer that must come from an allowed address does not.
fn is_misplaced(context: &Context, identity: Identity, source: SocketAddr) -> bool {
    let Identity::Peer(at) = identity else { return false };
    context.peers.get(at).is_some_and(|peer| {
        let lists = peer.config.allowed_addresses.iter().any(|network| network.contains(source.ip()));
        peer.config.both_required && !lists
    })
}
