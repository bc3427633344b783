//! Questions about alerts.

use axum::extract::{Extension, Path, Query, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::caller::Caller;
use super::patients::{Asked, instant};
use super::problem::Problem;
use super::state::{Shared, State as Parts};
use super::view::{AlertView, JsonText, find, list_text};
use crate::engine::Engine;
use crate::engine::rule::Rule;
use crate::model::{Alert, AlertId, AlertState};

/// Alerts of one answer.
const MOST: usize = 1000;

/// What a list is narrowed to.
struct Choice {
    ward: Option<String>,
    patient: Option<String>,
    /// `open` is every state but pending and closed.
    open: bool,
    state: Option<AlertState>,
    from: Option<crate::model::Time>,
}

impl Choice {
    fn read(asked: &Asked) -> Result<Choice, Problem> {
        let word = asked.get("state").map(String::as_str);
        let state = match word {
            None | Some("open") => None,
            Some(word) => Some(AlertState::parse(word).ok_or_else(|| {
                let known = "open, pending, active, acknowledged, returned, closed, shelved, out_of_service";
                Problem::field("state", format!("`state` is {word:?}; use one of {known}"))
            })?),
        };
        Ok(Choice {
            ward: asked.get("ward").cloned(),
            patient: asked.get("patient").cloned(),
            open: word == Some("open"),
            state,
            from: instant(asked, "from")?,
        })
    }

    fn admits(&self, alert: &Alert) -> bool {
        let state_fits = match self.state {
            Some(state) => alert.state == state,
            None if self.open => alert.is_open(),
            // A pending alert is nobody's business yet, unless it is asked for.
            None => alert.state != AlertState::Pending,
        };
        state_fits
            && !alert.shadow
            && self.ward.as_ref().is_none_or(|ward| *ward == alert.location.ward)
            && self.from.is_none_or(|from| alert.raised_at >= from)
    }
}

/// Newest first.
pub async fn list(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<JsonText, Problem> {
    state.caught_up().await;
    let choice = Choice::read(&asked)?;
    let (key, looker, level) = (*state.hub.key(), caller.clone(), caller.identity());
    let views = state
        .fold
        .ask(move |engine| {
            let named =
                choice.patient.as_ref().map(|name| find(engine, &key, name, level).map(|p| p.id.clone()));
            let of_patient = |alert: &Alert| match &named {
                None => true,
                Some(id) => id.is_some() && alert.patient == *id,
            };
            let wanted = |alert: &&Alert| choice.admits(alert) && looker.sees(alert) && of_patient(alert);
            let mut found: Vec<&Alert> = engine.alerts().filter(wanted).collect();
            found.sort_by(|a, b| b.raised_at.cmp(&a.raised_at).then_with(|| b.id.cmp(&a.id)));
            found.into_iter().take(MOST).map(|alert| AlertView::of(alert, engine, &key)).collect::<Vec<_>>()
        })
        .await?;
    state.note(&caller, "list alerts", asked.get("patient").map(String::as_str), None, "done").await;
    let alerts = list_text(views.iter().map(|view| view.text(level)));
    Ok(JsonText(format!("{{\"alerts\":{alerts}}}")))
}

/// What `look` makes of an alert that the caller may see; everything else is "no such alert", and leaves a line.
pub async fn seen<T: Send + 'static>(
    state: &Parts,
    caller: &Caller,
    id: &str,
    action: &str,
    look: impl FnOnce(&Alert, &Engine) -> T + Send + 'static,
) -> Result<T, Problem> {
    state.caught_up().await;
    let (wanted, looker) = (AlertId(id.into()), caller.clone());
    let found = state
        .fold
        .ask(move |engine| {
            engine.alert(&wanted).filter(|alert| looker.sees(alert)).map(|alert| look(alert, engine))
        })
        .await?;
    match found {
        Some(found) => Ok(found),
        None => {
            state.note(caller, action, None, Some(id), "refused: not on the wards").await;
            Err(Problem::not_found("alert"))
        }
    }
}

pub async fn one(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (key, level) = (*state.hub.key(), caller.identity());
    let look = move |alert: &Alert, engine: &Engine| {
        (AlertView::of(alert, engine, &key).json_with_history(level, alert), alert.patient.clone())
    };
    let (json, patient) = seen(&state, &caller, &id, "read alert", look).await?;
    state.note(&caller, "read alert", patient.as_ref().map(|p| p.as_str()), Some(&id), "done").await;
    Ok(Json(json))
}

/// Why the alert exists: its evidence, the rule's own words and grounds, what was missing, and each cause of each
/// transition with the journal entry behind it.
pub async fn explanation(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (key, level) = (*state.hub.key(), caller.identity());
    let look = move |alert: &Alert, engine: &Engine| {
        let view = AlertView::of(alert, engine, &key).json_with_history(level, alert);
        let rules = engine.rules();
        let rule = rules.get(&alert.rule).map(rule_json);
        // A running alert keeps the rules it was raised under; the words shown are those of today.
        let is_current = *rules.hash == *alert.rule_version;
        let json = json!({"alert": view, "rule": rule, "rule_is_current": is_current, "seq": engine.seq()});
        (json, alert.patient.clone())
    };
    let (json, patient) = seen(&state, &caller, &id, "read explanation", look).await?;
    state.note(&caller, "read explanation", patient.as_ref().map(|p| p.as_str()), Some(&id), "done").await;
    Ok(Json(json))
}

/// A rule as its page shows it.
pub fn rule_json(rule: &Rule) -> Value {
    json!({
        "id": &*rule.id,
        "title": {"en": &*rule.title_en, "ja": &*rule.title_ja},
        "instruction": {"en": &*rule.instruction_en, "ja": &*rule.instruction_ja},
        "when": rule.when.text(),
        "until": rule.until.as_ref().map(|until| until.text()),
        "for": (rule.hold.0 > 0).then(|| rule.hold.to_string()),
        "worsens": rule.worsens.as_ref().map(|worsens| worsens.text()),
        "priority": rule.priority.name(),
        "kind": rule.kind.name(),
        "escalate": rule.escalate.as_deref(),
        "inhibits": rule.inhibits.iter().map(|id| &**id).collect::<Vec<_>>(),
        "latch": rule.latch,
        "shadow": rule.shadow,
        "source": &*rule.source,
        "evidence": rule.grounds.name(),
        "rationale": {
            "cause": &*rule.rationale.cause,
            "consequence": &*rule.rationale.consequence,
            "response": &*rule.rationale.response,
            "time_to_respond": rule.rationale.time_to_respond.to_string(),
        },
        "file": &*rule.file,
    })
}
