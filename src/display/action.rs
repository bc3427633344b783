//! What people do with alerts. It goes in through the journal like a laboratory result, so a replay includes it.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::alerts::seen;
use super::caller::Caller;
use super::form::{Form, parse};
use super::problem::Problem;
use super::state::{Shared, State as Parts};
use super::view::AlertView;
use crate::engine::Engine;
use crate::model::event::Rating;
use crate::model::{Action, ActionKind, Alert, AlertId, AlertState, Event};

/// Longest comment or reason, in characters.
const COMMENT: usize = 500;
/// Longest suppression, in minutes: a day, because the next round must look again. [engineering]
const SHELVE_MOST: u32 = 24 * 60;

type Answered = Result<Response, Problem>;

pub async fn acknowledge(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let comment = form.text("comment", COMMENT)?.unwrap_or_default();
    form.finish()?;
    answer(perform(&state, &caller, &id, ActionKind::Acknowledge { comment }, &body).await?)
}

pub async fn shelve(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let minutes = form.whole("minutes", 1, SHELVE_MOST)?;
    let minutes = form.needed("minutes", minutes, "say for how long, at most 1440 (a day)")?;
    let reason = form.text("reason", COMMENT)?;
    let reason = form.needed("reason", reason, "say why, others will ask")?;
    form.finish()?;
    answer(perform(&state, &caller, &id, ActionKind::Shelve { minutes, reason }, &body).await?)
}

pub async fn unshelve(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    Form::of(&parse(&body)?)?.finish()?;
    answer(perform(&state, &caller, &id, ActionKind::Unshelve, &body).await?)
}

pub async fn rate(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let words = Rating::ALL.map(Rating::name);
    let verdict = form.word("verdict", &words)?;
    let verdict = form.needed("verdict", verdict, &format!("use one of {}", words.join(", ")))?;
    form.finish()?;
    let rating = Rating::parse(&verdict).expect("the form admits only these words");
    answer(perform(&state, &caller, &id, ActionKind::Rate { rating }, &body).await?)
}

pub async fn undo(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    Form::of(&parse(&body)?)?.finish()?;
    answer(perform(&state, &caller, &id, ActionKind::Undo, &body).await?)
}

pub async fn close(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let comment = form.text("comment", COMMENT)?.unwrap_or_default();
    form.finish()?;
    answer(perform(&state, &caller, &id, ActionKind::Close { comment }, &body).await?)
}

/// What became of an action.
pub struct Done {
    /// The alert after it.
    pub alert: Value,
    /// `false`: durable, and the fold is behind; the alert shows it in a moment.
    pub applied: bool,
}

fn answer(done: Done) -> Answered {
    if done.applied {
        return Ok(Json(done.alert).into_response());
    }
    let body = json!({"accepted": true, "detail": "recorded; it shows in a moment", "alert": done.alert});
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Records an action on an alert that the caller may see, after checking that its state still allows it.
pub async fn perform(
    state: &Parts,
    caller: &Caller,
    id: &str,
    kind: ActionKind,
    body: &[u8],
) -> Result<Done, Problem> {
    let doing = name(&kind);
    let wanted = kind.clone();
    let (actor, now) = (caller.actor(), state.now());
    let look = move |alert: &Alert, engine: &Engine| {
        let possible = possible(&wanted, alert.state).and_then(|()| match wanted {
            ActionKind::Undo if !engine.may_take_back(&alert.id, &actor, now) => Err(Problem::conflict(
                "there is nothing of yours to take back: the last action was another person's, or is more than ten \
                 seconds ago",
            )),
            _ => Ok(()),
        });
        (possible, alert.patient.clone())
    };
    let (possible, patient) = seen(state, caller, id, doing, look).await?;
    let patient = patient.as_ref().map(|id| id.as_str());
    if let Err(problem) = possible {
        state.note(caller, doing, patient, Some(id), "refused: state").await;
        return Err(problem);
    }
    let action = Action { alert: AlertId(id.into()), by: caller.actor(), kind };
    let applied = state.record(caller, None, body.to_vec(), vec![Event::Acted(action)]).await;
    let outcome = if applied.is_ok() { "done" } else { "failed: not recorded" };
    state.note(caller, doing, patient, Some(id), outcome).await;
    let applied = applied?;
    let (key, level) = (*state.hub.key(), caller.identity());
    let look = move |alert: &Alert, engine: &_| AlertView::of(alert, engine, &key).json(level);
    Ok(Done { alert: seen(state, caller, id, doing, look).await?, applied })
}

fn name(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::Acknowledge { .. } => "acknowledge alert",
        ActionKind::Shelve { .. } => "shelve alert",
        ActionKind::Unshelve => "unshelve alert",
        ActionKind::OutOfService { .. } => "take rule out of service",
        ActionKind::BackInService => "put rule back in service",
        ActionKind::Rate { .. } => "rate alert",
        ActionKind::Undo => "undo action on alert",
        ActionKind::Close { .. } => "close alert",
    }
}

/// The fold passes over an action that no longer fits; the person should hear why.
fn possible(kind: &ActionKind, state: AlertState) -> Result<(), Problem> {
    let is_over = matches!(state, AlertState::Closed | AlertState::Pending);
    let is_hidden = matches!(state, AlertState::Shelved | AlertState::OutOfService);
    let fits = match kind {
        ActionKind::Acknowledge { .. } => !is_over && !is_hidden,
        ActionKind::Shelve { .. } | ActionKind::OutOfService { .. } | ActionKind::Close { .. } => !is_over,
        ActionKind::Unshelve | ActionKind::BackInService => is_hidden,
        ActionKind::Rate { .. } | ActionKind::Undo => true,
    };
    if fits {
        return Ok(());
    }
    Err(Problem::conflict(format!("the alert is {}; look at it again before you go on", state.name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_that_no_longer_fits_is_refused_with_the_state() {
        let acknowledge = ActionKind::Acknowledge { comment: String::new() };
        assert!(possible(&acknowledge, AlertState::Active).is_ok());
        assert!(possible(&acknowledge, AlertState::Returned).is_ok());
        let refused = possible(&acknowledge, AlertState::Closed).expect_err("over");
        assert!(refused.detail.contains("closed"), "{}", refused.detail);
        assert!(possible(&ActionKind::Unshelve, AlertState::Active).is_err());
        assert!(possible(&ActionKind::Unshelve, AlertState::Shelved).is_ok());
        assert!(possible(&ActionKind::Rate { rating: Rating::Known }, AlertState::Closed).is_ok());
    }
}
