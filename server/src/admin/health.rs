//! Health and metrics of a process without the platform; with it, the platform's router has them.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::Metrics;

/// `/health/live`, `/health/ready` and `/metrics`.
pub fn router(metrics: Metrics) -> Router {
    let ready_metrics = metrics.clone();
    Router::new()
        .route("/health/live", get(|| async { Json(json!({ "status": "live" })) }))
        .route(
            "/health/ready",
            get(move || async move {
                match ready_metrics.ready() {
                    Ok(()) => Json(json!({ "status": "ready" })).into_response(),
                    Err(reason) => {
                        let body = Json(json!({ "status": "not ready", "reason": reason }));
                        (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
                    }
                }
            }),
        )
        .route(
            "/metrics",
            get(move || async move {
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.text())
            }),
        )
}
