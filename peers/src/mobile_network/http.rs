//! The network by HTTP: what a person at a terminal, or a script, does with phones.
//!
//! | request | does |
//! |---|---|
//! | `GET /phones` | all phones |
//! | `GET /phones/{number}` | how one is |
//! | `GET /phones/{number}/inbox` | what it has received, newest first |
//! | `POST /phones/{number}/send` | sends; see [`Sending`] |
//! | `POST /phones/{number}/command` | sends an SMS-COMMAND; see [`Commanding`] |
//! | `POST /phones/{number}/{on,off,purge,full,empty,busy,free,clear}` | what it says; `clear` empties the inbox |
//! | `POST /phones/{number}/roam` | moves it: `{"msc": "…", "sgsn": "…"}` |
//! | `POST /phones/{number}/rules` | orders a fault: a [`Rule`] |
//! | `DELETE /phones/{number}/rules` | takes all faults back |
//! | `GET /network` | associations, nodes, counters |
//! | `POST /network/associations/{number}/kill` | breaks one |
//! | `POST /network/nodes/{global_title}` | `{"map_version_max": 2, "refusal": "provider_abort"}` |
//! | `POST`, `DELETE /network/nodes/{global_title}/rules` | faults of a node |
//!
//! It has no authentication: the lab serves it on this machine alone.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sms::timestamp::Timestamp;
use sms::tpdu::CommandType;
use sms::validity::{EnhancedValidity, Validity};

use super::counters::{AssociationState, Counters};
use super::inbox::Received;
use super::phone::{Phone, PhoneState};
use super::rule::Rule;
use super::settings::{NodeKind, VersionRefusal};
use super::submission::{Content, Order, Submission};
use super::{MobileNetwork, SendError, Sent};

/// A message to send.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sending {
    /// The destination; international with `+`.
    pub to: String,
    /// The text.
    pub text: String,
    /// Octets in hexadecimal, instead of the text.
    pub data: Option<String>,
    /// Whether a status report is wanted.
    pub status_report: bool,
    /// TP-VP in relative format: seconds, rounded up to what it can say.
    pub validity: Option<u64>,
    /// TP-VP in enhanced format: seconds, 1 to 255.
    pub validity_enhanced: Option<u8>,
    /// TP-VP in absolute format: seconds after 1970-01-01T00:00:00Z.
    pub validity_absolute: Option<i64>,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-DCS, if not what the content needs.
    pub data_coding: Option<u8>,
    /// TP-RD.
    pub reject_duplicates: bool,
    /// TP-RP.
    pub reply_path: bool,
    /// TP-MR of the first segment, if not the phone's next.
    pub message_reference: Option<u8>,
}

/// An SMS-COMMAND to send.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commanding {
    /// TP-DA of the message that it is about.
    pub to: String,
    /// TP-CT: 0 enquiry, 1 cancel the status report, 2 delete, 3 enable the status report.
    pub command_type: u8,
    /// TP-MN: TP-MR of the message that it is about.
    pub message_number: u8,
    /// Whether a status report is wanted.
    #[serde(default)]
    pub status_report: bool,
}

/// Where to move a phone.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roaming {
    /// The MSC's global title; empty if only an SGSN serves it.
    pub msc: String,
    /// The SGSN's global title.
    #[serde(default)]
    pub sgsn: Option<String>,
}

/// How a node speaks MAP from now on.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeChange {
    /// The highest version, 1 to 3.
    pub map_version_max: u8,
    /// How it refuses a higher one.
    pub refusal: VersionRefusal,
}

impl Default for NodeChange {
    fn default() -> Self {
        Self { map_version_max: 3, refusal: VersionRefusal::default() }
    }
}

/// What became of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct SendResult {
    /// accepted, refused or failed.
    pub result: &'static str,
    /// Why it was refused or failed, in words: the MAP error if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The MAP error's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
    /// TP-FCS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tp_failure_cause: Option<u8>,
    /// TP-MR of every segment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub message_references: Vec<u8>,
    /// The version of MAP that was spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_version: Option<u8>,
}

#[derive(Serialize)]
struct NetworkState {
    associations: Vec<AssociationState>,
    nodes: Vec<NodeState>,
    counters: Counters,
}

#[derive(Serialize)]
struct NodeState {
    kind: NodeKind,
    global_title: String,
    map_version_max: u8,
    refusal: VersionRefusal,
    rules: Vec<Rule>,
}

type Refused = (StatusCode, String);

impl MobileNetwork {
    /// The network by HTTP, to be served or merged into another router.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/phones", get(phones))
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

    fn find(&self, number: &str) -> Result<Phone, Refused> {
        self.phone(number).ok_or_else(|| not_found("no phone has this number"))
    }
}

