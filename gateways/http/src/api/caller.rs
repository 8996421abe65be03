//! Extractors of a request: its authenticated account, body, form, query and path.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use platform::{Account, Error, Sid};

use super::context::{Api, without_suffix};
use super::login::client_address;
use crate::codes::Refusal;
use crate::convert::Fields;

/// The account of the request; equal to the account in the path, if there is one.
pub(super) struct Caller(pub(super) Arc<Account>);

impl FromRequestParts<Api> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let (sid, token) = credentials(&parts.headers).ok_or(Error::Unauthenticated)?;
        let address = client_address(&parts.extensions)?;
        let account = api.login.authenticate(&api.platform, address, &sid, &token).await?;
        let params = RawPathParams::from_request_parts(parts, api).await;
        let params = params.map_err(|_| Error::BadRequest("the path is not UTF-8".to_owned()))?;
        let named =
            params.iter().find(|(name, _)| *name == "account").map(|(_, value)| without_suffix(value));
        if let Some(named) = named {
            let named = Sid::parse(Sid::ACCOUNT, named);
            let named = named.ok_or_else(|| Error::NotFound(parts.uri.path().to_owned()))?;
            if named != account.sid {
                return Err(Error::Forbidden.into());
            }
        }
        let now = api.environment.now();
        api.throttles.take(&account.sid.to_string().into(), api.rate, now).map_err(|wait_ms| {
            let seconds = u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX).max(1);
            Error::TooManyRequests { retry_after_seconds: seconds }
        })?;
        Ok(Self(account))
    }
}

/// `Basic` of RFC 7617, or `Bearer AC…:token` as a shorter form.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let pair = if scheme.eq_ignore_ascii_case("Basic") {
        String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?
    } else if scheme.eq_ignore_ascii_case("Bearer") {
        value.trim().to_owned()
    } else {
        return None;
    };
    let (sid, token) = pair.split_once(':')?;
    Some((sid.to_owned(), token.to_owned()))
}

/// A whole body, within the bounds of size and time.
pub(super) struct Body(pub(super) Bytes);

impl FromRequest<Api> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let reading = read(request.into_body(), api.request_octets_max);
        match tokio::time::timeout(api.request_timeout, reading).await {
            Ok(body) => Ok(Self(body?)),
            Err(_) => Err(Error::BadRequest("the body did not come in time".to_owned()).into()),
        }
    }
}

async fn read(body: axum::body::Body, octets_max: usize) -> Result<Bytes, Error> {
    use axum::body::HttpBody;
    let mut body = std::pin::pin!(body);
    let mut octets = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| Error::BadRequest("the body broke off".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        if octets.len() + data.len() > octets_max {
            return Err(Error::TooLarge);
        }
        octets.extend_from_slice(&data);
    }
    Ok(octets.freeze())
}

/// A form.
pub(super) struct Form(pub(super) Fields);

impl FromRequest<Api> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let Body(body) = Body::from_request(request, api).await?;
        Ok(Self(Fields::parse(&body)))
    }
}

/// A query.
pub(super) struct Query(pub(super) Fields);

impl FromRequestParts<Api> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// The SID at the end of a path.
pub(super) struct PathSid<const A: char, const B: char>(pub(super) Sid);

impl<const A: char, const B: char> FromRequestParts<Api> for PathSid<A, B> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let not_found = |parts: &Parts| Error::NotFound(parts.uri.path().to_owned());
        let params = RawPathParams::from_request_parts(parts, api).await.map_err(|_| not_found(parts))?;
        let named = params.iter().find(|(name, _)| *name == "sid").map(|(_, value)| without_suffix(value));
        let kind = [u8::try_from(A).unwrap_or(0), u8::try_from(B).unwrap_or(0)];
        let sid = named.and_then(|text| Sid::parse(kind, text));
        Ok(Self(sid.ok_or_else(|| not_found(parts))?))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Option<(String, String)> {
        credentials(&HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]))
    }

    /// The first is the example of RFC 7617 §2.
    #[test]
    fn reads_credentials_in_both_schemes() {
        let aladdin = Some(("Aladdin".to_owned(), "open sesame".to_owned()));
        assert_eq!(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), aladdin);
        assert_eq!(read("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), aladdin);
        assert_eq!(read("Bearer Aladdin:open sesame"), aladdin);
        for wrong in ["", "Basic", "Basic ?", "Basic QWxhZGRpbg==", "Digest a:b", "Basic /////w=="] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
