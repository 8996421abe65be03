//! The HTTP interface of the mobile network: phones, faults, nodes and associations.
//!
//! | request | does |
//! |---|---|
//! | `GET /phones` | all phones |
//! | `POST /phones` | adds one, or replaces the one of its number: a [`PhoneSettings`] |
//! | `GET /phones/{number}` | its state |
//! | `GET /phones/{number}/inbox` | its inbox, newest first |
//! | `POST /phones/{number}/send` | sends; see [`SendRequest`] |
//! | `POST /phones/{number}/command` | sends an SMS-COMMAND; see [`CommandRequest`] |
//! | `POST /phones/{number}/{on,off,purge,full,empty,busy,free,clear}` | changes its state; `clear` empties the inbox |
//! | `POST /phones/{number}/{off_msc,off_sgsn}` | one node does not reach it any more, the other does |
//! | `POST /phones/{number}/roam` | moves it: `{"msc": "…", "sgsn": "…"}` |
//! | `POST /phones/{number}/rules` | adds a fault: a [`Rule`] |
//! | `DELETE /phones/{number}/rules` | removes all faults |
//! | `GET /network` | associations, nodes, metrics |
//! | `POST /network/associations/{number}/kill` | aborts one |
//! | `POST /network/nodes/{global_title}` | `{"map_version_max": 2, "refusal": "provider_abort"}` |
//! | `POST`, `DELETE /network/nodes/{global_title}/rules` | faults of a node |
//!
//! It has no authentication: the lab serves it on loopback alone.

mod form;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

pub use self::form::{CommandRequest, NodeChange, RoamRequest, SendRequest, SendResult};
use super::MobileNetwork;
use super::associations::AssociationState;
use super::inbox::InboxEntry;
use super::metrics::Metrics;
use super::phone::{Phone, PhoneState};
use super::register::digits;
use super::rule::Rule;
use super::settings::{NodeKind, PhoneSettings, VersionRefusal};

#[derive(Serialize)]
struct NetworkReport {
    associations: Vec<AssociationState>,
    nodes: Vec<NodeState>,
    /// Called `counters` in JSON.
    #[serde(rename = "counters")]
    metrics: Metrics,
}

#[derive(Serialize)]
struct NodeState {
    kind: NodeKind,
    global_title: String,
    map_version_max: u8,
    refusal: VersionRefusal,
    rules: Vec<Rule>,
}

type ErrorResponse = (StatusCode, String);

impl MobileNetwork {
    /// The HTTP interface, to be served or merged into another router.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/phones", get(phones).post(add_phone))
            .route("/phones/{number}", get(phone))
            .route("/phones/{number}/inbox", get(inbox))
            .route("/phones/{number}/send", post(send))
            .route("/phones/{number}/command", post(command))
            .route("/phones/{number}/roam", post(roam))
            .route("/phones/{number}/rules", post(add_rule).delete(clear_rules))
            .route("/phones/{number}/{action}", post(act))
            .route("/network", get(state))
            .route("/network/associations/{number}/kill", post(kill))
            .route("/network/nodes/{global_title}", post(change_node))
            .route("/network/nodes/{global_title}/rules", post(add_node_rule).delete(clear_node_rules))
            .with_state(self.clone())
    }

    fn find(&self, number: &str) -> Result<Phone, ErrorResponse> {
        self.phone(number).ok_or_else(|| not_found("no phone has this number"))
    }
}

async fn phones(State(network): State<MobileNetwork>) -> Json<Vec<PhoneState>> {
    Json(network.phones().iter().filter_map(Phone::state).collect())
}

async fn add_phone(
    State(network): State<MobileNetwork>,
    Json(settings): Json<PhoneSettings>,
) -> Result<Json<PhoneState>, ErrorResponse> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if !is_digits(digits(&settings.number)) || !(settings.imsi.is_empty() || is_digits(&settings.imsi)) {
        return Err(bad("a number and an IMSI are digits"));
    }
    network.add_phone(&settings).state().map(Json).ok_or_else(|| not_found("no phone has this number"))
}

async fn phone(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
) -> Result<Json<PhoneState>, ErrorResponse> {
    network.find(&number)?.state().map(Json).ok_or_else(|| not_found("no phone has this number"))
}