impl Sending {
    /// What it asks for, or what is wrong with it.
    fn submission(self) -> Result<Submission, Refused> {
        let validity = match (self.validity, self.validity_enhanced, self.validity_absolute) {
            (None, None, None) => None,
            (Some(seconds), None, None) => {
                Submission::default().valid_for(Duration::from_secs(seconds)).validity
            }
            (None, Some(seconds), None) => Some(Validity::Enhanced(EnhancedValidity::seconds(seconds))),
            (None, None, Some(moment)) => {
                let moment =
                    Timestamp::from_unix(moment, 0).map_err(|_| bad("validity_absolute has no form"))?;
                Some(Validity::Absolute(moment))
            }
            _ => return Err(bad("a message has one validity")),
        };
        let content = match self.data {
            None => Content::Text(self.text),
            Some(data) if self.text.is_empty() => {
                Content::Data(octets(&data).ok_or_else(|| bad("data is not hexadecimal"))?)
            }
            Some(_) => return Err(bad("a message has text or data")),
        };
        Ok(Submission {
            to: self.to,
            content,
            status_report: self.status_report,
            validity,
            protocol_identifier: self.protocol_id,
            data_coding: self.data_coding,
            reject_duplicates: self.reject_duplicates,
            reply_path: self.reply_path,
            message_reference: self.message_reference,
            ..Submission::default()
        })
    }
}

impl From<Result<Sent, SendError>> for SendResult {
    fn from(result: Result<Sent, SendError>) -> Self {
        match result {
            Ok(sent) => Self {
                result: "accepted",
                message_references: sent.message_references,
                map_version: Some(sent.map_version),
                ..Self::default()
            },
            Err(SendError::Refused { name, code, failure_cause }) => Self {
                result: "refused",
                error: Some(name.to_owned()),
                code: Some(code),
                tp_failure_cause: failure_cause,
                ..Self::default()
            },
            Err(error) => Self { result: "failed", error: Some(error.to_string()), ..Self::default() },
        }
    }
}

async fn phones(State(network): State<MobileNetwork>) -> Json<Vec<PhoneState>> {
    Json(network.phones().iter().filter_map(Phone::state).collect())
}

async fn phone(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
) -> Result<Json<PhoneState>, Refused> {
    network.find(&number)?.state().map(Json).ok_or_else(|| not_found("no phone has this number"))
}

async fn inbox(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
) -> Result<Json<Vec<Received>>, Refused> {
    Ok(Json(network.find(&number)?.inbox()))
}

async fn send(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(sending): Json<Sending>,
) -> Result<Json<SendResult>, Refused> {
    let phone = network.find(&number)?;
    Ok(Json(phone.submit(sending.submission()?).await.into()))
}

async fn command(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(asked): Json<Commanding>,
) -> Result<Json<SendResult>, Refused> {
    let order = Order {
        command_type: CommandType(asked.command_type),
        message_number: asked.message_number,
        to: asked.to,
        status_report: asked.status_report,
    };
    Ok(Json(network.find(&number)?.command(order).await.into()))
}

async fn act(
    State(network): State<MobileNetwork>,
    Path((number, action)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let phone = network.find(&number)?;
    match action.as_str() {
        "on" => phone.on(),
        "off" => phone.off(),
        "purge" => phone.purge(),
        "full" => phone.full(true),
        "empty" => phone.full(false),
        "busy" => phone.busy(true),
        "free" => phone.busy(false),
        "clear" => phone.clear_inbox(),
        _ => return Err(not_found("a phone does no such thing")),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn roam(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(roaming): Json<Roaming>,
) -> Result<StatusCode, Refused> {
    network.find(&number)?.roam(&roaming.msc, roaming.sgsn.as_deref());
    Ok(StatusCode::NO_CONTENT)
}

async fn add_rule(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
    Json(rule): Json<Rule>,
) -> Result<StatusCode, Refused> {
    network.find(&number)?.rule(rule);
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_rules(
    State(network): State<MobileNetwork>,
    Path(number): Path<String>,
) -> Result<StatusCode, Refused> {
    network.find(&number)?.clear_rules();
    Ok(StatusCode::NO_CONTENT)
}

async fn state(State(network): State<MobileNetwork>) -> Json<NetworkState> {
    let nodes = network.nodes().into_iter().map(|node| NodeState {
        kind: node.kind,
        global_title: node.global_title,
        map_version_max: node.map_version_max,
        refusal: node.refusal,
        rules: node.rules.as_slice().to_vec(),
    });
    Json(NetworkState {
        associations: network.associations(),
        nodes: nodes.collect(),
        counters: network.counters(),
    })
}

async fn kill(State(network): State<MobileNetwork>, Path(number): Path<u16>) -> Result<StatusCode, Refused> {
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
) -> Result<StatusCode, Refused> {
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
) -> Result<StatusCode, Refused> {
    node_changed(network.change_node(&global_title, |node| node.rules.add(rule)))
}

async fn clear_node_rules(
    State(network): State<MobileNetwork>,
    Path(global_title): Path<String>,
) -> Result<StatusCode, Refused> {
    node_changed(network.change_node(&global_title, |node| node.rules.clear()))
}

fn node_changed(changed: bool) -> Result<StatusCode, Refused> {
    if changed { Ok(StatusCode::NO_CONTENT) } else { Err(not_found("no node has this global title")) }
}

fn not_found(what: &str) -> Refused {
    (StatusCode::NOT_FOUND, what.to_owned())
}

fn bad(what: &str) -> Refused {
    (StatusCode::BAD_REQUEST, what.to_owned())
}

fn octets(hexadecimal: &str) -> Option<Vec<u8>> {
    if !hexadecimal.len().is_multiple_of(2) || !hexadecimal.is_ascii() {
        return None;
    }
    let pair = |at| u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok();
    (0..hexadecimal.len()).step_by(2).map(pair).collect()
}
