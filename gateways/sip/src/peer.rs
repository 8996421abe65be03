//! What we know of a peer while the process runs.

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

/// How long the address of a host name is kept.
const RESOLVED_FOR: Duration = Duration::from_secs(30);

/// One peer: its configuration, its window, whether it is there.
pub(crate) struct Peer {
    pub(crate) config: config::Peer,
    pub(crate) sender: Sender,
    /// Host and port of its URI.
    pub(crate) target: (String, u16),
    /// Where that host was last found, and when.
    resolved: Mutex<Option<(SocketAddr, Instant)>>,
    /// One permit for each request that may be open towards it.
    pub(crate) window: Arc<Semaphore>,
    up: AtomicBool,
    /// Final answers that it gave.
    answers: AtomicU64,
    /// The last challenge, so that the next request need not wait for one.
    challenge: Mutex<Option<Remembered>>,
    pace: Mutex<Pace>,
}

struct Remembered {
    challenge: Challenge,
    /// The header field that its answer goes into.
    field: Name,
    uses: u32,
}

/// A token bucket of one second.
struct Pace {
    tokens: f64,
    since: Instant,
}

impl Peer {
    /// A peer that is taken to be there until it fails to answer.
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
            target: config.target().unwrap_or_default(), // a configuration without was refused
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

    /// Whether it is asked for disposition notifications.
    pub(crate) fn notifies(&self) -> bool {
        let quirks = &self.config.quirks;
        quirks.sends_receipts && quirks.receipts == config::ReceiptForm::Imdn
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Notes whether it answers; `true` if that is news.
    pub(crate) fn note_up(&self, up: bool) -> bool {
        self.up.swap(up, Ordering::Relaxed) != up
    }

    /// How many final answers it has given.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Counts a final answer.
    pub(crate) fn count_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that may begin now; none while the peer is down.
    pub(crate) fn available(&self) -> usize {
        if self.is_up() { self.window.available_permits() } else { 0 }
    }

    /// Whether one more message of it is within its rate.
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

    /// The address of its host; a name is looked up twice a minute at most.
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

    /// Keeps a challenge to answer it again and again.
    pub(crate) fn remember(&self, challenge: Challenge, field: Name) {
        *self.challenge.lock() = Some(Remembered { challenge, field, uses: 0 });
    }

    /// Adds credentials to a request, if a challenge is known and we have a login.
    pub(crate) fn authorize(&self, request: &mut Request, cnonce: &str) {
        let Some(login) = &self.config.outbound else { return };
        let mut remembered = self.challenge.lock();
        let Some(Remembered { challenge, field, uses }) = &mut *remembered else { return };
        *uses += 1;
        let login = Login { username: &login.user, secret: Secret::Password(login.password.reveal()) };
        let (method, uri) = (request.method.as_str(), request.uri.as_str());
        let credentials = challenge.answer(login, method, uri, &request.body, cnonce, *uses);
        request.headers.push(*field, credentials);
    }
}

/// The address of a host, which may be a name.
pub(crate) async fn resolve(host: &str, port: u16) -> Option<SocketAddr> {
    let host = host.trim_matches(['[', ']']);
    if let Ok(address) = host.parse() {
        return Some(SocketAddr::new(address, port));
    }
    tokio::net::lookup_host((host, port)).await.ok()?.next()
}
