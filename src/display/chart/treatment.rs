//! What the patient receives.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;

use super::{Answered, Charting, WORD};
use crate::display::caller::Caller;
use crate::display::form::{Form, parse};
use crate::display::problem::Problem;
use crate::display::state::Shared;
use crate::model::{Event, OxygenDevice, Therapy, TherapyAction, TherapyKind};

pub async fn therapies(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let charting = Charting::open(&state, &caller, &name, "chart therapy", &headers).await?;
    let sent = parse(&body)?;
    let therapy = treated(&charting, Form::of(&sent)?)?;
    charting.record(&body, vec![Event::Therapy(therapy)]).await
}

fn treated(charting: &Charting<'_>, form: Form<'_>) -> Result<Therapy, Problem> {
    let kinds = TherapyKind::ALL.map(TherapyKind::name);
    let kind = form.word("kind", &kinds)?;
    let kind = form.needed("kind", kind, &format!("use one of {}", kinds.join(", ")))?;
    let kind = TherapyKind::parse(&kind).expect("the form admits only these words");
    let devices = OxygenDevice::ALL.map(OxygenDevice::name);
    let device = form.word("device", &devices)?.and_then(|name| OxygenDevice::parse(&name));
    let action = form.word("action", &["given", "started", "stopped", "withdrawn"])?;
    let action = match action.as_deref() {
        Some("given") => TherapyAction::Given,
        Some("started") => TherapyAction::Started,
        Some("stopped") => TherapyAction::Stopped,
        Some("withdrawn") => TherapyAction::Withdrawn,
        _ => usual_action(kind),
    };
    let at = charting.at(&form)?;
    let until = form.time("until")?;
    if until.is_some_and(|until| until < at) {
        return Err(Problem::field(form.name("until"), "`until` lies before `at`; correct one of them"));
    }
    let flow = form.number("flow")?;
    // High-flow oxygen ends at 80 L/min on the devices there are; more is a slip of the pen. [engineering]
    if flow.is_some_and(|flow| flow.0 < 0 || flow.0 > 100_000) {
        return Err(Problem::field(form.name("flow"), "`flow` is in litres a minute, 0 to 100"));
    }
    if kind == TherapyKind::Oxygen && device.is_none() && flow.is_none() && action == TherapyAction::Started {
        return Err(Problem::field(form.name("device"), "oxygen needs its `device`, or at least its `flow`"));
    }
    let therapy = Therapy {
        patient: charting.patient.clone(),
        kind,
        action,
        at,
        until,
        agent: form.text("agent", WORD)?.map(|agent| agent.to_lowercase()),
        product: form.text("product", WORD)?,
        device,
        flow,
        dose: dose(&form)?,
        airway_only: form.flag("airway_only")?.unwrap_or(false),
        source: charting.caller.account.name.clone(),
        order: form.text("order", WORD)?,
    };
    form.finish()?;
    Ok(therapy)
}

/// Text or a bare number.
fn dose(form: &Form<'_>) -> Result<Option<String>, Problem> {
    match form.text("dose", WORD) {
        Ok(dose) => Ok(dose),
        Err(_) => form.written_number("dose"),
    }
}

/// What is meant where only the kind is said: oxygen and vasopressors run, the rest is given.
fn usual_action(kind: TherapyKind) -> TherapyAction {
    match kind {
        TherapyKind::Oxygen | TherapyKind::Vasopressor => TherapyAction::Started,
        TherapyKind::Infusion
        | TherapyKind::Antipyretic
        | TherapyKind::Tocilizumab
        | TherapyKind::Anticytokine
        | TherapyKind::Steroid
        | TherapyKind::Phosphate
        | TherapyKind::Fluid
        | TherapyKind::Transfusion
        | TherapyKind::Other => TherapyAction::Given,
    }
}
