//! A value measured at the bedside, by analyte or by code.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;

use super::{Answered, Charting, WORD};
use crate::display::caller::Caller;
use crate::display::form::{Form, parse};
use crate::display::problem::Problem;
use crate::display::state::Shared;
use crate::model::{
    Analyte, Coding, Event, Observation, Quality, RawValue, Reading, ReadingTime, Status, Time,
};
use crate::terminology::{Meaning, Terminology};

/// Rows of one request.
const ROWS: usize = 100;

/// One value, or several under `observations`.
pub async fn observations(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let charting = Charting::open(&state, &caller, &name, "chart observation", &headers).await?;
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let terminology = (state.terminology)();
    let rows = match form.list("observations", ROWS)? {
        Some(rows) => {
            form.finish()?;
            rows
        }
        None => vec![form],
    };
    let events: Vec<Event> =
        rows.into_iter().map(|row| observed(&charting, row, &terminology)).collect::<Result<_, _>>()?;
    charting.record(&body, events).await
}

/// A value by `analyte` and unit, or by `code` and `system` as a device would send it.
fn observed(charting: &Charting<'_>, form: Form<'_>, terminology: &Terminology) -> Result<Event, Problem> {
    let at = charting.at(&form)?;
    let value = form.written_number("value")?;
    let value = form.needed("value", value, "write what was measured, such as 38.4")?;
    let unit = form.text("unit", WORD)?.unwrap_or_default();
    let analyte = form.text("analyte", WORD)?;
    let code = form.text("code", WORD)?;
    let system = form.text("system", WORD)?.unwrap_or_default();
    let device = form.text("device", WORD)?;
    let place = form.name("value");
    form.finish()?;
    let named = |field: &str, detail: String| Problem::field(place.replace("value", field), detail);
    match (analyte, code) {
        (Some(analyte), None) => {
            let known = Analyte::parse(&analyte).filter(|name| terminology.settings(*name).is_some());
            let Some(analyte) = known else {
                let detail =
                    format!("`{analyte}` is not an analyte of this site; see terminology/analytes.toml");
                return Err(named("analyte", detail));
            };
            by_name(charting, terminology, analyte, &value, &unit, at, device)
                .map_err(|(field, reason)| named(field, reason))
        }
        (None, Some(code)) => {
            let coding = Coding { code, name: String::new(), system };
            by_code(charting, terminology, coding, value, unit, at, device)
                .map_err(|(field, reason)| named(field, reason))
        }
        _ => Err(named("analyte", "send either `analyte` or `code` with its `system`".into())),
    }
}

/// The field that cannot be used, and why.
type Unusable = (&'static str, String);

fn by_name(
    charting: &Charting<'_>,
    terminology: &Terminology,
    analyte: Analyte,
    value: &str,
    unit: &str,
    at: Time,
    device: Option<String>,
) -> Result<Event, Unusable> {
    let settings = terminology.settings(analyte);
    // A unit is never guessed, except that the site's own is what its own pages mean.
    let own = settings.map_or("", |settings| settings.unit.as_str());
    let unit = if unit.is_empty() { own } else { unit };
    let quantity = terminology
        .convert(analyte, value, unit)
        .map_err(|refused| (field_of(refused.class), refused.reason))?;
    let outside = |limit: Option<crate::model::Value>, below: bool| {
        limit.is_some_and(|limit| if below { quantity.value < limit } else { quantity.value > limit })
    };
    let implausible = settings.is_some_and(|s| outside(s.soft_min, true) || outside(s.soft_max, false));
    Ok(Event::Observed(Observation {
        patient: charting.patient.clone(),
        analyte,
        quantity: Some(quantity),
        measured_at: at,
        source: charting.caller.account.name.clone(),
        code: format!("{analyte}^charted"),
        status: Status::Final,
        quality: Quality { implausible, ..Quality::default() },
        order: None,
        device,
        original: format!("{value} {unit}"),
    }))
}

fn by_code(
    charting: &Charting<'_>,
    terminology: &Terminology,
    coding: Coding,
    value: String,
    unit: String,
    at: Time,
    device: Option<String>,
) -> Result<Event, Unusable> {
    let reading = Reading {
        place: "value".into(),
        codings: vec![coding],
        sub_id: String::new(),
        value: RawValue::Number(value),
        units: vec![unit].into_iter().filter(|unit| !unit.is_empty()).collect(),
        status: Status::Final,
        measured_at: Some(ReadingTime { at, date_only: false, ambiguous: false }),
        issued_at: None,
        specimen: None,
        order: None,
        device,
        notes: Vec::new(),
    };
    let by = &charting.caller.account.name;
    match terminology.observe(&reading, &charting.patient, by, charting.now) {
        Ok(Meaning::Observation(seen)) => Ok(Event::Observed(seen)),
        Ok(_) => {
            Err(("code", "that code is not a measured value; chart it as a therapy or an assessment".into()))
        }
        Err(refused) => Err((field_of(refused.class), refused.reason)),
    }
}

/// Which field a class of refusal is about.
fn field_of(class: &str) -> &'static str {
    match class {
        "unknown-unit" | "conflicting-units" => "unit",
        "unknown-code" | "refused-code" | "conflicting-codes" => "code",
        "no-time" | "future-time" => "at",
        _ => "value",
    }
}
