//! Authentication of an account: verifies the auth token and limits wrong tokens by address and SID.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use access::{Guessing, Verdict};
use axum::extract::ConnectInfo;
use axum::http::Extensions;
use parking_lot::Mutex;
use platform::{Account, Error, Platform};
use tokio::time::Instant;

/// Verifies auth tokens.
#[derive(Default)]
pub(super) struct Login {
    guessing: Mutex<Guessing>,
}

impl Login {
    /// The account of `sid` if `token` is its auth token.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] after too many wrong tokens, else [`Error::Unauthenticated`].
    pub(super) async fn authenticate(
        &self,
        platform: &Platform,
        address: IpAddr,
        sid: &str,
        token: &str,
    ) -> Result<Arc<Account>, Error> {
        // A SID has the same account in upper and lower case.
        let name = sid.to_ascii_lowercase();
        let delay = self.admit(address, &name)?;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
            // Parallel attempts may have failed during the delay.
            self.admit(address, &name)?;
        }
        let authenticated = platform.authenticate(sid, token);
        let mut guessing = self.guessing.lock();
        if authenticated.is_ok() {
            guessing.succeeded(address, &name);
        } else {
            guessing.failed(address, &name, Instant::now().into_std());
            tracing::warn!(%address, "wrong account SID or auth token");
        }
        authenticated
    }

    /// The delay before the token is verified.
    fn admit(&self, address: IpAddr, name: &str) -> Result<Duration, Error> {
        match self.guessing.lock().check(address, name, Instant::now().into_std()) {
            Verdict::Verify => Ok(Duration::ZERO),
            Verdict::Delay(delay) => Ok(delay),
            Verdict::Refuse { retry_after } => {
                let seconds = retry_after.as_millis().div_ceil(1000);
                Err(Error::TooManyRequests {
                    retry_after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
                })
            }
        }
    }
}

/// The client's address, as [`crate::serve`] notes it.
pub(super) fn client_address(extensions: &Extensions) -> Result<IpAddr, Error> {
    let client = extensions.get::<ConnectInfo<SocketAddr>>();
    let ConnectInfo(client) =
        client.ok_or_else(|| Error::Internal("the listener notes no client address".to_owned()))?;
    Ok(client.ip())
}
