//! Authentication of the operator: verifies the bearer token and limits wrong tokens by address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use access::{Guessing, Secret, Verdict};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;

use super::refuse;
use crate::clock;

/// The name under which wrong tokens are counted; there is one token.
const NAME: &str = "admin";

/// Verifies the token.
pub(super) struct Login {
    token: Secret,
    guessing: Mutex<Guessing>,
}

impl Login {
    pub(super) fn new(token: &str) -> Self {
        Self { token: Secret::new(token), guessing: Mutex::default() }
    }

    /// Verifies the token of a request from `address`. A request without a token is no attempt.
    async fn verify(&self, address: IpAddr, given: Option<&str>) -> Result<(), Denial> {
        let given = given.ok_or(Denial::WrongToken)?;
        let delay = self.admit(address)?;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
            // Parallel attempts may have failed during the delay.
            self.admit(address)?;
        }
        let mut guessing = self.guessing.lock();
        if self.token.matches(given.as_bytes()) {
            guessing.succeeded(address, NAME);
            Ok(())
        } else {
            guessing.failed(address, NAME, clock::instant());
            tracing::warn!(%address, "wrong token for the admin interface");
            Err(Denial::WrongToken)
        }
    }

    /// The delay before the token is verified.
    fn admit(&self, address: IpAddr) -> Result<Duration, Denial> {
        match self.guessing.lock().check(address, NAME, clock::instant()) {
            Verdict::Verify => Ok(Duration::ZERO),
            Verdict::Delay(delay) => Ok(delay),
            Verdict::Refuse { retry_after } => Err(Denial::TooMany { retry_after }),
        }
    }
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Denial {
    WrongToken,
    TooMany { retry_after: Duration },
}

impl Denial {
    fn response(self) -> Response {
        match self {
            Self::WrongToken => refuse(
                StatusCode::UNAUTHORIZED,
                "the operator's token is needed; it is in admin.json of the data directory",
            ),
            Self::TooMany { retry_after } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                let text = format!("too many wrong tokens from this address; retry after {seconds} s");
                let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, &text);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
        }
    }
}

/// Lets a request pass that has the token.
pub(super) async fn authorise(State(login): State<Arc<Login>>, request: Request, next: Next) -> Response {
    let Some(&ConnectInfo(client)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "the listener notes no client address");
    };
    match login.verify(client.ip(), bearer(request.headers())).await {
        Ok(()) => next.run(request).await,
        Err(denial) => denial.response(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    #[tokio::test]
    async fn wrong_tokens_beyond_the_limit_get_429() {
        let login = Login::new("0123456789");
        for _ in 0..10 {
            assert_eq!(login.verify(HERE, None).await, Err(Denial::WrongToken));
        }
        for _ in 0..5 {
            assert_eq!(login.verify(HERE, Some("wrong")).await, Err(Denial::WrongToken));
        }
        let Err(denial @ Denial::TooMany { retry_after }) = login.verify(HERE, Some("0123456789")).await
        else {
            panic!("the attempt is not limited");
        };
        assert!(retry_after <= Duration::from_secs(1));
        let response = denial.response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(
            login.verify(THERE, Some("0123456789")).await,
            Ok(()),
            "another address has its own count"
        );
    }
}
