//! The paths of the API and what all of them share: who asks, how fast, and how refusals look.

mod accounts;
mod caller;
mod health;
mod messages;
mod numbers;
mod plain;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{get, post};
use platform::ports::Environment;
use platform::{Error, Platform};
use smsc::queue::throttle::{Rate, Throttles};
use tokio::task::JoinError;

use crate::codes::Refusal;
use crate::config::Http;

/// What the operator sees, given by whoever wires the process.
#[derive(Clone)]
pub struct Doors {
    /// Whether the process can do its work, or why not.
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// All metrics in the text form of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// What every handler holds.
#[derive(Clone)]
struct Api {
    platform: Arc<Platform>,
    environment: Arc<dyn Environment>,
    throttles: Arc<Throttles>,
    rate: Rate,
    request_octets_max: usize,
    request_timeout: std::time::Duration,
    doors: Doors,
}

type Answer = Result<Response, Refusal>;

/// The whole API. Merge it with other routers before giving it to [`crate::serve`]; it brings the
/// fallbacks.
pub fn router(
    config: &Http,
    platform: Arc<Platform>,
    environment: Arc<dyn Environment>,
    doors: Doors,
) -> Router {
    let rate = Rate { per_second: config.account_requests_per_second, burst: 0 };
    let api = Api {
        platform,
        environment,
        throttles: Arc::default(),
        rate,
        request_octets_max: config.request_octets_max,
        request_timeout: std::time::Duration::from_secs(config.request_seconds_max.into()),
        doors,
    };
    Router::new()
        .nest("/2010-04-01", twilio())
        .route("/v1/messages", post(plain::create))
        .route("/v1/messages/{sid}", get(plain::fetch))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api)
}

/// Twilio's paths. The suffix `.json` is optional on all of them; the answer is JSON either way.
fn twilio() -> Router<Api> {
    let messages = || get(messages::list).post(messages::create);
    let numbers = || get(numbers::list).post(numbers::create);
    Router::new()
        .route("/Accounts/{account}", get(accounts::fetch))
        .route("/Accounts/{account}/Messages", messages())
        .route("/Accounts/{account}/Messages.json", messages())
        .route(
            "/Accounts/{account}/Messages/{sid}",
            get(messages::fetch).post(messages::update).delete(messages::delete),
        )
        .route("/Accounts/{account}/Messages/{sid}/Media", get(messages::media))
        .route("/Accounts/{account}/Messages/{sid}/Media.json", get(messages::media))
        .route("/Accounts/{account}/IncomingPhoneNumbers", numbers())
        .route("/Accounts/{account}/IncomingPhoneNumbers.json", numbers())
        .route(
            "/Accounts/{account}/IncomingPhoneNumbers/{sid}",
            get(numbers::fetch).post(numbers::update).delete(numbers::delete),
        )
}

async fn not_found(uri: Uri) -> Refusal {
    Refusal(Error::NotFound(uri.path().to_owned()))
}

async fn method_not_allowed() -> Refusal {
    Refusal(Error::MethodNotAllowed)
}

/// Drives a change to its end even if the client hangs up, as the platform asks.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let ended = |error: JoinError| Err(Error::Internal(format!("a request did not end: {error}")));
    tokio::spawn(change).await.unwrap_or_else(ended)
}

/// A SID of a path, with or without `.json`.
fn without_suffix(segment: &str) -> &str {
    segment.strip_suffix(".json").unwrap_or(segment)
}
