//! Error responses of the API: HTTP status, error number and JSON body.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::Error;
use serde::Serialize;

/// Where an error number is explained.
const MORE_INFO: &str = "https://www.twilio.com/docs/errors/";

/// A refused request, on its way out.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The body of a refusal. `type` and `title` must never stand beside these: the libraries would take it
/// for another kind of error.
#[derive(Serialize)]
struct Body {
    code: u32,
    message: String,
    more_info: String,
    status: u16,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.0.numbers();
        if let Error::Internal(reason) = &self.0 {
            tracing::error!(%reason, "a request failed");
        }
        let body =
            Body { code, message: self.0.to_string(), more_info: format!("{MORE_INFO}{code}"), status };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        match self.0 {
            Error::Unauthenticated => {
                let challenge = HeaderValue::from_static("Basic realm=\"Fernpost API\", charset=\"UTF-8\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Error::TooManyRequests { retry_after_seconds } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
            }
            Error::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
            }
            _ => {}
        }
        response
    }
}
