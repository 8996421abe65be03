//! `fernpost hlr`: asks a home location register where a phone is, and delivers nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gateway_ss7::RoutingInfo;
use serde::Deserialize;
use serde_json::{Value, json};
use smsc::address::Address;

use super::{Admin, refuse};

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    number: String,
    #[serde(default)]
    network: Option<String>,
}

pub(super) async fn look_up(State(admin): State<Arc<Admin>>, Json(question): Json<Question>) -> Response {
    let Some(ss7) = &admin.metrics.ss7 else {
        return refuse(StatusCode::NOT_FOUND, "this process serves no mobile network: see [[ss7.networks]]");
    };
    let written = Address { digits: question.number.as_str().into(), ..Address::default() };
    let number = match admin.centre.journey().rules().load().numbering.destination(&written) {
        Ok(number) => number.digits,
        Err(wrong) => return refuse(StatusCode::BAD_REQUEST, wrong),
    };
    match ss7.look_up(question.network.as_deref(), &number).await {
        Ok(place) => Json(shown(&place)).into_response(),
        Err(failure) => {
            let answer = json!({ "error": failure.to_string(), "number": failure.number() });
            (StatusCode::BAD_GATEWAY, Json(answer)).into_response()
        }
    }
}

fn shown(place: &RoutingInfo) -> Value {
    let node = |node: &gateway_ss7::ServingNode| json!({ "number": node.number.digits.as_str(), "subsystem": node.subsystem, "lmsi": node.lmsi.is_some() });
    json!({
        "imsi": place.imsi.digits(),
        "msisdn": place.msisdn.digits.as_str(),
        "nodes": place.nodes().iter().map(node).collect::<Vec<_>>(),
        "messages_wait": place.waits,
    })
}
