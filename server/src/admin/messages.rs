//! Messages as the operator asks for them: find, trace, send, cancel.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as UrlQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;
use smsc::message::{Content, Submission};
use smsc::names::Name;
use smsc::ports::Centre;
use smsc::stored::{Query, QueryBy, StoredMessage};
use smsc::timestamp::Timestamp;

use super::{Admin, refuse, trace};
use crate::clock;
use smsc::queries::status;

/// Messages that one search returns at most.
const FOUND_MAX: usize = 1000;

/// What to search for.
#[derive(Deserialize)]
pub(super) struct Search {
    to: Option<String>,
    from: Option<String>,
    account: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

/// What to send.
#[derive(Deserialize)]
pub(super) struct Send {
    from: String,
    to: String,
    text: String,
}

pub(super) async fn find(State(admin): State<Arc<Admin>>, UrlQuery(search): UrlQuery<Search>) -> Response {
    let rules = admin.centre.journey().rules().load();
    let number = |text: &str| {
        let address = Address { digits: text.into(), ..Address::default() };
        rules.numbering.destination(&address).map_or_else(|_| Name::from(text), |address| address.digits)
    };
    let by = match (&search.to, &search.from, &search.account) {
        (Some(to), None, None) => QueryBy::Destination(number(to)),
        (None, Some(from), None) => QueryBy::Source(number(from)),
        (None, None, Some(account)) => QueryBy::Account(account.as_str().into()),
        (None, None, None) => QueryBy::Any,
        _ => return refuse(StatusCode::BAD_REQUEST, "one of to, from and account, not several"),
    };
    let query = Query {
        by,
        before: search.before.as_deref().and_then(MessageId::parse),
        from: Timestamp::default(),
        until: Timestamp::NEVER,
        limit: search.limit.unwrap_or(20).min(FOUND_MAX),
    };
    let ids = match admin.store.list(query).await {
        Ok(ids) => ids,
        Err(error) => return refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Ok(Some(stored)) = admin.store.get(id).await {
            found.push(summary(&stored));
        }
    }
    Json(json!({ "messages": found })).into_response()
}

pub(super) async fn trace(State(admin): State<Arc<Admin>>, Path(id): Path<String>) -> Response {
    match look_up(&admin, &id).await {
        Ok(Some(stored)) => {
            let lines = trace::lines(&admin.store, &stored).await;
            Json(json!({ "message": summary(&stored), "trace": lines })).into_response()
        }
        Ok(None) => refuse(StatusCode::NOT_FOUND, "no message has this id"),
        Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

pub(super) async fn send(State(admin): State<Arc<Admin>>, Json(send): Json<Send>) -> Response {
    let content = match sms::text::encode(&send.text, &sms::text::Policy::default()) {
        Ok(encoded) => Content {
            data_coding: sms::coding::DataCoding::of(encoded.alphabet).0,
            header: Bytes::new(),
            body: Bytes::from(encoded.body),
        },
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let source = if send.from.chars().any(char::is_alphabetic) {
        Address::alphanumeric(&send.from)
    } else {
        Address { digits: send.from.as_str().into(), ..Address::default() }
    };
    let destination = Address { digits: send.to.as_str().into(), ..Address::default() };
    let submission = Submission::new(Endpoint::Operator, source, destination, content);
    let acceptance = admin.centre.accept(vec![submission]).await;
    match acceptance.answers.first() {
        Some(Ok(id)) => (StatusCode::CREATED, Json(json!({ "id": id.to_string() }))).into_response(),
        Some(Err(rejection)) if rejection.is_temporary() => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, &rejection.to_string())
        }
        Some(Err(rejection)) => refuse(StatusCode::BAD_REQUEST, &rejection.to_string()),
        None => refuse(StatusCode::INTERNAL_SERVER_ERROR, "no answer"),
    }
}

pub(super) async fn cancel(State(admin): State<Arc<Admin>>, Path(id): Path<String>) -> Response {
    let stored = match look_up(&admin, &id).await {
        Ok(Some(stored)) if stored.outcome.is_none() => stored,
        Ok(Some(_)) => return refuse(StatusCode::CONFLICT, "the message has ended"),
        Ok(None) => return refuse(StatusCode::NOT_FOUND, "no message has this id"),
        Err(error) => return refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    match admin.centre.cancel_message(stored).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => refuse(StatusCode::CONFLICT, "its delivery runs at this moment"),
        Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// A message by the centre's id, or by the SID that the platform gave it.
async fn look_up(admin: &Admin, id: &str) -> Result<Option<StoredMessage>, smsc::ports::StoreError> {
    let store = &admin.store;
    if let Some(id) = MessageId::parse(id) {
        return store.get(id).await;
    }
    if let Some(id) = admin.callbacks.as_ref().and_then(|callbacks| callbacks.incoming(id)) {
        return store.get(id).await;
    }
    for account in &admin.accounts {
        if let Some(id) = store.by_client_key(account.as_str().into(), id.into()).await? {
            return store.get(id).await;
        }
    }
    Ok(None)
}

/// What a list shows of a message; never its body.
fn summary(stored: &StoredMessage) -> Value {
    let message = &stored.message;
    let status = status(stored);
    json!({
        "id": message.id.to_string(),
        "accepted": clock::written(message.accepted_at),
        "from": message.source.dialled().as_str(),
        "to": message.destination.dialled().as_str(),
        "origin": trace::origin(message),
        "account": message.account.as_str(),
        "route": message.route.as_str(),
        "state": format!("{:?}", status.state).to_lowercase(),
        "error": status.error,
        "octets": message.content.body.len(),
    })
}
