//! A webhook application: records requests, newest first, and replies to every message.
//!
//! `POST /sms` is the target of a number's SmsUrl; `POST /status` receives status callbacks;
//! `GET /received` returns all requests as JSON.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};

/// Requests kept; the oldest is dropped first.
const KEPT_MAX: usize = 10_000;

/// One request to the application.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookRequest {
    /// The path: `/sms` or `/status`.
    pub path: &'static str,
    /// The form's fields.
    pub params: BTreeMap<String, String>,
    /// The value of X-Twilio-Signature, empty if there was none.
    pub signature: String,
}

/// A running application.
#[derive(Clone, Debug)]
pub struct Application {
    address: SocketAddr,
    log: Arc<RequestLog>,
}

#[derive(Debug)]
struct RequestLog {
    requests: Mutex<VecDeque<WebhookRequest>>,
    arrived: Notify,
    /// The reply to every message; none when empty.
    reply: String,
}

impl Application {
    /// Starts on `listener`; replies to every message with `reply`, unless that is empty.
    pub fn start(listener: TcpListener, reply: &str) -> io::Result<Self> {
        let log = Arc::new(RequestLog {
            requests: Mutex::default(),
            arrived: Notify::new(),
            reply: reply.to_owned(),
        });
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/sms", post(sms))
            .route("/status", post(status))
            .route("/received", get(received))
            .with_state(Arc::clone(&log));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, log })
    }

    /// The URL of `path`, for a number's SmsUrl.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for a request that matches, newest first, and returns it.
    pub async fn wait_for(&self, matches: impl Fn(&WebhookRequest) -> bool) -> WebhookRequest {
        loop {
            let arrived = self.log.arrived.notified();
            if let Some(found) = self.log.requests.lock().await.iter().find(|one| matches(one)) {
                return found.clone();
            }
            arrived.await;
        }
    }
}

impl RequestLog {
    async fn record(&self, path: &'static str, params: BTreeMap<String, String>, headers: &HeaderMap) {
        let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok());
        let request = WebhookRequest { path, params, signature: signature.unwrap_or_default().to_owned() };
        let mut requests = self.requests.lock().await;
        requests.push_front(request);
        requests.truncate(KEPT_MAX);
        self.arrived.notify_waiters();
    }
}

async fn sms(
    State(log): State<Arc<RequestLog>>,
    headers: HeaderMap,
    Form(params): Form<BTreeMap<String, String>>,
) -> impl IntoResponse {
    log.record("/sms", params, &headers).await;
    let twiml = if log.reply.is_empty() {
        "<Response/>".to_owned()
    } else {
        format!("<Response><Message>{}</Message></Response>", log.reply)
    };
    ([(header::CONTENT_TYPE, "text/xml")], twiml)
}

async fn status(
    State(log): State<Arc<RequestLog>>,
    headers: HeaderMap,
    Form(params): Form<BTreeMap<String, String>>,
) -> impl IntoResponse {
    log.record("/status", params, &headers).await;
    ([(header::CONTENT_TYPE, "text/plain")], "")
}

async fn received(State(log): State<Arc<RequestLog>>) -> impl IntoResponse {
    Json(log.requests.lock().await.iter().cloned().collect::<Vec<_>>())
}
