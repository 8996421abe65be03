//! The runtime state of a peer: window, availability, rate and digest challenge.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sip::digest::{Challenge, Login, Secret};
use sip::{Name, Request};
use smsc::endpoint::Endpoint;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config;
use crate::convert::Sender;

/// How long a resolved address is cached.
const RESOLVED_FOR: Duration = Duration::from_secs(30);

/// One peer: its configuration and its state.
pub(crate) struct Peer {
    pub(crate) config: config::Peer,
    pub(crate) sender: Sender,
    /// Host and port of its URI.
    pub(crate) target: (String, u16),
    /// The resolved address of the host, and when it was resolved.
    resolved: Mutex<Option<(SocketAddr, Instant)>>,
    /// One permit for each request that may be open to it.
    pub(crate) window: Arc<Semaphore>,
    up: AtomicBool,
    /// Final responses received from it.
    answers: AtomicU64,
    /// The last challenge, so that the next request has credentials at once.
    challenge: Mutex<Option<StoredChallenge>>,
    pace: Mutex<Pace>,
}

struct StoredChallenge {
    challenge: Challenge,
    /// The header field for the credentials.
    field: Name,
    uses: u32,
}

/// A token bucket that holds the tokens of one second.
struct Pace {
    tokens: f64,
    since: Instant,
}

impl Peer {
    /// A peer; its initial state is up.
    pub(crate) fn new(config: config::Peer) -> Self {
        let sender = Sender {
            endpoint: Endpoint::SipPeer(config.name.as_str().into()),
            source: None,
            trusted: config.trusted,
            quirks: config.quirks.clone(),
        };
        let pace = Pace { tokens: f64::from(config.messages_per_second_max), since: Instant::now() };
        Self {
            sender,
            target: config.target().unwrap_or_default(), // `check` refuses a configuration without target
            resolved: Mutex::default(),
            window: Arc::new(Semaphore::new(config.window_max.into())),
            up: AtomicBool::new(true),
            answers: AtomicU64::new(0),
            challenge: Mutex::default(),
            pace: Mutex::new(pace),
            config,
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.sender.endpoint
    }

    /// Whether disposition notifications are requested from it.
    pub(crate) fn notifies(&self) -> bool {
        let quirks = &self.config.quirks;
        quirks.sends_receipts && quirks.receipts == config::ReceiptForm::Imdn
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Sets whether it is up; `true` if that is a change.
    pub(crate) fn set_state(&self, up: bool) -> bool {
        self.up.swap(up, Ordering::Relaxed) != up
    }

    /// How many final responses it has sent.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Counts a final response.
    pub(crate) fn count_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that may be sent now; none while the peer is down.
    pub(crate) fn available(&self) -> usize {
        if self.is_up() { self.window.available_permits() } else { 0 }
    }

    /// Takes a token for one message; `false` above the rate limit.
    pub(crate) fn admits_one(&self) -> bool {
        let rate = f64::from(self.config.messages_per_second_max);
        if rate == 0.0 {
            return true;
        }
        let mut pace = self.pace.lock();
        let now = Instant::now();
        let passed: Duration = now - pace.since;
        pace.since = now;
        pace.tokens = (pace.tokens + passed.as_secs_f64() * rate).min(rate);
        let admitted = pace.tokens >= 1.0;
        if admitted {
            pace.tokens -= 1.0;
        }
        admitted
    }

    /// The address of its host; a name is resolved at most twice a minute.
    pub(crate) async fn address(&self) -> Option<SocketAddr> {
        let known = *self.resolved.lock();
        if let Some((address, since)) = known
            && since.elapsed() < RESOLVED_FOR
        {
            return Some(address);
        }
        let (host, port) = &self.target;
        let found = resolve(host, *port).await;
        *self.resolved.lock() = found.map(|address| (address, Instant::now()));
        found
    }

    /// Stores a challenge for this request and the next ones.
    pub(crate) fn remember(&self, challenge: Challenge, field: Name) {
        *self.challenge.lock() = Some(StoredChallenge { challenge, field, uses: 0 });
    }

    /// Adds credentials to a request, if a challenge is stored and `outbound` is configured.
    pub(crate) fn authorize(&self, request: &mut Request, cnonce: &str) {
        let Some(login) = &self.config.outbound else { return };
        let mut remembered = self.challenge.lock();
        let Some(StoredChallenge { challenge, field, uses }) = &mut *remembered else { return };
        *uses += 1;
        let login = Login { username: &login.user, secret: Secret::Password(login.password.reveal()) };
        let (method, uri) = (request.method.as_str(), request.uri.as_str());
        let credentials = challenge.answer(login, method, uri, &request.body, cnonce, *uses);
        request.headers.push(*field, credentials);
    }
}

/// Resolves a host name or address.
pub(crate) async fn resolve(host: &str, port: u16) -> Option<SocketAddr> {
    let host = host.trim_matches(['[', ']']);
    if let Ok(address) = host.parse() {
        return Some(SocketAddr::new(address, port));
    }
    tokio::net::lookup_host((host, port)).await.ok()?.next()
}
