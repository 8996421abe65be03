//! `/Accounts/{AC}`.

use axum::Json;
use axum::response::IntoResponse;

use super::Answer;
use super::caller::Caller;
use crate::convert;

pub(super) async fn fetch(Caller(account): Caller) -> Answer {
    Ok(Json(convert::account_json(&account)).into_response())
}
