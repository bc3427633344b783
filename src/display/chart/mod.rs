//! What people chart by hand: values, examinations, therapies, facts known before the infusion.

mod examination;
mod measurement;
mod treatment;

pub use examination::{assessments, factors};
pub use measurement::observations;
pub use treatment::therapies;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};

use super::caller::Caller;
use super::form::Form;
use super::patients::{admitted, view_of};
use super::problem::Problem;
use super::state::Shared;
use crate::model::limits::FUTURE;
use crate::model::{Event, PatientId, Priority, Time};

/// Longest word, name or code.
const WORD: usize = 120;

type Answered = Result<Response, Problem>;

/// Who charts what for whom, and when.
pub struct Charting<'a> {
    state: &'a Shared,
    pub caller: &'a Caller,
    pub patient: PatientId,
    pub now: Time,
    action: &'static str,
    key: Option<String>,
}

impl<'a> Charting<'a> {
    pub async fn open(
        state: &'a Shared,
        caller: &'a Caller,
        name: &str,
        action: &'static str,
        headers: &HeaderMap,
    ) -> Result<Charting<'a>, Problem> {
        let patient = admitted(state, caller, name, action).await?;
        // The same key from the same account, sent again after a lost answer, has no second effect.
        let sent =
            headers.get("idempotency-key").and_then(|key| key.to_str().ok()).filter(|key| key.len() <= 128);
        let key = sent.map(|key| format!("http|{}|{action}|{patient}|{key}", caller.account.name));
        Ok(Charting { state, caller, patient, now: state.now(), action, key })
    }

    /// The instant of a row: as sent under one of the two names, else now; never in the future.
    pub fn at(&self, form: &Form<'_>) -> Result<Time, Problem> {
        let at = form.time("at")?;
        let at = if at.is_some() { at } else { form.time("measured_at")? };
        self.not_future(form, at.unwrap_or(self.now), "at")
    }

    fn not_future(&self, form: &Form<'_>, at: Time, field: &'static str) -> Result<Time, Problem> {
        if at > self.now + FUTURE {
            let name = form.name(field);
            let detail =
                format!("`{name}` lies in the future; the service's clock shows {}", self.now.rfc3339());
            return Err(Problem::field(name, detail));
        }
        Ok(at)
    }

    /// Records the events and answers with the patient as the fold then sees it.
    pub async fn record(self, body: &Bytes, events: Vec<Event>) -> Answered {
        let recorded = self.state.record(self.caller, self.key, body.to_vec(), events).await;
        let outcome = if recorded.is_ok() { "done" } else { "failed: not recorded" };
        self.state.note(self.caller, self.action, Some(self.patient.as_str()), None, outcome).await;
        let status = if recorded? { StatusCode::CREATED } else { StatusCode::ACCEPTED };
        let view = view_of(self.state, &self.patient).await?;
        Ok((status, Json(view.json(self.caller.identity(), Priority::Info))).into_response())
    }
}
