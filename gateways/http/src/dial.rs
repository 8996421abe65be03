//! Calls applications: the platform's port [`Webhooks`] on sockets.
//!
//! No proxy, no cookies, no compression; redirects up to a limit and never into a forbidden network;
//! an answer of 64 kB at most. TLS uses ring and the machine's own certificates, given to each client
//! by itself, so that nothing depends on a default of the process; a machine without certificates still
//! starts, and its calls to https fail one by one.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use platform::ports::{ANSWER_OCTETS_MAX, Answer, BoxFuture, Call, CallError, Method, Webhooks};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::config;
use crate::guard::{Guard, Refused};

/// Idle connections kept for one host.
const IDLE_MAX: usize = 128;
/// How long one is kept.
const IDLE: Duration = Duration::from_secs(60);
/// A time-out for connecting belongs to a client, so there is one client for each step of it.
const CONNECT_STEP_MS: u64 = 500;

/// The caller of applications. Cheap to clone.
#[derive(Clone)]
pub struct Dialer {
    inner: Arc<Inner>,
}

struct Inner {
    guard: Guard,
    redirects_max: usize,
    tls: ClientConfig,
    /// By the time-out for connecting in milliseconds: 20 at most.
    clients: Mutex<HashMap<u64, Client>>,
}

/// The TLS library does not work on this machine.
#[derive(Debug, thiserror::Error)]
#[error("TLS for calls to applications: {0}")]
pub struct NoTls(#[from] rustls::Error);

impl Dialer {
    /// A caller that trusts the machine's certificates.
    ///
    /// # Errors
    /// [`NoTls`] if rustls refuses its own defaults.
    pub fn new(config: &config::Webhooks) -> Result<Self, NoTls> {
        let mut roots = RootCertStore::empty();
        let (_added, _ignored) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let inner = Inner {
            guard: Guard { allow_private: config.allow_private_targets },
            redirects_max: config.redirects_max,
            tls,
            clients: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Webhooks for Dialer {
    fn call(&self, call: Call) -> BoxFuture<'static, Result<Answer, CallError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.call(call).await })
    }
}

impl Inner {
    async fn call(&self, call: Call) -> Result<Answer, CallError> {
        let url = Url::parse(&call.url).map_err(|_| CallError::BadUrl)?;
        self.guard.check(&url).map_err(|_| CallError::BadHost)?;
        let deadline = Instant::now() + call.total_timeout;
        let request = self.request(&call, url)?;
        // From here the application is either being connected to, which the client limits, or silent.
        let patience = (call.connect_timeout + call.read_timeout).min(call.total_timeout);
        let response = match timeout(patience, request.send()).await {
            Ok(response) => response.map_err(|error| read_error(&error))?,
            Err(_) => return Err(CallError::Timeout),
        };
        read_answer(response, call.read_timeout, deadline).await
    }

    fn request(&self, call: &Call, url: Url) -> Result<reqwest::RequestBuilder, CallError> {
        let client = self.client(call.connect_timeout)?;
        let request = match call.method {
            Method::Get => client.get(url),
            Method::Post => {
                let form =
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.params).finish();
                client.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(form)
            }
        };
        Ok(call.headers.iter().fold(request, |request, (name, value)| request.header(*name, value)))
    }

    fn client(&self, connect_timeout: Duration) -> Result<Client, CallError> {
        let millis = u64::try_from(connect_timeout.as_millis()).unwrap_or(u64::MAX);
        let millis = millis.div_ceil(CONNECT_STEP_MS).clamp(1, 20) * CONNECT_STEP_MS;
        let mut clients = self.clients.lock();
        if let Some(client) = clients.get(&millis) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .no_proxy()
            .dns_resolver(self.guard)
            .redirect(policy(self.guard, self.redirects_max))
            .connect_timeout(Duration::from_millis(millis))
            .pool_max_idle_per_host(IDLE_MAX)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|_| CallError::Tls)?;
        clients.insert(millis, client.clone());
        Ok(client)
    }
}

/// Follows redirects up to a limit, and into allowed networks only.
fn policy(guard: Guard, redirects_max: usize) -> Policy {
    Policy::custom(move |attempt| {
        if attempt.previous().len() > redirects_max {
            attempt.error(TooMany)
        } else if let Err(refused) = guard.check(attempt.url()) {
            attempt.error(refused)
        } else {
            attempt.follow()
        }
    })
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many redirects")]
struct TooMany;

async fn read_answer(
    mut response: Response,
    read_timeout: Duration,
    deadline: Instant,
) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get("content-type")
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut body = BytesMut::new();
    loop {
        let silence = Instant::now() + read_timeout;
        let chunk: Option<Bytes> = match timeout_at(silence.min(deadline), response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| read_error(&error))?,
            Err(_) => return Err(CallError::Timeout),
        };
        let Some(chunk) = chunk else { break };
        if body.len() + chunk.len() > ANSWER_OCTETS_MAX {
            return Err(CallError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, content_type, body: body.freeze() })
}

fn read_error(error: &reqwest::Error) -> CallError {
    if has_cause::<Refused>(error) {
        CallError::BadHost
    } else if has_cause::<TooMany>(error) {
        CallError::Redirects
    } else if has_cause::<rustls::Error>(error) {
        CallError::Tls
    } else if error.is_connect() {
        CallError::Connect
    } else if error.is_timeout() {
        CallError::Timeout
    } else if error.is_builder() {
        CallError::BadUrl
    } else {
        CallError::Protocol
    }
}

/// Whether an error of this type is among the causes. An I/O error hides its own.
fn has_cause<T: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<T>() {
            return true;
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