async fn inbox(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
) -> Result<Json<Vec<InboxEntry>>, ErrorResponse> {
    Ok(Json(network.find(&number)?.inbox()))
}

async fn send(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(request): Json<SendRequest>,
) -> Result<Json<SendResult>, ErrorResponse> {
    let phone = network.find(&number)?;
    Ok(Json(phone.submit(request.submission().map_err(bad)?).await.into()))
}

async fn command(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(request): Json<CommandRequest>,
) -> Result<Json<SendResult>, ErrorResponse> {
    Ok(Json(network.find(&number)?.command(request.into()).await.into()))
}

async fn act(
    State(network): State<MobileNetwork>,
    Path((number, action)): Path<(String, String)>,
) -> Result<StatusCode, ErrorResponse> {
    let phone = network.find(&number)?;
    match action.as_str() {
        "on" => phone.on(),
        "off" => phone.off(),
        "off_msc" => phone.reached_by(false, true),
        "off_sgsn" => phone.reached_by(true, false),
        "purge" => phone.purge(),
        "full" => phone.full(true),
        "empty" => phone.full(false),
        "busy" => phone.busy(true),
        "free" => phone.busy(false),
        "clear" => phone.clear_inbox(),
        _ => return Err(not_found("a phone has no such action")),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn roam(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(request): Json<RoamRequest>,
) -> Result<StatusCode, ErrorResponse> {
    network.find(&number)?.roam(&request.msc, request.sgsn.as_deref());
    Ok(StatusCode::NO_CONTENT)
}

async fn add_rule(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(rule): Json<Rule>,
) -> Result<StatusCode, ErrorResponse> {
    network.find(&number)?.rule(rule);
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_rules(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
) -> Result<StatusCode, ErrorResponse> {
    network.find(&number)?.clear_rules();
    Ok(StatusCode::NO_CONTENT)
}

async fn state(State(network): State<MobileNetwork>) -> Json<NetworkReport> {
    let nodes = network.nodes().into_iter().map(|node| NodeState {
        kind: node.kind,
        global_title: node.global_title,
        map_version_max: node.map_version_max,
        refusal: node.refusal,
        rules: node.rules.as_slice().to_vec(),
    });
    Json(NetworkReport {
        associations: network.associations(),
        nodes: nodes.collect(),
        metrics: network.metrics(),
    })
}

async fn kill(
    State(network): State<MobileNetwork>,
    Path(number): Path<u16>,
) -> Result<StatusCode, ErrorResponse> {
    if network.associations().iter().all(|association| association.number != number) {
        return Err(not_found("no association has this number"));
    }
    network.kill(number).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_node(
    State(network): State<MobileNetwork>,
    Path(global_title): Path<String>,
    Json(change): Json<NodeChange>,
) -> Result<StatusCode, ErrorResponse> {
    if !(1..=3).contains(&change.map_version_max) {
        return Err(bad("MAP has versions 1 to 3"));
    }
    let changed = network.change_node(&global_title, |node| {
        node.map_version_max = change.map_version_max;
        node.refusal = change.refusal;
    });
    node_changed(changed)
}

async fn add_node_rule(
    State(network): State<MobileNetwork>,
    Path(global_title): Path<String>,
    Json(rule): Json<Rule>,
) -> Result<StatusCode, ErrorResponse> {
    node_changed(network.change_node(&global_title, |node| node.rules.add(rule)))
}

async fn clear_node_rules(
    State(network): State<MobileNetwork>,
    Path(global_title): Path<String>,
) -> Result<StatusCode, ErrorResponse> {
    node_changed(network.change_node(&global_title, |node| node.rules.clear()))
}

fn node_changed(changed: bool) -> Result<StatusCode, ErrorResponse> {
    if changed { Ok(StatusCode::NO_CONTENT) } else { Err(not_found("no node has this global title")) }
}

fn not_found(what: &str) -> ErrorResponse {
    (StatusCode::NOT_FOUND, what.to_owned())
}

fn bad(what: &str) -> ErrorResponse {
    (StatusCode::BAD_REQUEST, what.to_owned())
}
