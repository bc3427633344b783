//! What could not be used: looked at, and tried again after a mapping was mended.

use axum::extract::{Extension, Path, Query, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::caller::Caller;
use super::patients::Asked;
use super::problem::Problem;
use super::state::Shared;
use super::view::time;
use crate::journal::{Error, Filter, QuarantineRow, QuarantineState, Reader};

/// Rows of one answer.
const MOST: usize = 500;
/// Characters of a raw message shown.
const RAW_MOST: usize = 20_000;

pub async fn list(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    state.caught_up().await;
    let row_state = match asked.get("state") {
        None => None,
        Some(word) => Some(QuarantineState::parse(word).ok_or_else(|| {
            let known = QuarantineState::ALL.map(QuarantineState::name).join(", ");
            Problem::field("state", format!("`state` is {word:?}; use one of {known}"))
        })?),
    };
    let filter = Filter {
        id: None,
        state: row_state,
        class: asked.get("class").cloned(),
        source: asked.get("source").cloned(),
        before: asked.get("before").and_then(|number| number.parse().ok()),
        limit: asked.get("limit").and_then(|number| number.parse().ok()).unwrap_or(100).min(MOST),
    };
    let rows = read(&state.reader, move |reader| reader.quarantine(&filter)).await?;
    state.note(&caller, "list quarantine", None, None, "done").await;
    let rows: Vec<Value> = rows.iter().map(row_json).collect();
    Ok(Json(json!({"quarantine": rows})))
}

/// One row with the message as it came. It may hold a person's name, so it is shown one at a time and leaves a line.
pub async fn one(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let row = find(&state, &id).await?;
    let wanted = id.clone();
    let raw = read(&state.reader, move |reader| reader.quarantined_raw(&wanted)).await?.unwrap_or_default();
    state.note(&caller, "read quarantine", row.patient.as_ref().map(|p| p.as_str()), Some(&id), "done").await;
    let mut json = row_json(&row);
    // HL7 ends its lines with a carriage return, which no browser shows.
    let text: String = String::from_utf8_lossy(&raw).replace('\r', "\n").chars().take(RAW_MOST).collect();
    json["raw"] = text.into();
    Ok(Json(json))
}

pub async fn retry(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let row = find(&state, &id).await?;
    let patient = row.patient.as_ref().map(|p| p.as_str());
    let tried = (state.retry)(id.clone()).await;
    let outcome = if tried.is_ok() { "done" } else { "failed" };
    state.note(&caller, "retry quarantine", patient, Some(&id), outcome).await;
    let retried = tried.map_err(Problem::conflict)?;
    let row = find(&state, &id).await?;
    let mut json = row_json(&row);
    json["used"] = retried.used.into();
    json["rejected"] = retried.rejected.into();
    Ok(Json(json))
}

async fn find(state: &Shared, id: &str) -> Result<QuarantineRow, Problem> {
    let filter = Filter { id: Some(id.to_owned()), limit: 1, ..Filter::default() };
    let rows = read(&state.reader, move |reader| reader.quarantine(&filter)).await?;
    rows.into_iter().next().ok_or_else(|| Problem::not_found("row in quarantine"))
}

/// The reader opens the file anew for each question, so it is asked off the event loop.
async fn read<T: Send + 'static>(
    reader: &Reader,
    question: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let reader = reader.clone();
    let answered = tokio::task::spawn_blocking(move || question(&reader)).await;
    Ok(answered.map_err(|_| Problem::unavailable("the journal could not be read; try again"))??)
}

fn row_json(row: &QuarantineRow) -> Value {
    json!({
        "id": row.id,
        "number": row.number,
        "received_at": time(row.accepted_at),
        "source": row.source,
        "via": row.via,
        "class": row.class,
        "reason": row.reason,
        "location": row.place,
        "patient": row.patient.as_ref().map(|id| id.as_str()),
        "state": row.state.name(),
        "bytes": row.bytes,
    })
}
