//! A webhook application: keeps what it gets, newest first, and answers every message.
//!
//! `POST /sms` is what a number's SmsUrl points to; `POST /status` takes status
//! callbacks; `GET /received` returns all of it as JSON.

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

/// Requests kept; the oldest goes first.
const KEPT_MAX: usize = 10_000;

/// One request that the application got.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// Where it came in: `/sms` or `/status`.
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
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    received: Mutex<VecDeque<Received>>,
    arrived: Notify,
    /// What it answers to every message; nothing when empty.
    reply: String,
}

impl Application {
    /// Starts on `listener`; answers every message with `reply`, unless that is empty.
    pub fn start(listener: TcpListener, reply: &str) -> io::Result<Self> {
        let shelf =
            Arc::new(Shelf { received: Mutex::default(), arrived: Notify::new(), reply: reply.to_owned() });
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/sms", post(sms))
            .route("/status", post(status))
            .route("/received", get(received))
            .with_state(Arc::clone(&shelf));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, shelf })
    }

    /// The address of `path`, to be written into a number's SmsUrl.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until a request fits, newest first, and returns it.
    pub async fn wait_for(&self, fits: impl Fn(&Received) -> bool) -> Received {
        loop {
            let arrived = self.shelf.arrived.notified();
            if let Some(found) = self.shelf.received.lock().await.iter().find(|one| fits(one)) {
                return found.clone();
            }
            arrived.await;
        }
    }
}

impl Shelf {
    async fn put(&self, path: &'static str, params: BTreeMap<String, String>, headers: &HeaderMap) {
        let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok());
        let received = Received { path, params, signature: signature.unwrap_or_default().to_owned() };
        let mut shelf = self.received.lock().await;
        shelf.push_front(received);
        shelf.truncate(KEPT_MAX);
        self.arrived.notify_waiters();
    }
}

async fn sms(
    State(shelf): State<Arc<Shelf>>,
    headers: HeaderMap,
    Form(params): Form<BTreeMap<String, String>>,
) -> impl IntoResponse {
    shelf.put("/sms", params, &headers).await;
    let twiml = if shelf.reply.is_empty() {
        "<Response/>".to_owned()
    } else {
        format!("<Response><Message>{}</Message></Response>", shelf.reply)
    };
    ([(header::CONTENT_TYPE, "text/xml")], twiml)
}

async fn status(
    State(shelf): State<Arc<Shelf>>,
    headers: HeaderMap,
    Form(params): Form<BTreeMap<String, String>>,
) -> impl IntoResponse {
    shelf.put("/status", params, &headers).await;
    ([(header::CONTENT_TYPE, "text/plain")], "")
}

async fn received(State(shelf): State<Arc<Shelf>>) -> impl IntoResponse {
    Json(shelf.received.lock().await.iter().cloned().collect::<Vec<_>>())
}
