//! `/v1/messages`: messages in plain JSON, with the accounts and the errors of the Twilio-like API.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::caller::{Body, Caller, PathSid};
use super::context::{Answer, Api, to_its_end};
use crate::convert::{PlainNew, plain_json};

pub(super) async fn create(State(api): State<Api>, Caller(account): Caller, Body(body): Body) -> Answer {
    let new = PlainNew::parse(&body)?.into_new(api.environment.now())?;
    let platform = api.platform;
    let message = to_its_end(async move { platform.create(&account, new).await }).await?;
    let location = [(header::LOCATION, format!("/v1/messages/{}", message.sid))];
    Ok((StatusCode::CREATED, location, Json(plain_json(&message))).into_response())
}

pub(super) async fn fetch(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): PathSid<'S', 'M'>,
) -> Answer {
    let message = api.platform.fetch(&account, sid).await?;
    Ok(Json(plain_json(&message)).into_response())
}
