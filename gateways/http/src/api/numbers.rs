//! `/Accounts/{AC}/IncomingPhoneNumbers`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use platform::{Error, PhoneNumber, Position, canonical};

use super::caller::{Caller, Form, PathSid, Query};
use super::context::{Answer, Api, path_of, to_its_end};
use crate::convert::{self, Around, Fields};

type NumberSid = PathSid<'P', 'N'>;

pub(super) async fn create(State(api): State<Api>, Caller(account): Caller, Form(form): Form) -> Answer {
    let written = form.get("PhoneNumber").ok_or(Error::InvalidParameter("PhoneNumber"))?.to_owned();
    let change = convert::number_change(&form)?;
    let platform = api.platform;
    let number = to_its_end(async move { platform.create_number(&account, &written, change).await }).await?;
    Ok((StatusCode::CREATED, Json(convert::number_json(&number))).into_response())
}

pub(super) async fn fetch(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): NumberSid,
) -> Answer {
    let number = api.platform.number(&account, sid)?;
    Ok(Json(convert::number_json(&number)).into_response())
}

/// An account has few numbers, so a page is cut out of all of them.
pub(super) async fn list(State(api): State<Api>, Caller(account): Caller, Query(query): Query) -> Answer {
    let request = convert::page_request(&query)?;
    let mut numbers = api.platform.numbers(&account);
    numbers.retain(|number| is_asked_for(number, &query));
    let start = request.number.saturating_mul(request.size);
    let page = numbers.iter().skip(start).take(request.size).map(convert::number_json).collect();
    let has_more = numbers.len() > start.saturating_add(request.size);
    let around = Around {
        next: has_more.then_some(Position::Newest),
        previous: (request.number > 0).then_some(Position::Newest),
    };
    let path = path_of(&account, "IncomingPhoneNumbers.json");
    let list = convert::envelope(&path, &query, request, "incoming_phone_numbers", page, &around);
    Ok(Json(list).into_response())
}

pub(super) async fn update(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): NumberSid,
    Form(form): Form,
) -> Answer {
    let change = convert::number_change(&form)?;
    let platform = api.platform;
    let number = to_its_end(async move { platform.update_number(&account, sid, change).await }).await?;
    Ok(Json(convert::number_json(&number)).into_response())
}

pub(super) async fn delete(
    State(api): State<Api>,
    Caller(account): Caller,
    PathSid(sid): NumberSid,
) -> Answer {
    let platform = api.platform;
    to_its_end(async move { platform.delete_number(&account, sid).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PhoneNumber` as a whole or in part, `FriendlyName` as a whole.
fn is_asked_for(number: &PhoneNumber, query: &Fields) -> bool {
    let by_number = query.get("PhoneNumber").is_none_or(|wanted| {
        canonical(wanted).as_deref() == Some(number.phone_number.as_str())
            || number.phone_number.contains(wanted.trim_matches('*'))
    });
    by_number && query.get("FriendlyName").is_none_or(|wanted| wanted == number.friendly_name)
}
