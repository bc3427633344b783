//! Questions about patients.

use std::collections::BTreeMap;

use axum::extract::{Extension, Path, Query, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::access::Identity;
use super::caller::Caller;
use super::problem::Problem;
use super::state::{Shared, State as Parts};
use super::view::series::{POINTS, POINTS_MOST, Point, Series, thin};
use super::view::{JsonText, PatientView, find, list_text, number_or_null, open_alerts_of, time};
use crate::engine::Engine;
use crate::engine::patient::Patient;
use crate::model::{Analyte, PatientId, Priority, Time};

/// Query parameters by name.
pub type Asked = BTreeMap<String, String>;

pub async fn list(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<JsonText, Problem> {
    state.caught_up().await;
    let ward = asked.get("ward").cloned();
    let (wards, key) = (caller.account.wards.clone(), *state.hub.key());
    let (views, now) = state
        .fold
        .ask(move |engine| {
            let wanted = |p: &&Patient| {
                p.admitted
                    && wards.hold(&p.location.ward)
                    && ward.as_ref().is_none_or(|ward| *ward == p.location.ward)
            };
            (views(engine, wanted, &key), engine.now())
        })
        .await?;
    let ward = asked.get("ward").map(String::as_str);
    state.note(&caller, "list patients", None, ward, "done").await;
    for view in &views {
        state.note(&caller, "see patient", Some(view.id.as_str()), ward, "done").await;
    }
    let level = caller.identity();
    let patients = list_text(views.iter().map(|view| view.text(level, Priority::Info)));
    Ok(JsonText(format!("{{\"patients\":{patients},\"now\":{}}}", time(now))))
}

/// Patients that `wanted` picks, ready to be written.
pub fn views(engine: &Engine, wanted: impl Fn(&&Patient) -> bool, key: &[u8; 32]) -> Vec<PatientView> {
    let mut alerts = open_alerts_of(engine, |_| true);
    let patients = engine.patients().filter(wanted);
    patients
        .map(|patient| {
            let own = alerts.remove(&patient.id).unwrap_or_default();
            PatientView::of(patient, &own, engine, key)
        })
        .collect()
}

/// One patient in full, as of now.
pub async fn view_of(state: &Parts, id: &PatientId) -> Result<PatientView, Problem> {
    let (id, key) = (id.clone(), *state.hub.key());
    let view = state.fold.ask(move |engine| {
        let patient = engine.patient(&id)?;
        let alerts = open_alerts_of(engine, |owner| *owner == patient.id);
        let own = alerts.get(&patient.id).map_or(&[][..], Vec::as_slice);
        Some(PatientView::of(patient, own, engine, &key))
    });
    view.await?.ok_or_else(|| Problem::not_found("patient"))
}

/// The identifier behind the name in a path, where that patient lies on the caller's wards. Everything else is "no such
/// patient", and leaves a line.
pub async fn admitted(
    state: &Parts,
    caller: &Caller,
    name: &str,
    action: &str,
) -> Result<PatientId, Problem> {
    state.caught_up().await;
    let (asked, key, wards) = (name.to_owned(), *state.hub.key(), caller.account.wards.clone());
    let level = caller.identity();
    let found = state
        .fold
        .ask(move |engine| {
            find(engine, &key, &asked, level).filter(|p| wards.hold(&p.location.ward)).map(|p| p.id.clone())
        })
        .await?;
    match found {
        Some(id) => Ok(id),
        None => {
            state.note(caller, action, Some(name), None, "refused: not on the wards").await;
            Err(Problem::not_found("patient"))
        }
    }
}

pub async fn one(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = admitted(&state, &caller, &name, "read patient").await?;
    let view = view_of(&state, &id).await?;
    let more = state.fold.ask(move |engine| engine.patient(&id).map(details)).await?;
    state.note(&caller, "read patient", Some(view.id.as_str()), None, "done").await;
    let mut patient = view.json(caller.identity(), Priority::Info);
    // Notes are what people type, and may name the patient.
    if let (Identity::P3, Value::Object(patient), Some(Value::Object(more))) =
        (caller.identity(), &mut patient, more)
    {
        patient.extend(more);
    }
    Ok(Json(patient))
}

/// What only the page of one patient shows.
fn details(patient: &Patient) -> Value {
    let scores: BTreeMap<&str, Value> =
        patient.scores.iter().map(|(name, score)| (*name, score.to_json())).collect();
    let factors = &patient.factors;
    let assessments: Vec<Value> = patient
        .assessments
        .iter()
        .rev()
        .take(20)
        .map(|found| {
            json!({
                "at": time(found.at), "by": found.by, "ice": found.ice,
                "ice_total": found.ice.and_then(|ice| ice.total()).or(found.ice_total),
                "not_testable": found.not_testable, "consciousness": found.consciousness,
                "seizure": found.seizure, "motor": found.motor, "edema": found.edema, "capd": found.capd,
                "acvpu": found.acvpu, "soft_sign": found.soft_sign, "charted": found.charted, "note": found.note,
            })
        })
        .collect();
    json!({
        "scores": scores,
        "assessments": assessments,
        "factors": {
            "age": factors.age, "product": factors.product, "disease_state": factors.disease_state,
            "bulky": factors.bulky, "prior_lines": factors.prior_lines, "ecog": factors.ecog,
            "lymphocytes_pre": number_or_null(factors.lymphocytes_pre), "easix_pre": number_or_null(factors.easix_pre),
            "ferritin_pre": number_or_null(factors.ferritin_pre), "crp_pre": number_or_null(factors.crp_pre),
            "spo2_scale": factors.spo2_scale, "immunosuppressed": factors.immunosuppressed,
            "organomegaly": factors.organomegaly, "hemophagocytosis": factors.hemophagocytosis,
            "tumor_lysis": factors.tumor_lysis, "kidney_injury": factors.kidney_injury,
        },
    })
}

pub async fn series(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let span = Stretch::read(&asked)?;
    let id = admitted(&state, &caller, &name, "read series").await?;
    let patient = id.clone();
    let (analyte, from, to) = (span.analyte, span.from, span.to);
    let found = state.fold.ask(move |engine| copy(engine, &id, analyte, from, to)).await?;
    let Some(mut series) = found else {
        let detail =
            format!("there is no analyte `{analyte}`; the analytes are listed in terminology/analytes.toml");
        return Err(Problem::field("analyte", detail));
    };
    state.note(&caller, "read series", Some(patient.as_str()), Some(analyte.as_str()), "done").await;
    series.points = thin(series.points, span.points);
    Ok(Json(series.json()))
}

/// Which part of which series is asked for.
struct Stretch {
    analyte: Analyte,
    from: Time,
    to: Time,
    points: usize,
}

impl Stretch {
    fn read(asked: &Asked) -> Result<Stretch, Problem> {
        let name = asked.get("analyte").map_or("", String::as_str);
        let analyte = Analyte::parse(name).ok_or_else(|| {
            Problem::field("analyte", "`analyte` is missing or not a name; write ?analyte=phosphate")
        })?;
        let points = match asked.get("points") {
            None => POINTS,
            Some(text) => text.parse().ok().filter(|n| (1..=POINTS_MOST).contains(n)).ok_or_else(|| {
                Problem::field("points", format!("`points` is a whole number from 1 to {POINTS_MOST}"))
            })?,
        };
        let from = instant(asked, "from")?.unwrap_or(Time(i64::MIN));
        let to = instant(asked, "to")?.unwrap_or(Time(i64::MAX));
        Ok(Stretch { analyte, from, to, points })
    }
}

/// A query parameter that is an instant.
pub fn instant(asked: &Asked, name: &'static str) -> Result<Option<Time>, Problem> {
    let Some(text) = asked.get(name) else { return Ok(None) };
    // In a query an unescaped `+` of an offset arrives as a space.
    Time::parse(&text.replace(' ', "+")).map(Some).ok_or_else(|| {
        let detail = format!("`{name}` is an instant with its offset, such as 2026-11-22T06:00:00Z");
        Problem::field(name, detail)
    })
}

/// `None` for an analyte the site does not know and the patient does not have.
fn copy(engine: &Engine, id: &PatientId, analyte: Analyte, from: Time, to: Time) -> Option<Series> {
    let settings = engine.settings(analyte);
    let patient = engine.patient(id);
    let window = patient.and_then(|patient| patient.window(analyte));
    if settings.is_none() && window.is_none() {
        return None;
    }
    let points: Vec<Point> = window
        .into_iter()
        .flat_map(|window| window.between(from, to))
        .map(|s| Point { at: s.at, value: s.value, bound: s.bound, status: s.status, source: s.source })
        .collect();
    let mut numbers: Vec<u16> = points.iter().map(|point| point.source).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let name = |number: u16| patient.map_or(String::new(), |p| p.name_of(number).to_owned());
    Some(Series {
        analyte: analyte.as_str().to_owned(),
        unit: settings.map(|settings| settings.unit.clone()).unwrap_or_default(),
        points,
        sources: numbers.into_iter().map(|number| (number, name(number))).collect(),
    })
}
