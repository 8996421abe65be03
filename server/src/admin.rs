//! The operator's door: what the command line asks a running process.
//!
//! It stands on the HTTP listener under `/admin/v1`, behind a token that only this
//! machine's operator can read (`admin.json` in the data directory).

mod health;
mod login;
mod lookup;
mod messages;
pub mod metrics;
mod trace;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use health::router as health;
pub use metrics::Metrics;
pub use trace::Line;

use crate::clock;
use node::centre::ServiceCentre;
use node::webhook_trace::WebhookTrace;
use smsc::ports::{Store, StoreAdmin};

/// Where a running process can be asked, and with which token.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AdminDoor {
    /// `http://HOST:PORT`.
    pub base_url: String,
    /// The bearer token.
    pub token: String,
}

impl AdminDoor {
    /// A door with a fresh token.
    pub fn new(base_url: String) -> Self {
        Self { base_url, token: clock::random_text(32) }
    }

    /// Where the door of the process that uses `data_dir` is written down.
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("admin.json")
    }

    /// Writes the door down for this machine's operator alone.
    pub fn publish(&self, data_dir: &Path) -> std::io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let path = Self::path(data_dir);
        let _no_old_one = std::fs::remove_file(&path);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(serde_json::to_string(self)?.as_bytes())
    }

    /// Takes the door down when the process stops.
    pub fn withdraw(data_dir: &Path) {
        let _none_published = std::fs::remove_file(Self::path(data_dir));
    }

    /// Reads the door of a running process.
    pub fn read(data_dir: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_str(&std::fs::read_to_string(Self::path(data_dir))?)?)
    }
}

/// What the operator may ask.
#[derive(Clone)]
pub struct Admin {
    /// The centre.
    pub centre: ServiceCentre,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Its audit.
    pub store_admin: Arc<dyn StoreAdmin>,
    /// What is counted.
    pub metrics: Metrics,
    /// SIDs of the platform's accounts, by which a trace may be requested.
    pub accounts: Vec<String>,
    /// The SIDs of messages that came in lately.
    pub webhook_trace: Option<WebhookTrace>,
}

/// The operator's routes.
pub fn router(admin: Admin, token: &str) -> Router {
    let login = Arc::new(login::Login::new(token));
    Router::new()
        .route("/admin/v1/messages", get(messages::find).post(messages::send))
        .route("/admin/v1/messages/{id}", get(messages::trace).delete(messages::cancel))
        .route("/admin/v1/status", get(status))
        .route("/admin/v1/lookups", post(lookup::look_up))
        .route("/admin/v1/audit", post(audit))
        .with_state(Arc::new(admin))
        .layer(middleware::from_fn_with_state(login, login::authorise))
}

async fn status(State(admin): State<Arc<Admin>>) -> Json<Value> {
    Json(admin.metrics.status())
}

async fn audit(State(admin): State<Arc<Admin>>) -> Response {
    match admin.store_admin.audit().await {
        Ok(audit) => Json(audit_report(&audit)).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// An audit as the command line prints it.
pub fn audit_report(audit: &smsc::stored::Audit) -> Value {
    json!({
        "holds": audit.holds,
        "accepted": audit.accepted,
        "ended": audit.ended,
        "waiting": audit.waiting,
        "lost": audit.lost,
        "undead": audit.undead,
        "orphans": audit.orphans,
        "doubles": audit.doubles,
        "damaged": audit.damaged,
        "damaged_ids": audit.damaged_ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}
