//! The state that all handlers of the API share, and how a change outlives its request.

use std::sync::Arc;

use axum::response::Response;
use platform::ports::Environment;
use platform::{Account, Error, Platform};
use smsc::queue::throttle::{Rate, Throttles};
use tokio::task::JoinError;

use super::login::Login;
use crate::codes::Refusal;

/// Readiness and metrics of the process, for the operator.
#[derive(Clone)]
pub struct OperatorViews {
    /// Whether the process can do its work, or why not.
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// All metrics in the text form of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The state of all handlers.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) platform: Arc<Platform>,
    pub(super) environment: Arc<dyn Environment>,
    pub(super) login: Arc<Login>,
    pub(super) throttles: Arc<Throttles>,
    pub(super) rate: Rate,
    pub(super) request_octets_max: usize,
    pub(super) request_timeout: std::time::Duration,
    pub(super) views: OperatorViews,
}

pub(super) type Answer = Result<Response, Refusal>;

/// Drives a change to its end even if the client hangs up, as the platform asks.
pub(super) async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let ended = |error: JoinError| Err(Error::Internal(format!("a request did not end: {error}")));
    tokio::spawn(change).await.unwrap_or_else(ended)
}

/// A SID of a path, with or without `.json`.
pub(super) fn without_suffix(segment: &str) -> &str {
    segment.strip_suffix(".json").unwrap_or(segment)
}

/// The path of a resource of `account`.
pub(super) fn path_of(account: &Account, resource: &str) -> String {
    format!("/2010-04-01/Accounts/{}/{resource}", account.sid)
}
