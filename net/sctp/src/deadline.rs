//! Waiting for a time that may never come.

use tokio::time::{Instant, sleep_until};

/// Waits until then; for ever if there is no then.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
