//! The routes of the API.

mod accounts;
mod caller;
mod context;
mod health;
mod login;
mod messages;
mod numbers;
mod plain;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::routing::{get, post};
use platform::ports::Environment;
use platform::{Error, Platform};
use smsc::queue::throttle::Rate;

use crate::codes::Refusal;
use crate::config::Http;
use context::Api;
pub use context::OperatorViews;

/// The whole API. Merge it with other routers before giving it to [`crate::serve`]; it brings the
/// fallbacks.
pub fn router(
    config: &Http,
    platform: Arc<Platform>,
    environment: Arc<dyn Environment>,
    views: OperatorViews,
) -> Router {
    let rate = Rate { per_second: config.account_requests_per_second, burst: 0 };
    let api = Api {
        platform,
        environment,
        login: Arc::default(),
        throttles: Arc::default(),
        rate,
        request_octets_max: config.request_octets_max,
        request_timeout: std::time::Duration::from_secs(config.request_seconds_max.into()),
        views,
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
