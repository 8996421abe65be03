//! Drops days of messages that are over and done with, once an hour.

use std::sync::Arc;
use std::time::Duration;

use smsc::ports::StoreAdmin;
use smsc::timestamp::Clock;

const HOUR: Duration = Duration::from_secs(3600);

/// Drops what ended more than `kept` ago, once an hour, for as long as the future is polled.
pub async fn run(store: Arc<dyn StoreAdmin>, clock: Clock, kept: Duration) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        match store.expire(clock() - kept).await {
            Ok(0) => {}
            Ok(dropped) => tracing::info!(dropped, "days beyond retention were dropped"),
            Err(error) => tracing::warn!(%error, "days beyond retention could not be dropped"),
        }
    }
}
