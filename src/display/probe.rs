//! What machines ask: is it alive, is it ready, how does it do, what can it do.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use super::state::Shared;

/// Entries the fold may be behind and still count as caught up. [engineering]
const BEHIND: u64 = 1000;
/// A commit that takes longer than this is a disk that hangs. [engineering]
const HANGS_MS: u64 = 5_000;

/// The description of the interface; a test compares it with the table of addresses.
pub const OPENAPI: &str = include_str!("openapi.json");

pub async fn healthz() -> &'static str {
    "alive\n"
}

/// 503 with reasons while a sender's message could not be kept or would not be acted upon.
pub async fn readyz(State(state): State<Shared>) -> Response {
    let health = state.journal.health();
    let folded = state.hub.folded();
    let mut reasons = Vec::new();
    if !health.writable {
        reasons.push(format!("journal: {}", health.reason.as_deref().unwrap_or("not writable")));
    }
    if health.committing_ms > HANGS_MS {
        reasons.push(format!("journal: a commit takes {} ms so far; the disk hangs", health.committing_ms));
    }
    if state.fold.ask(|_| ()).await.is_err() {
        reasons.push("fold: stopped; restart the service".to_owned());
    } else if health.last_seq > folded + BEHIND {
        reasons.push(format!("fold: {} entries behind", health.last_seq - folded));
    }
    if *state.stopping.borrow() {
        reasons.push("the service is stopping".to_owned());
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": reasons.is_empty(),
        "reasons": reasons,
        "journal": {"seq": health.last_seq, "queue": health.queue, "last_commit_ms": health.last_commit_ms},
        "fold": {"seq": folded},
    });
    (status, Json(body)).into_response()
}

pub async fn metrics(State(state): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.text())
        .into_response()
}

pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
