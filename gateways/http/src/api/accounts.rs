//! `/Accounts/{AC}`.

use axum::Json;
use axum::response::IntoResponse;

use super::caller::Caller;
use super::context::Answer;
use crate::convert;

pub(super) async fn fetch(Caller(account): Caller) -> Answer {
    Ok(Json(convert::account_json(&account)).into_response())
}
