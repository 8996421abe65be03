//! `/Accounts/{AC}/Messages`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use platform::Message;
use serde_json::Value;

use super::caller::{Caller, Form, PathSid, Query};
use super::context::{Answer, Api, path_of, to_its_end};
use crate::codes::Refusal;
use crate::convert::{self, Around, MessageJson};

type MessageSid = PathSid<'S', 'M'>;

pub(super) async fn create(State(api): State<Api>, Caller(account): Caller, Form(form): Form) -> Answer {
    let new = convert::new_message(&form, api.environment.now())?;
    let platform = api.platform;
    let message = to_its_end(async move { platform.create(&account, new).await }).await?;
    Ok((StatusCode::CREATED, Json(MessageJson::from(&message))).into_response())
}

pub(super) async fn fetch(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): MessageSid,
) -> Answer {
    let message = api.platform.fetch(&account, sid).await?;
    Ok(Json(MessageJson::from(&message)).into_response())
}

pub(super) async fn list(State(api): State<Api>, Caller(account): Caller, Query(query): Query) -> Answer {
    let request = convert::page_request(&query)?;
    let filter = convert::filter(&query)?;
    let page = api.platform.list(&account, filter, request.position, request.size).await?;
    let records = page.messages.iter().map(record).collect::<Result<_, _>>()?;
    let around = Around { next: page.next, previous: page.previous };
    let path = path_of(&account, "Messages.json");
    Ok(Json(convert::envelope(&path, &query, request, "messages", records, &around)).into_response())
}

pub(super) async fn update(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): MessageSid,
    Form(form): Form,
) -> Answer {
    let update = convert::update(&form)?;
    let platform = api.platform;
    let message = to_its_end(async move { platform.update(&account, sid, update).await }).await?;
    Ok(Json(MessageJson::from(&message)).into_response())
}

pub(super) async fn delete(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): MessageSid,
) -> Answer {
    let platform = api.platform;
    to_its_end(async move { platform.delete(&account, sid).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// No message has media.
pub(super) async fn media(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): MessageSid,
    Query(query): Query,
) -> Answer {
    let request = convert::page_request(&query)?;
    api.platform.fetch(&account, sid).await?;
    let path = path_of(&account, &format!("Messages/{sid}/Media.json"));
    let none = Around { next: None, previous: None };
    Ok(Json(convert::envelope(&path, &query, request, "media_list", Vec::new(), &none)).into_response())
}

fn record(message: &Message) -> Result<Value, Refusal> {
    serde_json::to_value(MessageJson::from(message))
        .map_err(|error| Refusal(platform::Error::Internal(error.to_string())))
}
