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
use crate::terminology::Terminology;

pub async fn therapies(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let charting = Charting::open(&state, &caller, &name, "chart therapy", &headers).await?;
    let sent = parse(&body)?;
    let therapy = treated(&charting, &(state.terminology)(), Form::of(&sent)?)?;
    charting.record(&body, vec![Event::Therapy(therapy)]).await
}

fn treated(charting: &Charting<'_>, terminology: &Terminology, form: Form<'_>) -> Result<Therapy, Problem> {
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
    let (agent, product) = drug(&form, terminology, kind)?;
    let therapy = Therapy {
        patient: charting.patient.clone(),
        kind,
        action,
        at,
        until,
        agent,
        product,
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

/// Agent and product under the names that grades and scores know, as they are read from messages: a count of vasopressors
/// must not depend on who wrote their names. A name that no row of `terminology/drugs.toml` knows stays as it was written.
fn drug(
    form: &Form<'_>,
    terminology: &Terminology,
    kind: TherapyKind,
) -> Result<(Option<String>, Option<String>), Problem> {
    let known = |field: &'static str, written: &str| {
        let found = terminology.drug_named(written).map_err(|several| {
            Problem::field(form.name(field), format!("`{written}` names {several}; chart each by itself"))
        })?;
        if let Some(drug) = found.as_ref().filter(|drug| drug.kind != kind) {
            let (is, not) = (drug.kind.name(), kind.name());
            let remedy =
                format!("`{written}` is charted under the kind `{is}`, not `{not}`; correct one of them");
            return Err(Problem::field(form.name(field), &remedy));
        }
        Ok(found)
    };
    let (mut agent, mut product) = (None, None);
    if let Some(written) = form.text("agent", WORD)? {
        let found = known("agent", &written)?;
        product = found.as_ref().and_then(|drug| drug.product.clone());
        agent = found.and_then(|drug| drug.agent).or_else(|| Some(written.to_lowercase()));
    }
    if let Some(written) = form.text("product", WORD)? {
        let found = known("product", &written)?;
        product = found.and_then(|drug| drug.product).or_else(|| Some(written.to_lowercase()));
    }
    Ok((agent, product))
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
